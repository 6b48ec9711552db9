"""`avocet models`."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from avocet.http.openapi import document
from cli.curves import sparkline
from tests.cli.fakes import API, Terminal, problem


def example(path: str, method: str = "get", status: str = "200") -> Any:
    """What the API's own description answers with."""
    answer = document()["paths"][path][method]["responses"][status]["content"]["application/json"]
    return json.loads(json.dumps(answer["example"]))


def answering(answers: dict[tuple[str, str], Any]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        path = str(request.url.copy_with(query=None)).removeprefix(API)
        return httpx.Response(200, json=answers[request.method, path])

    return answer


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.avocet("login", "--admin")
    return terminal


def test_the_list_shows_every_version_and_the_line_of_champions(admin: Terminal) -> None:
    admin.cloud.on_prediction = answering({("GET", "/admin/models"): example("/admin/models")})
    result = admin.avocet("models", "list")
    assert result.exit_code == 0, result.stderr
    assert "starter-1a2b3c4d" in result.stdout
    assert "accuracy 0.905" in result.stdout
    assert "It came with this release." in result.stdout


def test_one_version_is_shown_and_its_name_is_no_path(admin: Terminal) -> None:
    shown = example("/admin/models/champion")
    curve = f"/admin/models/{shown['model']['version']}/learning-curve"
    answers = {("GET", "/admin/models/champion"): shown, ("GET", curve): {"version": "starter-1", "parts": []}}
    admin.cloud.on_prediction = answering(answers)
    told = admin.avocet("models", "show").stdout
    assert "524 species, 26.6 MB" in told
    assert "No learning curve was kept." in told
    assert json.loads(admin.avocet("models", "show", "--json").stdout) == shown
    admin.cloud.on_prediction = lambda request: problem(404, "no-such-model", "Check the version.")
    assert admin.avocet("models", "show", "../jobs").exit_code == 1
    assert admin.cloud.requests[-1].url.raw_path.endswith(b"/admin/models/..%2Fjobs")


CURVE = "/admin/models/{version}/learning-curve"


@pytest.fixture
def challenger(admin: Terminal) -> Terminal:
    shown, curve = example("/admin/models/{version}"), example(CURVE)
    path = f"/admin/models/{shown['model']['version']}/learning-curve"
    admin.cloud.on_prediction = answering({("GET", "/admin/models/challenger"): shown, ("GET", path): curve})
    return admin


def test_a_version_comes_with_its_learning_curve_in_a_line_for_each_figure(challenger: Terminal) -> None:
    lines = [line.split() for line in challenger.avocet("models", "show", "challenger").stdout.splitlines()]
    assert ["Learning", "curve:", "2", "epochs;", "the", "best", "is", "number", "2"] in lines
    assert ["loss,", "validation", "photos", "1.210", "1.120", "1.120", "█▆▁"] in lines
    # Nothing was learnt yet at the beginning, where only validation photos were looked at.
    assert ["loss,", "training", "photos", "1.540", "1.490", "1.490", "·█▁"] in lines
    assert ["Learning", "curve:", "2", "heads", "tried;", "the", "best", "is", "number", "1"] in lines


def test_a_curve_is_told_step_by_step(challenger: Terminal) -> None:
    result = challenger.avocet("models", "curve")
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["0", "head", "-", "1.210", "-", "0.767", "-", "-"] in lines
    assert ["2", "<", "every", "layer", "1.490", "1.120", "0.740", "0.781", "1.2e-04", "403"] in lines
    assert ["1", "<", "head", "0.410", "0.620", "0.960", "0.910", "1", "0.01", "0"] in lines
    assert json.loads(challenger.avocet("models", "curve", "--json").stdout) == example(CURVE)


def test_a_running_trainings_curve_is_told_as_far_as_it_has_come(admin: Terminal) -> None:
    curve = example("/admin/jobs/{id}/learning-curve")
    jobs = {"jobs": [{"job_id": "5f2b8c1e", "kind": "train"}], "message": ""}
    known = {("GET", "/admin/jobs"): jobs, ("GET", "/admin/jobs/5f2b8c1e/learning-curve"): curve}
    admin.cloud.on_prediction = answering(known)
    assert "every layer" in admin.avocet("jobs", "curve", "5f2b").stdout


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None, None], "··"),
        ([0.5, 0.5], "▄▄"),
        ([0.0, 0.5, 1.0, None], "▁▅█·"),
        ([float(at) for at in range(600)], "▁" * 5),
    ],
)
def test_a_line_of_blocks_goes_from_the_lowest_to_the_highest(values: list[float | None], drawn: str) -> None:
    line = sparkline(values)
    assert line.startswith(drawn)
    assert len(line) == min(len(values), 60)


