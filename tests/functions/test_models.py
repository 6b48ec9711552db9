"""Choosing a champion, event to answer: what is unfit never serves, and of two admins at once one wins."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError

from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads
from avocet.adapters.objects import S3Objects
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.domain.dataset import DatasetPhoto, Split
from avocet.domain.evaluation import Outcome
from avocet.domain.learning_curve import CurveKind, CurvePoint, LearningCurve, Phase, part_of
from avocet.domain.prediction import ScoredSpecies
from avocet.usecases.learning_curves import LearningCurves
from avocet.usecases.register_model import RegisterModel, described
from tests.functions.conftest import MODEL_VERSION
from tests.made.bundles import RED, SPECIES, make_bundle, manifest_with
from tests.made.events import ALICE, BOB, claims_of, event

NOW = datetime(2026, 11, 25, tzinfo=UTC)
WHY = "better on owls"


class Models:
    """The models function, and those who train for it."""

    def __init__(self, cloud, handler) -> None:
        self.cloud, self.handler = cloud, handler
        self.registry = DynamoModelRegistry(cloud.dynamodb, "models")
        self.aliases = DynamoModelAliases(cloud.dynamodb, "models")
        self.registered = 0

    def train(self, version: str, files: dict[str, bytes] | None = None) -> None:
        files = files or make_bundle(version)
        self.put(version, files)
        self.registered += 1
        model = described(files, registered_at=NOW + timedelta(hours=self.registered))
        register = RegisterModel(registry=self.registry, aliases=self.aliases)
        register(replace(model, version=version))

    def put(self, version: str, files: dict[str, bytes]) -> None:
        for name, data in files.items():
            self.cloud.s3.put_object(Bucket="models", Key=f"bundles/{version}/{name}", Body=data)

    def ask(self, method: str, path: str, body=None, *, admin: str = ALICE, groups: str = "admin", **values):
        resource = f"/admin/models{path}"
        asked = event(method, resource, body=body, claims=claims_of(admin, groups=groups), **values)
        answer = self.handler(asked, None)
        return answer["statusCode"], json.loads(answer["body"])

    def promote(self, version: str, *, admin: str = ALICE):
        return self.ask("PUT", "/champion", {"version": version, "reason": WHY}, admin=admin)

    def roll_back(self, leaving_revision: int | None = None, *, admin: str = ALICE, **values):
        tenure = self.aliases.read().tenure
        leaving = leaving_revision or (tenure.revision if tenure else 1)
        body = {"leaving_revision": leaving, "reason": "it took gulls for terns"}
        return self.ask("POST", "/rollback", body, admin=admin, **values)

    @property
    def champion(self) -> str | None:
        return self.aliases.read().champion


@pytest.fixture
def models(served, function, monkeypatch) -> Models:
    monkeypatch.setenv("AVOCET_ADMIN_TOPIC", "arn:aws:sns:eu-west-1:123456789012:admins")
    made = Models(served, function("models"))
    made.registry.register(described(make_bundle(MODEL_VERSION), registered_at=NOW))
    return made


def test_the_learning_curve_of_a_version_is_shown_and_one_without_says_so(models):
    models.train("full-1")
    points = [
        CurvePoint(0, Phase.HEAD, validation_loss=1.2),
        CurvePoint(1, Phase.EVERY_LAYER, 1.5, 0.7, 1.1, 0.8, 2e-4, 9),
    ]
    curve = LearningCurve((part_of(CurveKind.EPOCHS, points, best=1),))
    LearningCurves(S3Objects(models.cloud.s3, "models")).keep("full-1", curve)
    path = "/{version}/learning-curve"
    status, shown = models.ask("GET", path, path_parameters={"version": "challenger"})
    (part,) = shown["parts"]
    assert (status, shown["version"], part["kind"], part["total"], part["best"]) == (200, "full-1", "epochs", 1, 1)
    assert part["points"][0] == dict.fromkeys(part["points"][0]) | {
        "step": 0,
        "phase": "head",
        "validation_loss": 1.2,
        "settings": {},
    }
    assert part["points"][1]["seconds"] == 9
    nothing = models.ask("GET", path, path_parameters={"version": MODEL_VERSION})
    assert nothing == (200, {"version": MODEL_VERSION, "parts": []})
    assert models.ask("GET", path, path_parameters={"version": "../full-1"})[0] == 404
    models.cloud.s3.put_object(Bucket="models", Key="evaluations/full-1/learning_curve.json", Body=b"{}")
    status, problem = models.ask("GET", path, path_parameters={"version": "full-1"})
    assert (status, problem["type"]) == (500, "/problems/corrupt-learning-curve")
    assert models.ask("GET", path, path_parameters={"version": "full-1"}, groups="user")[0] == 403


def test_the_challenger_is_promoted_and_its_reason_kept(models):
    models.train("head-1")
    status, tenure = models.promote("challenger")
    assert (status, tenure["version"], tenure["revision"], tenure["change"]) == (200, "head-1", 2, "promoted")
    assert (tenure["chosen_by"], tenure["reason"]) == (ALICE, WHY)
    _, listed = models.ask("GET", "")
    assert (listed["champion"], listed["challenger"]) == ("head-1", None)
    assert [(each["version"], each["role"]) for each in listed["models"]] == [
        ("head-1", "champion"),
        (MODEL_VERSION, None),
    ]
    assert [each["version"] for each in listed["history"]] == ["head-1", MODEL_VERSION]


def test_rollbacks_step_back_along_the_line_until_its_beginning(models):
    for version in ("head-1", "head-2"):
        models.train(version)
        models.promote(version)
    assert models.roll_back()[1]["version"] == "head-1"
    assert models.roll_back()[1]["version"] == MODEL_VERSION
    status, refused = models.roll_back()
    assert (status, refused["type"]) == (409, "/problems/nothing-to-roll-back")
    assert models.promote("head-2")[0] == 200, "what was taken back may come again"
    assert models.roll_back()[1]["version"] == MODEL_VERSION


def test_the_same_request_sent_again_moves_the_champion_once(models):
    """Whoever never saw the answer sends the request again, under the id that it had."""
    models.train("head-1")
    models.train("head-2")
    models.promote("head-1")
    sent = {"X-Correlation-Id": "click-0001"}
    promotion = {"version": "challenger", "reason": WHY}
    first = models.ask("PUT", "/champion", promotion, headers=sent)
    assert models.ask("PUT", "/champion", promotion, headers=sent) == first
    back = {"X-Correlation-Id": "click-0002"}
    first = models.roll_back(3, headers=back)
    assert first[1]["version"] == "head-1"
    assert models.roll_back(3, headers=back) == first
    assert models.roll_back(admin=BOB)[1]["version"] == MODEL_VERSION
    assert models.roll_back(3, headers=back) == first, "also when others went on"
    assert models.champion == MODEL_VERSION


def test_a_second_click_on_rollback_goes_no_second_step_back(models):
    """Whoever never saw the answer clicks once more, which is another request for the same step."""
    for version in ("head-1", "head-2", "head-3"):
        models.train(version)
        models.promote(version)
    first = models.roll_back(4)
    assert first[1]["version"] == "head-2"
    assert models.roll_back(4) == first
    assert models.champion == "head-2"
    status, refused = models.roll_back(4, admin=BOB)
    assert (status, refused["type"]) == (409, "/problems/champion-moved"), "somebody else hears who did it"
    assert ALICE in refused["detail"]
    assert models.roll_back(5)[1]["version"] == "head-1", "a further step is another wish"
    assert models.roll_back(4)[0] == 409, "what is long past is not meant"
    assert models.champion == "head-1"


def test_two_clicks_on_rollback_at_once_are_one_step(models, monkeypatch):
    models.cloud.publish(make_bundle(MODEL_VERSION), MODEL_VERSION)
    for version in ("head-1", "head-2"):
        models.train(version)
        models.promote(version)
    plain_load = models.handler.__globals__["_load"]

    def load_slowly(folder):
        monkeypatch.setitem(models.handler.__globals__, "_load", plain_load)
        models.handler.__globals__["_choose"].cache_clear()
        assert models.roll_back(3)[0] == 200
        return plain_load(folder)

    monkeypatch.setitem(models.handler.__globals__, "_load", load_slowly)
    models.handler.__globals__["_choose"].cache_clear()
    status, tenure = models.roll_back(3)
    assert (status, tenure["version"], models.champion) == (200, "head-1", "head-1")


@pytest.mark.parametrize("revision", [None, "3", 0, -1, True, 2.5])
def test_nobody_rolls_back_without_saying_from_where(models, revision):
    models.train("head-1")
    models.promote("head-1")
    assert models.ask("POST", "/rollback", {"leaving_revision": revision, "reason": WHY})[0] == 422
    assert models.champion == "head-1"


def test_a_promotion_is_written_down_to_be_told_exactly_when_it_happens(models, monkeypatch):
    """Between the move and the letter nobody can die: both are one step, or neither is."""
    models.train("head-1")

    def letters() -> int:
        return len(models.cloud.dynamodb.scan(TableName="notices")["Items"])

    def refuse(**_):
        raise EndpointConnectionError(endpoint_url="https://tables.example.org")

    client = models.handler.__globals__["aliases"]().client
    plain = client.transact_write_items
    monkeypatch.setattr(client, "transact_write_items", refuse)
    assert models.promote("head-1")[0] >= 500
    assert (models.champion, letters()) == (MODEL_VERSION, 0)

    class GoneError(BaseException):
        pass

    def die_after(**writes):
        plain(**writes)
        raise GoneError

    monkeypatch.setattr(client, "transact_write_items", die_after)
    with pytest.raises(GoneError):
        models.promote("head-1")
    assert (models.champion, letters()) == ("head-1", 2), "one in each language; the sweep sends them"


def test_the_admins_are_told_in_both_languages(models):
    models.train("head-1")
    models.promote("head-1")
    letters = json.dumps(models.cloud.dynamodb.scan(TableName="notices")["Items"], ensure_ascii=False)
    assert "head-1 is the new champion" in letters
    assert "head-1 est le nouveau champion" in letters


def foreign(version: str) -> dict[str, bytes]:
    return make_bundle(version, ["great-crested-grebe", "pied-avocet", "no-such-bird"])


def lying(version: str) -> dict[str, bytes]:
    """Every hash is right, but the graph does not say what it promised."""
    files = make_bundle(version)
    buffer = io.BytesIO()
    with np.load(io.BytesIO(files["self_test.npz"])) as honest:
        np.savez(buffer, images=honest["images"], probabilities=honest["probabilities"][:, ::-1])
    return manifest_with({**files, "self_test.npz": buffer.getvalue()})


@pytest.mark.parametrize(
    ("spoil", "about"),
    [
        (lambda files: {**files, "model.onnx": files["model.onnx"][:500]}, "is not the file"),
        (lambda files: {**files, "self_test.npz": b""}, "is not the file"),
        (lambda files: {**files, "bundle.json": files["bundle.json"] + b" "}, "registered"),
        (lambda files: {**files, "bundle.json": b"{}"}, "registered"),
    ],
    ids=["truncated", "emptied", "rewritten", "replaced"],
)
def test_a_bundle_that_changed_after_it_was_registered_is_refused_and_the_champion_stays(models, spoil, about):
    models.train("head-1")
    models.put("head-1", spoil(make_bundle("head-1")))
    status, refused = models.promote("head-1")
    assert (status, refused["type"]) == (422, "/problems/bundle-refused")
    assert about in refused["detail"]
    assert models.champion == MODEL_VERSION


@pytest.mark.parametrize(
    ("files", "about"),
    [
        (foreign("head-1"), "no-such-bird"),
        (lying("head-1"), "self-test"),
        (make_bundle("somebody-else"), "calls itself somebody-else"),
    ],
    ids=["foreign species", "lying", "another version's"],
)
def test_a_bundle_that_was_never_sound_is_refused_and_the_champion_stays(models, files, about):
    models.train("head-1", files)
    status, refused = models.promote("challenger")
    assert (status, refused["type"]) == (422, "/problems/bundle-refused")
    assert about in refused["detail"]
    assert models.champion == MODEL_VERSION


def test_a_bundle_that_lost_a_file_is_refused(models):
    models.train("head-1")
    models.cloud.s3.delete_object(Bucket="models", Key="bundles/head-1/model.onnx")
    assert models.promote("head-1")[0] == 422


def test_a_rollback_onto_a_broken_bundle_is_refused_too(models):
    models.cloud.publish(make_bundle(MODEL_VERSION), MODEL_VERSION)
    models.train("head-1")
    models.promote("head-1")
    models.put(MODEL_VERSION, {"model.onnx": b"broken"})
    status, refused = models.roll_back()
    assert (status, refused["type"], models.champion) == (422, "/problems/bundle-refused", "head-1")


def test_of_two_admins_at_once_one_wins_and_the_other_is_told_who(models, monkeypatch):
    models.train("head-1")
    models.train("head-2")
    plain_load = models.handler.__globals__["_load"]

    def load_slowly(folder):
        # While Alice's bundle is being checked, Bob's promotion goes through.
        monkeypatch.setitem(models.handler.__globals__, "_load", plain_load)
        models.handler.__globals__["_choose"].cache_clear()
        assert models.promote("head-2", admin=BOB)[0] == 200
        return plain_load(folder)

    monkeypatch.setitem(models.handler.__globals__, "_load", load_slowly)
    status, refused = models.promote("head-1", admin=ALICE)
    assert (status, refused["type"]) == (409, "/problems/champion-moved")
    assert BOB in refused["detail"]
    assert "head-2" in refused["detail"]
    assert models.champion == "head-2"


def test_a_newer_challenger_stops_a_promotion_of_the_challenger_but_not_of_a_version(models, monkeypatch):
    models.train("head-1")
    models.train("head-2")
    plain_load = models.handler.__globals__["_load"]

    def train_meanwhile(folder):
        models.train(f"head-{models.registered + 1}")
        return plain_load(folder)

    monkeypatch.setitem(models.handler.__globals__, "_load", train_meanwhile)
    status, refused = models.promote("challenger")
    assert (status, refused["type"]) == (409, "/problems/champion-moved")
    assert "head-3" in refused["detail"]
    assert models.promote("head-3")[0] == 200, "head-4 came meanwhile, but head-3 was asked for by name"
    assert (models.champion, models.aliases.read().challenger) == ("head-3", "head-4")


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        (MODEL_VERSION, 409, "already-champion"),
        ("challenger", 409, "no-challenger"),
        ("head-9", 404, "no-such-model"),
        ("#champion", 422, "invalid-request"),
        ("../bundles", 422, "invalid-request"),
    ],
)
def test_what_cannot_be_promoted_is_refused_with_the_reason(models, version, status, code):
    answered, refused = models.promote(version)
    assert (answered, refused["type"]) == (status, f"/problems/{code}")
    assert models.champion == MODEL_VERSION


@pytest.mark.parametrize("reason", [None, "", "  ", 5, "x" * 501])
def test_nobody_changes_the_champion_without_a_reason(models, reason):
    models.train("head-1")
    assert models.ask("PUT", "/champion", {"version": "head-1", "reason": reason})[0] == 422
    assert models.ask("POST", "/rollback", {"leaving_revision": 1, "reason": reason})[0] == 422


def test_people_who_are_no_admins_see_and_change_nothing(models):
    for method, path in (("GET", ""), ("PUT", "/champion"), ("POST", "/rollback"), ("GET", "/{version}")):
        assert models.ask(method, path, {"version": "x", "reason": "y"}, groups="user")[0] == 403


def test_one_version_is_shown_with_its_evaluations_and_its_time_as_champion(models):
    from avocet.http.model_wiring import evaluations

    models.train("head-1")
    outcome = Outcome("p1", RED, (ScoredSpecies(RED, 0.9),), loss=0.1, familiarity=1.0, is_familiar=True)
    evaluations().put("head-1", "a" * 64, Split.TEST, outputs=frozenset(SPECIES), outcomes=[outcome])
    status, shown = models.ask("GET", "/{version}", path_parameters={"version": "challenger"})
    assert (status, shown["model"]["version"], shown["model"]["role"]) == (200, "head-1", "challenger")
    (scored,) = shown["evaluations"]
    assert (scored["split"], scored["summary"]["accuracy"]) == ("test", 1.0)
    assert shown["tenures"] == []
    _, champion = models.ask("GET", "/champion")
    assert [each["version"] for each in champion["tenures"]] == [MODEL_VERSION]
    assert models.ask("GET", "/{version}", path_parameters={"version": "#champion"})[0] == 404


def answered(models: Models, version: str, right: int, photos: int = 40) -> None:
    from avocet.http.model_wiring import evaluations

    outcomes = []
    for number in range(photos):
        ranked = (ScoredSpecies(RED if number < right else SPECIES[1], 0.9),)
        outcomes.append(Outcome(f"p{number:02}", RED, ranked, loss=0.1, familiarity=1.0, is_familiar=True))
    evaluations().put(version, "a" * 64, Split.TEST, outputs=frozenset(SPECIES), outcomes=outcomes)


def test_a_version_is_compared_with_the_champion_from_what_is_stored(models):
    models.train("head-1")
    answered(models, MODEL_VERSION, 20)
    answered(models, "head-1", 39)
    status, compared = models.ask("GET", "/comparison", query={"version": "head-1"})
    assert status == 200
    accuracy = compared["all_species"]["differences"]["accuracy"]
    assert (accuracy["champion"], accuracy["challenger"], accuracy["verdict"]) == (0.5, 0.975, "better")
    assert (compared["advice"], compared["won"][0]["species_id"], compared["lost"]) == ("promote", RED, [])
    assert set(compared["milliseconds"]) == {MODEL_VERSION, "head-1"}
    assert "not trained on a snapshot" in compared["caveats"][0]
    assert compared["caveats_words"][0]["en"] == compared["caveats"][0]
    assert "n'a pas été entraîné" in compared["caveats_words"][0]["fr"]
    assert compared["reason_words"]["en"] == compared["reason"]
    assert compared["reason_words"]["fr"].startswith("Il a plus souvent raison (+47,5 points")
    assert compared["champion"]["model"]["role"] == "champion"


def test_a_missing_evaluation_is_named_with_the_job_that_makes_it(models):
    models.train("head-1")
    heads = DynamoHeads(models.cloud.dynamodb, "dataset")
    heads.move(replace(heads.claim(1), snapshot_id="a" * 64))
    answered(models, MODEL_VERSION, 20)
    status, refused = models.ask("GET", "/comparison", query={"version": "challenger"})
    assert (status, refused["type"]) == (404, "/problems/no-evaluation")
    assert "evaluate" in refused["detail"]
    assert "head-1" in refused["detail"]
    assert MODEL_VERSION not in refused["detail"]


def test_the_champion_is_not_compared_with_itself_nor_with_what_is_not_there(models):
    assert models.ask("GET", "/comparison", query={"version": "champion"})[0] == 409
    assert models.ask("GET", "/comparison", query={"version": "nothing"})[0] == 404
    assert models.ask("GET", "/comparison")[0] == 404


def test_a_photo_that_was_erased_between_two_evaluations_is_left_out(models):
    models.train("head-1")
    answered(models, MODEL_VERSION, 20, photos=40)
    answered(models, "head-1", 20, photos=38)
    status, compared = models.ask("GET", "/comparison")
    assert (status, compared["all_species"]["photos"]) == (200, 38)
    assert any("2 photos are left out" in caveat for caveat in compared["caveats"])


EVALUATED = {"snapshot": "a" * 64, "split": "test"}


def test_what_was_taken_for_what_is_shown_with_names_families_and_calibration(models):
    models.train("head-1")
    answered(models, "head-1", 30, photos=40)
    status, shown = models.ask(
        "GET", "/{version}/confusion", query=EVALUATED, path_parameters={"version": "challenger"}
    )
    assert (status, shown["version"], shown["photos"]) == (200, "head-1", 40)
    assert shown["matrix"] == {RED: {RED: 30, SPECIES[1]: 10}}
    assert {each["species_id"] for each in shown["species"]} == {RED, SPECIES[1]}
    assert all(each["names"]["en"] and each["family"]["scientific"] for each in shown["species"])
    assert sum(each["photos"] for each in shown["bins"]) == 40


def test_the_photos_behind_a_mistake_are_shown_with_links_and_erased_ones_are_not(models):
    models.train("head-1")
    answered(models, "head-1", 30, photos=40)
    records = DynamoDatasetPhotos(models.cloud.dynamodb, "dataset")
    for number in range(30, 39):
        records.save(DatasetPhoto(f"p{number:02}", "kaggle", RED, f"kaggle/p{number:02}.jpg"))
    asked = {**EVALUATED, "species": RED, "answer": SPECIES[1]}
    status, shown = models.ask("GET", "/{version}/photos", query=asked, path_parameters={"version": "head-1"})
    assert (status, len(shown["items"]), shown["more"]) == (200, 9, 0)
    assert all(f"kaggle/{each['photo_id']}.jpg" in each["url"] for each in shown["items"])
    _, mistakes = models.ask(
        "GET", "/{version}/photos", query={**EVALUATED, "species": RED}, path_parameters={"version": "head-1"}
    )
    assert mistakes["items"][0]["answer"] == SPECIES[1]
    _, none = models.ask(
        "GET", "/{version}/photos", query={**EVALUATED, "species": SPECIES[1]}, path_parameters={"version": "head-1"}
    )
    assert none["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"snapshot": "../bundles", "split": "test"}, 422),
        ({**EVALUATED, "split": "secret"}, 422),
        ({**EVALUATED, "species": "../x"}, 422),
        ({**EVALUATED, "snapshot": "b" * 64, "species": RED}, 404),
    ],
)
def test_what_is_asked_never_becomes_a_key_unseen(models, query, status):
    models.train("head-1")
    answered(models, "head-1", 30, photos=40)
    assert models.ask("GET", "/{version}/photos", query=query, path_parameters={"version": "head-1"})[0] == status
