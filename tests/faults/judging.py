"""Campaigns of what reads the dataset: a model is evaluated on it, it is folded, verified, and what serves is checked."""

import hashlib
import uuid
from functools import partial

from avocet.domain.dataset import Split
from avocet.domain.jobs import JobKind, JobState, by_schedule
from avocet.http import learning_wiring, training_wiring
from avocet.usecases.check_drift import DRIFT, REPORTS
from avocet.usecases.evaluation_store import EVALUATIONS
from avocet.usecases.snapshot_store import SnapshotStore, folded_key
from tests.faults import collection, office
from tests.faults.clouds import MODEL, Campaigns, Cloud, Harm, Trial


def _evaluated(here: Cloud) -> Trial:
    office.clear_desk(here)
    collection.small(here).make_current()
    _purge_evaluations()
    job = office.asked_for(JobKind.EVALUATE, split="test")
    if "evaluation" not in here.kept:
        # What comes of it when nothing goes wrong.
        assert _evaluate(here, office.step_of(job)) == _PHOTOS_TO_TEST
        here.kept["evaluation"] = _evaluations()
        _purge_evaluations()

    def ask() -> office.Answer:
        return office.answered(lambda: _evaluate(here, office.step_of(job)) == _PHOTOS_TO_TEST)

    def harm() -> Harm:
        expected, found = here.kept["evaluation"], _evaluations()
        return Harm(
            lost=sum(found.get(key) != data for key, data in expected.items()),
            doubled=len(found.keys() - expected.keys()),
        )

    return Trial(ask, harm)


# Three species, two test photos of each.
_PHOTOS_TO_TEST = "6"


def _evaluate(here: Cloud, step: dict[str, object]) -> str:
    """Take the steps as their machine does; return how many photos the evaluation is about."""
    examined = here.call("evaluate", {**step, "step": "plan", "parameters": {"split": "test"}})
    shards = examined.pop("shards")
    for shard in shards:
        here.call("evaluate", {**step, **examined, "step": "score", "shard": shard})
    result = here.call("evaluate", {**step, **examined, "step": "merge"})["result"]
    return str(result["photos"])


def _evaluations() -> dict[str, str]:
    objects = training_wiring.models_objects()
    found = {key: objects.get(key) or b"" for key in objects.keys(f"{EVALUATIONS}{MODEL}/")}
    return {key: hashlib.sha256(data).hexdigest() for key, data in found.items()}


def _purge_evaluations() -> None:
    objects = training_wiring.models_objects()
    for key in list(objects.keys(f"{EVALUATIONS}{MODEL}/")):
        objects.purge(key)


def _compacted(here: Cloud) -> Trial:
    office.clear_desk(here)
    dataset = collection.long(here)
    dataset.make_current()
    job = office.asked_for(JobKind.REFRESH)
    store = SnapshotStore(learning_wiring.clean_objects())
    for manifest in store.chain(dataset.snapshot_id):
        store.objects.purge(folded_key(manifest.snapshot_id))
    before = _everything(here)

    def ask() -> office.Answer:
        with collection.folded_often():
            here.call("compact_dataset", office.step_of(job))
        return office.DONE

    def harm() -> Harm:
        after = _everything(here)
        folds = [each.snapshot_id for each in store.chain(dataset.snapshot_id) if store.fold_of(each.snapshot_id)]
        with collection.folded_often():
            read, findings = store.read(dataset.snapshot_id), collection.findings()
        return Harm(
            # Through the fold or past it, the photos are the same, and verifying finds nothing.
            lost=sum(after.get(key) != data for key, data in before.items())
            + len(dataset.snapshot.rows.keys() ^ read.rows.keys())
            + len(findings)
            + int(not folds),
            doubled=len(after.keys() - before.keys() - {folded_key(each) for each in folds}) + max(0, len(folds) - 1),
        )

    return Trial(ask, harm)


