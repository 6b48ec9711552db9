"""The steps of a check_drift job: what to score, one shard of it, the report; and, on a schedule, asking for such a job."""

from typing import Any

from avocet.domain.drift_report import notice_of
from avocet.domain.jobs import BY_SCHEDULE, JobKind, by_schedule
from avocet.http.drift_wiring import check
from avocet.http.learning_wiring import jobs
from avocet.http.refresh_wiring import beat_of, run_of
from avocet.observability import follow, log
from avocet.usecases.check_drift import CheckPlan


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the state machine, or the schedule."""
    if event["step"] == "ask":
        # Nobody asked: what this process followed before is another's.
        follow(None)
        return {"job_id": jobs().request(by_schedule(JobKind.CHECK_DRIFT, event["event_id"])).job_id}
    run = run_of(event)
    if event["step"] == "plan":
        plan = check().plan(beat_of(run))
        return {
            "model_version": plan.model_version,
            "snapshot_id": plan.snapshot_id,
            "shards": list(plan.shards),
            "photos": plan.photos,
            "work": len(plan.shards),
        }
    if event["step"] == "score":
        photos = check().score(event["model_version"], event["snapshot_id"], event["shard"], beat_of(run))
        return {"photos": photos}
    return _report(event)


def _report(event: dict[str, Any]) -> dict[str, Any]:
    run, values = run_of(event), event["plan"]
    plan = CheckPlan(values["model_version"], values["snapshot_id"], tuple(values["shards"]), values["photos"])
    report, is_news = check().report(run.job_id, run.fence, plan)
    log(
        "drift_checked",
        state=report.state,
        model_version=report.model_version,
        new_photos=report.new_photos,
        metrics={"DriftingSpecies": len(report.drifting)},
    )
    result = {
        "report_id": report.report_id,
        "state": report.state.value,
        "summary": report.sentence.en,
        "summary_fr": report.sentence.fr,
        "new_photos": str(report.new_photos),
        "scored": str(report.newly_scored),
    }
    asked_by = jobs().find(run.job_id).requested_by
    # People who asked get an answer; a schedule that finds everything as it was tells nobody every day.
    is_quiet = asked_by == BY_SCHEDULE and not is_news
    jobs().close(run.job_id, run.fence, result=result, notice=notice_of(report), is_quiet=is_quiet)
    return {"result": result}
