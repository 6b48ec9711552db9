"""Promotion on the deployed stack: predictions follow, a broken bundle never serves, and a rollback brings the old one back."""

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from avocet.adapters.objects import S3Objects
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.domain.dataset import Split
from avocet.domain.evaluation import Outcome
from avocet.domain.prediction import ScoredSpecies
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.register_model import RegisterModel, described
from tests.deployed.cloud import Cloud, Person, problem, succeeded
from tests.made.bundles import GREEN, RED, SPECIES, make_bundle

# The pointer is looked at every ten seconds; loading a model takes its time on a busy machine.
FOLLOWS_WITHIN_S = 300.0


class Trainer:
    """Puts models into the deployed cloud as a training does."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.bucket = cloud.outputs["ModelsBucketName"]
        dynamodb, table = cloud.aws("dynamodb"), cloud.outputs["ModelsTableName"]
        self.aliases = DynamoModelAliases(dynamodb, table)
        self.register = RegisterModel(registry=DynamoModelRegistry(dynamodb, table), aliases=self.aliases)

    def train(self) -> str:
        version = f"made-{uuid.uuid4().hex[:8]}"
        files = make_bundle(version)
        for name, data in files.items():
            self.cloud.s3.put_object(Bucket=self.bucket, Key=f"bundles/{version}/{name}", Body=data)
        self.register(replace(described(files, registered_at=datetime.now(tz=UTC)), snapshot_id="a" * 64))
        return version

    def spoil(self, version: str) -> None:
        self.cloud.s3.put_object(Bucket=self.bucket, Key=f"bundles/{version}/model.onnx", Body=b"broken")


@pytest.fixture
def trainer(cloud: Cloud, admin: Person) -> Iterator[Trainer]:
    """Whoever was champion is champion again afterwards."""
    made = Trainer(cloud)
    before = made.aliases.read().champion
    yield made
    if made.aliases.read().champion != before:
        body = {"version": before, "reason": "the test is over"}
        succeeded(cloud.request("PUT", "/admin/models/champion", token=admin.id_token, json=body))


def promote(cloud: Cloud, admin: Person, version: str):
    body = {"version": version, "reason": "to see who answers"}
    return cloud.request("PUT", "/admin/models/champion", token=admin.id_token, json=body)


def followed(owner: Person, photo: bytes, version: str) -> None:
    """Ask until ``version`` answers, and three more times."""
    began, in_a_row = time.monotonic(), 0
    # The emulator may hold several processes of the function, each of which looks at the pointer by itself.
    while in_a_row < 4:
        answered = owner.predict(photo)["model_version"] == version
        in_a_row = in_a_row + 1 if answered else 0
        if time.monotonic() - began > FOLLOWS_WITHIN_S:
            pytest.fail(f"{version} did not come to answer")
        if not answered:
            threading.Event().wait(0.5)


def test_predictions_follow_a_promotion_and_a_rollback(cloud, admin, owner, photo, trainer):
    starter = trainer.aliases.read().champion
    assert owner.predict(photo)["model_version"] == starter
    version = trainer.train()
    promoted = succeeded(promote(cloud, admin, "challenger"))
    assert (promoted["version"], promoted["change"]) == (version, "promoted")
    followed(owner, photo, version)
    listed = succeeded(admin.get("/admin/models"))
    assert (listed["champion"], listed["challenger"]) == (version, None)

    spoiled = trainer.train()
    trainer.spoil(spoiled)
    refused = problem(promote(cloud, admin, spoiled), 422, "bundle-refused")
    assert "model.onnx" in refused["detail"]
    assert succeeded(admin.get("/admin/models/champion"))["model"]["version"] == version

    wish = {"leaving_revision": promoted["revision"], "reason": "it knows three birds"}
    back = succeeded(admin.post("/admin/models/rollback", json=wish))
    assert (back["version"], back["change"]) == (starter, "rolled_back")
    assert succeeded(admin.post("/admin/models/rollback", json=wish)) == back, "asked once more, it is the same one"
    followed(owner, photo, starter)


def test_of_admins_who_promote_at_once_one_wins(cloud, admin, trainer):
    versions = [trainer.train() for _ in range(3)]
    answers = []
    threads = [
        threading.Thread(target=lambda v=version: answers.append(promote(cloud, admin, v))) for version in versions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    for answer in answers:
        if answer.status_code == 409:
            assert admin.owner_id in problem(answer, 409, "champion-moved")["detail"]
    won = [answer.json()["version"] for answer in answers if answer.status_code == 200]
    history = [tenure["version"] for tenure in succeeded(admin.get("/admin/models"))["history"]]
    assert set(history[: len(won)]) == set(won), "whoever was told yes stands in the line, and nobody else"


def test_a_comparison_is_read_from_what_is_stored(cloud, admin, trainer):
    version, champion = trainer.train(), trainer.aliases.read().champion
    problem(admin.get("/admin/models/comparison", params={"version": version}), 404, "no-evaluation")
    store = EvaluationStore(S3Objects(cloud.s3, trainer.bucket))
    for each, right in ((champion, 20), (version, 38)):
        outcomes = [
            Outcome(f"p{n:02}", RED, (ScoredSpecies(RED if n < right else GREEN, 0.9),), 0.1, 1.0, is_familiar=True)
            for n in range(40)
        ]
        store.put(each, "a" * 64, Split.TEST, outputs=frozenset(SPECIES), outcomes=outcomes)
    compared = succeeded(admin.get("/admin/models/comparison", params={"version": version}))
    assert compared["all_species"]["differences"]["accuracy"]["verdict"] == "better"
    assert compared["advice"] == "promote"
    assert set(compared["milliseconds"]) == {champion, version}