def test_a_comparison_says_what_to_do_and_why(admin: Terminal) -> None:
    compared = example("/admin/models/comparison")
    admin.cloud.on_prediction = answering({("GET", "/admin/models/comparison"): compared})
    result = admin.avocet("models", "compare", "head-2b3c4d5e")
    assert result.exit_code == 0, result.stderr
    assert "Either will do. On 300 photos the difference is noise" in result.stdout
    assert "kakapo" in result.stdout
    assert admin.cloud.requests[-1].url.params["version"] == "head-2b3c4d5e"
    result = admin.avocet("models", "compare", "--json")
    assert json.loads(result.stdout) == compared


def test_shadow_results_come_with_their_interval_and_what_they_do_not_say(admin: Terminal) -> None:
    path = "/admin/models/{version}/shadow"
    shown = example(path)
    admin.cloud.on_prediction = answering({("GET", "/admin/models/challenger/shadow"): shown})
    result = admin.avocet("models", "shadow")
    assert result.exit_code == 0, result.stderr
    assert "head-2b3c4d5e is the challenger and scores 10.2% of all photos, unseen by people." in result.stdout
    assert "Same species first: 90.0% (86.7% to 92.6%)" in result.stdout
    assert "not which of the two is right" in result.stdout
    assert "p = 0.45" in result.stdout
    assert json.loads(admin.avocet("models", "shadow", "--json").stdout) == shown


def test_where_there_is_nothing_yet_or_the_bundle_is_broken_that_is_said(admin: Terminal) -> None:
    shown = {
        "version": "head-1",
        "state": "not_challenger",
        "share": 0.1,
        "trouble": {"reason": "model.onnx is missing", "at": "2026-11-25T10:00:00Z"},
        "against": [],
    }
    admin.cloud.on_prediction = answering({("GET", "/admin/models/head-1/shadow"): shown})
    told = admin.avocet("models", "shadow", "head-1").stdout
    assert "scores no further photos" in told
    assert "It could not score at 2026-11-25 10:00: model.onnx is missing" in told
    assert "Nothing yet." in told
    admin.cloud.on_prediction = lambda request: problem(404, "no-such-model", "There is no challenger.")
    assert admin.avocet("models", "shadow").exit_code == 1


def line(*steps: tuple[str, str]) -> dict[str, Any]:
    """Return the models as the API lists them, the champions' line given from its beginning."""
    tenures = [
        {**example("/admin/models/champion", "put"), "revision": number, "version": version, "change": change}
        for number, (version, change) in enumerate(steps, start=1)
    ]
    return {"champion": steps[-1][0], "challenger": None, "models": [], "history": tenures[::-1]}


def test_promoting_and_rolling_back_send_the_reason(admin: Terminal) -> None:
    tenure = example("/admin/models/champion", "put")
    admin.cloud.on_prediction = answering(
        {
            ("PUT", "/admin/models/champion"): tenure,
            ("GET", "/admin/models"): line(("starter", "shipped"), ("head-1", "promoted")),
            ("POST", "/admin/models/rollback"): tenure,
        }
    )
    result = admin.avocet("models", "promote", "challenger", "--reason", "better on owls")
    assert "starter-1a2b3c4d is the champion" in result.stdout
    assert json.loads(admin.cloud.requests[-1].content) == {"version": "challenger", "reason": "better on owls"}
    admin.avocet("models", "rollback", "--reason", "gulls")
    assert json.loads(admin.cloud.requests[-1].content) == {"leaving_revision": 2, "reason": "gulls"}


def test_the_same_rollback_typed_twice_is_one_step_and_a_further_one_names_whom_to_leave(admin: Terminal) -> None:
    tenure = example("/admin/models/champion", "put")
    steps = line(("starter", "shipped"), ("head-1", "promoted"), ("head-2", "promoted"), ("head-1", "rolled_back"))
    admin.cloud.on_prediction = answering({("GET", "/admin/models"): steps, ("POST", "/admin/models/rollback"): tenure})
    result = admin.avocet("models", "rollback", "--reason", "gulls")
    assert result.exit_code == 1
    assert "avocet models rollback head-1" in " ".join(result.stderr.split())
    assert admin.cloud.requests[-1].method == "GET", "nothing was changed"
    for leaving, revision in (("head-1", 4), ("head-2", 3)):
        assert admin.avocet("models", "rollback", leaving, "--reason", "gulls").exit_code == 0
        assert json.loads(admin.cloud.requests[-1].content)["leaving_revision"] == revision
    assert admin.avocet("models", "rollback", "head-9", "--reason", "gulls").exit_code == 1


def test_who_was_slower_is_told_by_whom(admin: Terminal) -> None:
    admin.cloud.on_prediction = lambda request: problem(409, "champion-moved", "bob made head-2 the champion.")
    result = admin.avocet("models", "promote", "head-1", "--reason", "owls")
    assert result.exit_code == 1
    assert "bob made head-2 the champion." in result.stderr
