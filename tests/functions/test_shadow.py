"""The shadow, event to stored result, and what admins are shown of it: real bundles, real photos, the cloud is moto."""

import json
from datetime import UTC, datetime

import boto3
import pytest

from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.usecases.register_model import RegisterModel, described
from tests.functions.conftest import MODEL_VERSION
from tests.made.accounts import MemoryAccounts, account
from tests.made.bundles import BLUE, GREEN, RED, make_bundle
from tests.made.events import ALICE, BOB, claims_of, event
from tests.made.photos import jpeg

CHALLENGER = "head-1"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def stream_of(*photo_ids: str) -> dict:
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"Keys": {"photo_id": {"S": each}}, "SequenceNumber": "1"}}
            for each in photo_ids
        ]
    }


class Shadow:
    """People who send photos, a challenger, and the admin who looks."""

    def __init__(self, cloud, function) -> None:
        self.cloud, self.function = cloud, function
        self.predict, self.feedback = function("predict"), function("feedback")
        self.handler, self.models = function("shadow"), function("models")
        self.registry = DynamoModelRegistry(cloud.dynamodb, "models")
        self.aliases = DynamoModelAliases(cloud.dynamodb, "models")
        self.book = DynamoShadowBook(cloud.dynamodb, "photos")
        self.registry.register(described(make_bundle(MODEL_VERSION), registered_at=NOW))

    def challenge(self, version: str = CHALLENGER, *, sharpness: float = -20.0, broken: bool = False) -> None:
        files = make_bundle(version, sharpness=sharpness)
        for name, data in files.items():
            body = b"not that model" if broken and name == "model.onnx" else data
            self.cloud.s3.put_object(Bucket="models", Key=f"bundles/{version}/{name}", Body=body)
        described_now = described(files, registered_at=datetime.now(UTC))
        RegisterModel(registry=self.registry, aliases=self.aliases)(described_now)

    def sent(self, owner_id: str = ALICE) -> str:
        asked = event("POST", "/predictions", body=jpeg(), content_type="image/jpeg", claims=claims_of(owner_id))
        return str(json.loads(self.predict(asked, None)["body"])["prediction_id"])

    def said(self, photo_id: str, body: dict[str, str], owner_id: str = ALICE) -> None:
        path = {"id": photo_id}
        asked = event("POST", "/predictions/{id}/feedback", path_parameters=path, body=body, claims=claims_of(owner_id))
        assert self.feedback(asked, None)["statusCode"] == 200

    def told(self, *photo_ids: str) -> dict[str, int]:
        return self.handler(stream_of(*photo_ids), None)

    def shown(self, version: str = CHALLENGER, *, groups: str = "admin"):
        asked = event(
            "GET",
            "/admin/models/{version}/shadow",
            path_parameters={"version": version},
            claims=claims_of(BOB, groups=groups),
        )
        answer = self.models(asked, None)
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def shadow(served, function) -> Shadow:
    return Shadow(served, function)


def test_without_a_challenger_nothing_is_scored_and_no_model_is_opened(shadow):
    photo_id = shadow.sent()
    assert shadow.told(photo_id) == {}
    assert shadow.book.find(photo_id) is None
    status, refused = shadow.shown("challenger")
    assert (status, refused["type"]) == (404, "/problems/no-such-model")


def test_before_the_first_photo_an_admin_is_told_that_there_is_nothing_yet(shadow):
    shadow.challenge()
    status, shown = shadow.shown()
    assert (status, shown["state"], shown["against"], shown["trouble"]) == (200, "scoring", [], None)
    assert shown["share"] == 1


def test_both_answers_are_compared_and_the_person_s_own_stays_what_it_was(shadow):
    shadow.challenge()
    photo_id = shadow.sent()
    before = shadow.cloud.item(photo_id)
    assert shadow.told(photo_id) == {"scored": 1}
    assert shadow.cloud.item(photo_id) == before
    kept = shadow.book.find(photo_id)
    assert (kept.champion.version, kept.champion.species_id) == (MODEL_VERSION, RED)
    assert (kept.challenger.version, kept.is_same) == (CHALLENGER, False)
    assert kept.challenger_ms > 0

    status, shown = shadow.shown("challenger")
    (against,) = shown["against"]
    assert (status, shown["version"], against["champion"]) == (200, CHALLENGER, MODEL_VERSION)
    assert (against["photos"], against["agreement"]["value"], against["agreement"]["trials"]) == (1, 0, 1)
    assert against["disagreements"][0]["prediction_id"] == photo_id
    assert against["disagreements"][0]["champion"]["species_id"] == RED
    assert against["species"][0]["species_id"] == RED
    assert against["species"][0]["names"]["en"]


def test_the_same_model_agrees_with_itself_under_another_name(shadow):
    shadow.challenge(sharpness=20.0)
    photo_ids = [shadow.sent() for _ in range(3)]
    assert shadow.told(*photo_ids) == {"scored": 3}
    (against,) = shadow.shown()[1]["against"]
    assert (against["agreement"]["value"], against["in_three"]["value"]) == (1, 1)
    assert against["same"]["champion"] == pytest.approx(against["same"]["challenger"], abs=1e-5)
    assert (against["species"], against["disagreements"]) == ([], [])


