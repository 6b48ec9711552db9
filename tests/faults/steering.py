"""The campaigns of what admins steer: models, jobs, names, and what they are told and shown."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3

from avocet.adapters.imported_names_s3 import FrenchNames
from avocet.adapters.training_files import key
from avocet.domain.contribution import raw_key
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto
from avocet.domain.jobs import JobKind, JobState
from avocet.domain.models import Change
from avocet.domain.training import training_name
from avocet.http import learning_wiring, model_wiring, training_wiring
from avocet.usecases.register_model import described
from tests.faults import office
from tests.faults.clouds import MODEL, Campaigns, Cloud, Harm, Trial, reading
from tests.made.bundles import RED, make_bundle

Answer = Mapping[str, Any]
REPORT = "202611250600"
NAMES = "scientific,english,french\nStruthio molybdophanes,Somali Ostrich,Autruche de Somalie\n"


# Models.


def _trained(here: Cloud) -> str:
    """Register a model that challenges the champion."""
    version = f"head-{uuid.uuid4().hex[:8]}"
    files = make_bundle(version)
    for name, data in files.items():
        here.made.s3.put_object(Bucket="models", Key=f"bundles/{version}/{name}", Body=data)
    model_wiring.register_model()(described(files, registered_at=here.now()))
    return version


def _only_starter_serves(here: Cloud) -> None:
    office.clear_desk(here)
    here.made.point_to(MODEL)
    if model_wiring.registry().find(MODEL) is None:
        model_wiring.registry().register(described(make_bundle(MODEL), registered_at=datetime(2026, 11, 1, tzinfo=UTC)))


def _succession(here: Cloud, version: str, change: Change, revision: int, subject: str) -> Harm:
    """Harm to the line of champions, which must have moved one step and told the admins so."""
    now, history = model_wiring.aliases().read(), model_wiring.aliases().history(50)
    untold, retold = office.untold_and_retold(here, subject)
    is_it = now.tenure is not None and (now.tenure.version, now.tenure.change) == (version, change)
    steps = [each.revision for each in history]
    missing = int(steps != list(range(steps[0], 0, -1)))
    return Harm(lost=int(not is_it) + untold + missing, doubled=abs(steps[0] - revision) + retold)


def _promoted(named: Callable[[str], str]) -> Callable[[Cloud], Trial]:
    def prepare(here: Cloud) -> Trial:
        _only_starter_serves(here)
        version = _trained(here)
        body = {"version": named(version), "reason": "better on owls"}
        asked = here.by_admin("PUT", "/admin/models/champion", body=body)

        def harm() -> Harm:
            harm = _succession(here, version, Change.PROMOTED, 2, f"{version} is the new champion")
            left = int(model_wiring.aliases().read().challenger is not None)
            return replace(harm, doubled=harm.doubled + left)

        return Trial(lambda: here.call("models", asked), harm)

    return prepare


def _rolled_back(here: Cloud) -> Trial:
    _only_starter_serves(here)
    versions = [_trained(here), _trained(here)]
    for version in versions:
        body = {"version": version, "reason": "better on owls"}
        assert here.call("models", here.by_admin("PUT", "/admin/models/champion", body=body))["statusCode"] == 200
    office.clear_desk(here)
    back = {"leaving_revision": 3, "reason": "it took gulls for terns"}
    asked = here.by_admin("POST", "/admin/models/rollback", body=back)
    return Trial(
        lambda: here.call("models", asked),
        lambda: _succession(here, versions[0], Change.ROLLED_BACK, 4, f"{versions[0]} is back in service"),
    )


def _looked_at(here: Cloud) -> Mapping[str, Any]:
    _only_starter_serves(here)
    return here.by_admin("GET", "/admin/models/{version}", path_parameters={"version": _trained(here)})


# Jobs.


def _asked_for(here: Cloud) -> Trial:
    office.clear_desk(here)
    before = {job.job_id for job in learning_wiring.ledger().history(1000)}
    asked = here.by_admin("POST", "/admin/jobs", body={"kind": "evaluate"})
    promised: set[str] = set()

    def ask() -> Answer:
        answer = here.call("jobs", asked)
        if answer["statusCode"] == 202:
            promised.add(json.loads(answer["body"])["job_id"])
        return answer

    def harm() -> Harm:
        there = {job.job_id for job in learning_wiring.jobs().active().jobs}
        there |= {job.job_id for job in learning_wiring.ledger().history(1000)} - before
        stuck = sum(not office.runs_at_last(here, job_id) for job_id in promised)
        return Harm(lost=len(promised - there) + stuck, doubled=len(there) - 1)

    return Trial(ask, harm)


def _queued_up(here: Cloud) -> Trial:
    """A training asked for while a refresh runs waits for it."""
    office.clear_desk(here)
    office.asked_for(JobKind.REFRESH)
    asked = here.by_admin("POST", "/admin/jobs", body={"kind": "train", "parameters": {"recipe": "head"}})

    def harm() -> Harm:
        waiting = [job for job in learning_wiring.jobs().active().jobs if job.kind is JobKind.TRAIN]
        return Harm(lost=int(not waiting or not waiting[0].waits_for), doubled=max(0, len(waiting) - 1))

    return Trial(lambda: here.call("jobs", asked), harm)


def _cancelled(here: Cloud) -> Trial:
    """A training that runs is cancelled: it is stopped where it runs, and who waited for it begins."""
    office.clear_desk(here)
    job = office.asked_for(JobKind.TRAIN, recipe="head")
    waiting = office.asked_for(JobKind.TRAIN, recipe="head", epochs="2")
    asked = here.by_admin("DELETE", "/admin/jobs/{id}", path_parameters={"id": job.job_id})

    def harm() -> Harm:
        kept = learning_wiring.ledger().find_closed(job.job_id)
        stopped = training_wiring.models_objects().get(key(training_name(job.job_id, job.fence), "stop")) is not None
        off = int(kept is None or kept.state is not JobState.CANCELLED) + int(not stopped)
        is_active = learning_wiring.jobs().active().find(job.job_id) is not None
        return Harm(lost=off + int(not office.runs_at_last(here, waiting.job_id)), doubled=int(is_active))

    return Trial(lambda: here.call("jobs", asked), harm)


def _found_dead(here: Cloud) -> Trial:
    """Whoever looks at the jobs finds one that nobody has heard from, and it begins again."""
    office.clear_desk(here)
    job = office.silent(here, office.asked_for(JobKind.EVALUATE))
    asked = here.by_admin("GET", "/admin/jobs")

    def harm() -> Harm:
        now = learning_wiring.jobs().active().find(job.job_id)
        return Harm(lost=int(now is None) + int(not office.runs_at_last(here, job.job_id)))

    return Trial(lambda: here.call("jobs", asked), harm)


def _followed(here: Cloud) -> Mapping[str, Any]:
    office.clear_desk(here)
    job = office.asked_for(JobKind.TRAIN, recipe="head")
    return here.by_admin("GET", "/admin/jobs/{id}", path_parameters={"id": job.job_id})


# What admins are told and shown.


def _rung(here: Cloud) -> Trial:
    """Two alarms in one message; SNS sends it again until it was taken."""
    office.clear_desk(here)
    names = [f"lake-{uuid.uuid4().hex}", f"pond-{uuid.uuid4().hex}"]
    said = [
        {"AlarmName": names[0], "NewStateValue": "ALARM", "NewStateReason": "too warm"},
        {"AlarmName": names[1], "NewStateValue": "OK", "NewStateReason": "cool again"},
    ]
    records = [{"Sns": {"MessageId": str(uuid.uuid4()), "Message": json.dumps(each)}} for each in said]

    def harm() -> Harm:
        found = [office.untold_and_retold(here, f"alarm {name}") for name in names]
        return Harm(lost=sum(untold for untold, _ in found), doubled=sum(retold for _, retold in found))

    return Trial(lambda: office.answered(lambda: here.call("tell_alarm", {"Records": records}) == {"told": 2}), harm)


def _named(here: Cloud) -> Trial:
    asked = here.by_admin(
        "PUT", "/admin/species/names", query={"lang": "fr"}, body=NAMES.encode(), content_type="text/csv"
    )

    def harm() -> Harm:
        kept = boto3.client("s3").get_object(Bucket="models", Key="catalogue/names-fr.sqlite.gz")["Body"].read()
        return Harm(lost=int(FrenchNames(kept).of(["somali-ostrich"]) != {"somali-ostrich": "Autruche de Somalie"}))

    return Trial(lambda: here.call("import_names", asked), harm)


def _checked(here: Cloud) -> None:
    """Let a check of the model have found a species that drifts, with a photo to show for it."""
    photo_id = here.given()
    learning_wiring.dataset_photos().save(DatasetPhoto(photo_id, CONTRIBUTION, RED, raw_key(photo_id, RED)))
    report = {
        "schema": 1,
        "report_id": REPORT,
        "made_at": "2026-11-25T06:00:00Z",
        "state": "drifting",
        "sentence": "One species drifts.",
        "model_version": MODEL,
        "snapshot_id": "a" * 64,
        "new_photos": 12,
        "drifting": [{"species_id": RED, "photos": [{"photo_id": photo_id}]}],
        "accuracy": {"value": 0.8},
    }
    here.made.s3.put_object(Bucket="models", Key=f"drift-reports/{REPORT}.json", Body=json.dumps(report).encode())


def _reported(report_id: str = "") -> Callable[[Cloud], Trial]:
    def prepare(here: Cloud) -> Trial:
        _checked(here)
        asked = (
            here.by_admin("GET", "/admin/drift-reports/{id}", path_parameters={"id": report_id})
            if report_id
            else here.by_admin("GET", "/admin/drift-reports")
        )

        def ask() -> Answer:
            answer = here.call("drift_reports", asked)
            # Half a report would be a wrong one: the photo comes with its link, or nothing does.
            is_whole = REPORT in answer["body"] and (not report_id or "X-Amz-Signature" in answer["body"])
            return answer if answer["statusCode"] >= 400 or is_whole else office.NOT_DONE

        return Trial(ask, Harm)

    return prepare


CAMPAIGNS: Campaigns = {
    "models": {
        "a version promoted": _promoted(lambda version: version),
        "the challenger promoted": _promoted(lambda _: "challenger"),
        "rolled back": _rolled_back,
        "the list": reading("models", lambda here: here.by_admin("GET", "/admin/models")),
        "one of them": reading("models", _looked_at),
    },
    "jobs": {
        "one asked for": _asked_for,
        "one that waits": _queued_up,
        "a training cancelled": _cancelled,
        "a dead one found": _found_dead,
        "a training followed": reading("jobs", _followed),
    },
    "drift_reports": {
        "the list": _reported(),
        "the newest": _reported("latest"),
        "one of them": _reported(REPORT),
    },
    "tell_alarm": {"two alarms": _rung},
    "import_names": {"a list of French names": _named},
}