def _verified(here: Cloud) -> Trial:
    office.clear_desk(here)
    dataset = collection.small(here)
    dataset.make_current()
    job = office.asked_for(JobKind.VERIFY)
    before = _everything(here)
    sound = {"result": {"snapshot_id": dataset.snapshot_id, "photos": str(len(dataset.snapshot.rows))}}

    def ask() -> office.Answer:
        return office.answered(lambda: here.call("verify_dataset", office.step_of(job)) == sound)

    return Trial(ask, lambda: _untouched(here, before))


def _found_damaged(here: Cloud) -> Trial:
    office.clear_desk(here)
    dataset = collection.damaged(here)
    dataset.make_current()
    job = office.asked_for(JobKind.VERIFY)
    before = _everything(here)
    shard = dataset.snapshot.shards_of(Split.TEST)[0].key

    def ask() -> office.Answer:
        return office.answered(lambda: _names(here.call("verify_dataset", office.step_of(job)), shard))

    return Trial(ask, lambda: _untouched(here, before))


def _names(answer: dict[str, dict[str, list[str]]], shard: str) -> bool:
    """Say whether the answer finds that shard wrong."""
    return any(shard in finding for finding in answer["result"].get("findings", []))


def _everything(here: Cloud) -> dict[str, str]:
    """Return what the dataset is: each object of the clean bucket and each item of its table, by a digest."""
    pages = here.made.s3.get_paginator("list_objects_v2").paginate(Bucket="clean")
    objects = {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}
    pages = here.made.dynamodb.get_paginator("scan").paginate(TableName="dataset")
    items = {item["key"]["S"]: repr(sorted(item.items())) for page in pages for item in page["Items"]}
    return {**objects, **items}


def _untouched(here: Cloud, before: dict[str, str]) -> Harm:
    after = _everything(here)
    return Harm(
        lost=sum(after.get(key) != data for key, data in before.items()), doubled=len(after.keys() - before.keys())
    )


def _checked(here: Cloud) -> Trial:
    office.clear_desk(here)
    collection.small(here).make_current()
    objects = training_wiring.models_objects()
    for key in [*objects.keys(DRIFT), *objects.keys(REPORTS)]:
        objects.purge(key)
    # What a schedule asked for is told only when it is news; this first report is.
    job = learning_wiring.jobs().request(by_schedule(JobKind.CHECK_DRIFT, uuid.uuid4().hex))
    machine = office.Machine(lambda: _check(here, office.step_of(job)))

    def harm() -> Harm:
        reports = [key for key in objects.keys(REPORTS) if key.endswith(".json")]
        untold, retold = office.untold_and_retold(here, "model checked for the first time")
        closed = learning_wiring.ledger().find_closed(job.job_id)
        return Harm(
            lost=int(not reports) + int(closed is None or closed.state is not JobState.FINISHED) + untold,
            doubled=max(0, len(reports) - 1) + retold,
        )

    return Trial(machine.go_on, harm)


def _check(here: Cloud, step: dict[str, object]) -> office.Steps:
    plan = here.call("check_drift", {**step, "step": "plan"})
    checked = {name: plan[name] for name in ("model_version", "snapshot_id")}

    def score(shard: str) -> office.Steps:
        here.call("check_drift", {**step, **checked, "step": "score", "shard": shard})
        return ()

    def report() -> office.Steps:
        here.call("check_drift", {**step, "step": "report", "plan": plan})
        return ()

    return [*(partial(score, shard) for shard in plan["shards"]), report]


def _check_asked(here: Cloud) -> Trial:
    office.clear_desk(here)
    asked = {"step": "ask", "event_id": uuid.uuid4().hex}

    def ask() -> office.Answer:
        here.call("check_drift", asked)
        return office.DONE

    return Trial(ask, lambda: office.one_begun(here, JobKind.CHECK_DRIFT))


CAMPAIGNS: Campaigns = {
    "evaluate": {"the champion on the test photos": _evaluated},
    "check_drift": {"a first report": _checked, "by the schedule": _check_asked},
    "compact_dataset": {"a long chain": _compacted},
    "verify_dataset": {"a sound dataset": _verified, "a damaged shard": _found_damaged},
}