def test_what_people_say_is_held_against_both_and_not_twice(shadow):
    shadow.challenge()
    confirmed, corrected = shadow.sent(), shadow.sent()
    shadow.told(confirmed, corrected)
    named_by_challenger = shadow.book.find(corrected).challenger.species_id
    assert named_by_challenger in (GREEN, BLUE)
    shadow.said(confirmed, {"feedback": "confirmed"})
    shadow.said(corrected, {"feedback": "corrected", "species_id": named_by_challenger})
    assert shadow.told(confirmed, corrected, confirmed) == {"named": 2}
    assert shadow.told(corrected, confirmed) == {"known": 2}
    (against,) = shadow.shown()[1]["against"]
    assert (against["named"], against["only_champion_right"], against["only_challenger_right"]) == (2, 1, 1)
    assert against["champion_right"]["value"] == against["challenger_right"]["value"] == 0.5


def test_a_broken_challenger_fails_nothing_and_the_admins_see_why(shadow):
    shadow.challenge(broken=True)
    photo_id = shadow.sent()
    assert shadow.told(photo_id) == {"unfit": 1}
    assert shadow.told(photo_id) == {"unfit": 1}
    assert shadow.book.find(photo_id) is None
    _, shown = shadow.shown()
    assert shown["trouble"]["reason"] == "model.onnx is not the file that the bundle was made with"
    assert shown["against"] == []


def test_once_promoted_it_is_scored_no_more_and_its_figures_stay(shadow):
    shadow.challenge()
    shadow.told(shadow.sent())
    from avocet.domain.models import Decision, promoted

    seen = shadow.aliases.read()
    shadow.aliases.move(promoted(seen, CHALLENGER, Decision("bob", NOW, "better")), over=seen)
    assert shadow.told(shadow.sent()) == {}
    _, shown = shadow.shown()
    assert (shown["state"], shown["against"][0]["photos"]) == ("not_challenger", 1)


def test_only_admins_see_it(shadow):
    shadow.challenge()
    assert shadow.shown(groups="user")[0] == 403


def test_a_version_that_is_none_of_ours_is_not_found(shadow):
    assert shadow.shown("head-9")[0] == 404
    assert shadow.shown("../x")[0] == 404


def test_erasing_a_person_leaves_nothing_of_what_the_challenger_said(shadow, function, monkeypatch):
    from avocet.http import people_wiring

    boto3.client("stepfunctions", region_name="eu-west-1").create_state_machine(
        name="avocet-test-refresh", definition="{}", roleArn="arn:aws:iam::123456789012:role/machine"
    )
    queue = boto3.client("sqs", region_name="eu-west-1").create_queue(QueueName="requests")["QueueUrl"]
    monkeypatch.setattr(people_wiring, "accounts", lambda: MemoryAccounts.of(account(ALICE), account(BOB)))
    monkeypatch.setenv("AVOCET_DATA_REQUESTS_QUEUE", queue)
    monkeypatch.setenv("AVOCET_JOB_MACHINES", "arn:aws:states:eu-west-1:123456789012:stateMachine:avocet-test-")
    monkeypatch.setenv("AVOCET_JOB_KINDS", "refresh")
    monkeypatch.setenv("AVOCET_ADMIN_TOPIC", "arn:aws:sns:eu-west-1:123456789012:admins")
    from avocet.http import wiring

    wiring.settings.cache_clear()
    shadow.challenge()
    alices, answered, bobs = shadow.sent(), shadow.sent(), shadow.sent(BOB)
    shadow.said(answered, {"feedback": "confirmed"})
    assert shadow.told(alices, answered, bobs) == {"scored": 2, "named": 1}
    body = json.dumps({"request": "erase", "owner_id": ALICE, "is_last": False})
    function("fulfil")({"Records": [{"body": body}]}, None)
    held = {item["photo_id"]["S"] for item in shadow.cloud.dynamodb.scan(TableName="photos")["Items"]}
    assert not [key for key in held if alices in key or answered in key]
    (against,) = shadow.shown()[1]["against"]
    assert [each["prediction_id"] for each in against["disagreements"]] == [bobs]
    assert against["photos"] == 3, "counts tell of nobody"
    assert shadow.told(alices, answered) == {"forgotten": 2}


def test_of_a_photo_that_goes_by_itself_nothing_is_shown_beyond_its_two_days(shadow, monkeypatch):
    from datetime import timedelta

    from avocet.adapters import system

    shadow.challenge()
    photo_id = shadow.sent()
    shadow.told(photo_id)
    later = datetime.now(UTC) + timedelta(hours=48, minutes=1)
    monkeypatch.setattr(system, "now", lambda: later)
    (against,) = shadow.shown()[1]["against"]
    assert (against["photos"], against["disagreements"]) == (1, [])
    assert DynamoPhotoRecords(shadow.cloud.dynamodb, "photos").find(photo_id) is not None, "nobody swept meanwhile"
