"""`avocet dataset` and `avocet jobs`: what an admin types, what is sent, what is shown."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from tests.cli.fakes import API, Terminal, problem

JOB_ID = "a" * 32
LABEL = {
    "label_id": "c" * 32,
    "source": "kaggle",
    "label": "ODD [bold]BIRD",
    "scientific": "",
    "photos": 4,
    "state": "open",
    "species_id": None,
    "awaits_refresh": False,
    "proposals": [{"species_id": "great-tit", "names": {"scientific": "Parus major", "en": "Great Tit", "fr": None}}],
}


def job(state: str = "running", kind: str = "refresh", **changes: Any) -> dict[str, Any]:
    return {
        "job_id": JOB_ID,
        "kind": kind,
        "state": state,
        "requested_at": "2026-11-23T09:00:00",
        "started_at": "2026-11-23T09:00:01",
        "finished_at": None,
        "waits_for": [],
        "progress": {"done": 3, "total": 8, "note": "cleaning photos"},
        "reason": None,
        "result": {},
        **changes,
    }


def snapshot(name: str, parent: str | None, **species: int) -> dict[str, Any]:
    return {
        "snapshot_id": name * 64,
        "parent_id": parent * 64 if parent else None,
        "photos": sum(species.values()),
        "changes": {"add": 3, "remove": 0},
        "species": {each: {"train": photos, "validation": 0, "test": 0} for each, photos in species.items()},
    }


def dataset(current: dict[str, Any] | None = None, **unresolved: int) -> dict[str, Any]:
    return {
        "snapshot": current,
        "needed_photos": 30,
        "sources": {"kaggle": 3},
        "in_review": 2,
        "unresolved": unresolved,
        "is_being_written": False,
        "sync": {"status": "withdrawn", "message": "Kaggle has the set no longer.", "version": 3, "detail": "404"},
    }


class Api:
    """Answers by method and path; what was not expected fails the test."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.sent: list[tuple[str, str, bytes]] = []

    def on(self, method: str, path: str, *answers: Any) -> "Api":
        self.answers[f"{method} {path}"] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = str(request.url.copy_with(query=None)).removeprefix(API)
        self.sent.append((request.method, path, request.content))
        answers = self.answers[f"{request.method} {path}"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def bodies(self, method: str, path: str) -> list[bytes]:
        return [body for sent, where, body in self.sent if (sent, where) == (method, path)]


@pytest.fixture
def api(terminal: Terminal) -> Api:
    answering = Api()
    terminal.cloud.on_prediction = answering
    terminal.avocet("login", "--admin")
    return answering


def shown(stdout: str) -> str:
    return " ".join(stdout.split())


def a_set(terminal: Terminal, photos: int = 3) -> None:
    for number in range(photos):
        terminal.photo(f"set/train/AVOCET/{number}.jpg", b"photo %d" % number)


def import_answer(**changes: Any) -> dict[str, Any]:
    return {"taken": 2, "known": 0, "unresolved": [], "left_out": {}, "refused": [], **changes}


def test_an_import_sends_only_what_is_missing_under_numbered_names(terminal: Terminal, api: Api) -> None:
    a_set(terminal)
    api.on("POST", "/admin/dataset/known", {"known": [False, True, False]})
    api.on("POST", "/admin/dataset/photos", import_answer())
    result = terminal.avocet("dataset", "import", terminal.cwd / "set")
    assert result.exit_code == 0, result.stderr
    assert "2 photos taken, 1 were here already." in shown(result.stdout)
    (body,) = api.bodies("POST", "/admin/dataset/photos")
    with zipfile.ZipFile(io.BytesIO(body)) as sent:
        assert sorted(sent.namelist()) == ["0.jpg", "1.jpg", "manifest.json"]
        entries = json.loads(sent.read("manifest.json"))
        assert [each["label"] for each in entries] == ["AVOCET", "AVOCET"]
        assert sent.read("1.jpg") == b"photo 2"


def test_an_import_names_what_it_could_not_place_and_how_to_settle_it(terminal: Terminal, api: Api) -> None:
    a_set(terminal)
    api.on("POST", "/admin/dataset/known", {"known": [False] * 3})
    odd = {"label": "ODD BIRD", "proposals": ["great-tit"]}
    broken = {"name": "train/AVOCET/2.jpg", "code": "unreadable-photo", "detail": "It is damaged."}
    api.on(
        "POST",
        "/admin/dataset/photos",
        import_answer(unresolved=[odd], left_out={"LOONEY BIRDS": 1}, refused=[broken]),
    )
    result = terminal.avocet("dataset", "import", terminal.cwd / "set")
    assert "great-tit" in result.stdout
    assert "avocet dataset settle LABEL" in shown(result.stdout)
    assert "LOONEY BIRDS" in result.stdout
    assert "train/AVOCET/2.jpg: It is damaged." in shown(result.stderr)


def test_a_folder_that_is_no_set_is_told_and_nothing_is_sent(terminal: Terminal, api: Api) -> None:
    terminal.photo("set/notes.txt", b"x")
    result = terminal.avocet("dataset", "import", terminal.cwd / "set")
    assert result.exit_code == 1
    assert "No photos in" in shown(result.stderr)
    assert api.sent == []


def test_the_dataset_in_words(terminal: Terminal, api: Api) -> None:
    api.on("GET", "/admin/dataset", dataset(snapshot("b", "a", avocet=3), ODD=4))
    result = terminal.avocet("dataset", "show", "--species")
    assert "3 photos of 1 species: train 3, validation 0, test 0" in shown(result.stdout)
    assert "what it changed: 3 added" in shown(result.stdout)
    assert "A species needs 30 clean photos; 2 photos wait for review." in shown(result.stdout)
    assert "Kaggle: Kaggle has the set no longer. Version taken in: 3." in shown(result.stdout)
    assert "Unresolved labels: ODD" in shown(result.stdout)


def test_an_empty_dataset_says_how_to_begin(terminal: Terminal, api: Api) -> None:
    api.on("GET", "/admin/dataset", dataset())
    assert "avocet jobs start refresh" in terminal.avocet("dataset", "show").stdout
    assert terminal.avocet("dataset", "diff").exit_code == 1


def test_a_diff_shows_only_species_that_changed(terminal: Terminal, api: Api) -> None:
    api.on("GET", "/admin/dataset", dataset(snapshot("b", "a", avocet=3, tit=5)))
    api.on("GET", f"/admin/dataset/snapshots/{'a' * 64}", snapshot("a", None, avocet=3, tit=2))
    result = terminal.avocet("dataset", "diff", "--json")
    assert json.loads(result.stdout) == {"tit": {"before": 2, "after": 5}}


def test_waiting_for_a_refresh_ends_with_what_came_of_it(terminal: Terminal, api: Api) -> None:
    api.on("POST", "/admin/jobs", job("queued", waits_for=["b" * 32]))
    api.on("GET", f"/admin/jobs/{JOB_ID}", job(), job("finished", result={"added": "12", "removed": "0"}))
    result = terminal.avocet("jobs", "start", "refresh", "--wait")
    assert result.exit_code == 0, result.stderr
    assert "finished. added 12" in shown(result.stdout)
    assert "removed" not in result.stdout
    assert len(terminal.waits_s) == 2


def test_a_failed_job_ends_the_command_badly_and_says_why(terminal: Terminal, api: Api) -> None:
    api.on("POST", "/admin/jobs", job())
    api.on("GET", f"/admin/jobs/{JOB_ID}", job("failed", reason="the clean bucket is gone"))
    result = terminal.avocet("jobs", "start", "refresh", "--wait")
    assert result.exit_code == 1
    assert "The refresh job failed: the clean bucket is gone" in shown(result.stderr)


def test_a_kind_that_cannot_be_done_is_told(terminal: Terminal, api: Api) -> None:
    api.on("POST", "/admin/jobs", problem(409, "job-kind-unavailable", "There is no way to run that here."))
    result = terminal.avocet("jobs", "start", "check_drift")
    assert result.exit_code == 1
    assert "no way to run that here" in shown(result.stderr)


def test_the_list_of_jobs_says_what_waits_for_whom(terminal: Terminal, api: Api) -> None:
    waiting = job("queued", kind="train", job_id="d" * 32, waits_for=[JOB_ID], started_at=None)
    api.on("GET", "/admin/jobs", {"message": "A refresh is running.", "jobs": [job(), waiting]})
    result = terminal.avocet("jobs")
    assert "A refresh is running." in result.stdout
    assert "waits for" in result.stdout
    assert "cleaning photos" in shown(result.stdout)


def test_verifying_says_that_all_is_well_or_fails(terminal: Terminal, api: Api) -> None:
    api.on("POST", "/admin/jobs", job("finished", kind="verify", result={"photos": "7"}))
    assert "7 photos hashed again" in terminal.avocet("dataset", "verify").stdout
    api.on("POST", "/admin/jobs", job("failed", kind="verify", reason="1 findings, such as: a shard is missing"))
    result = terminal.avocet("dataset", "verify")
    assert result.exit_code == 1
    assert "a shard is missing" in shown(result.stderr)


def test_open_labels_are_listed_and_markup_in_them_is_harmless(terminal: Terminal, api: Api) -> None:
    settled = {**LABEL, "label": "KNOWN", "state": "settled", "species_id": "great-tit"}
    api.on("GET", "/admin/dataset/labels", {"labels": [LABEL, settled]})
    result = terminal.avocet("dataset", "labels")
    assert "great-tit" in result.stdout
    assert "[bold]" in shown(result.stdout)
    assert "KNOWN" not in result.stdout
    assert "KNOWN" in terminal.avocet("dataset", "labels", "--all").stdout


@pytest.mark.parametrize(
    ("options", "decision"),
    [
        (("--accept",), {"species_id": "great-tit"}),
        (("--as", "pied-avocet"), {"species_id": "pied-avocet"}),
        (("--leave-out",), {"left_out": True}),
    ],
)
def test_a_label_is_settled_by_its_text(
    terminal: Terminal, api: Api, options: tuple[str, ...], decision: dict[str, Any]
) -> None:
    api.on("GET", "/admin/dataset/labels", {"labels": [LABEL]})
    answer = {**LABEL, "state": "settled", "species_id": "great-tit", "awaits_refresh": True}
    api.on("PUT", f"/admin/dataset/labels/{LABEL['label_id']}", answer)
    result = terminal.avocet("dataset", "settle", " odd [bold]bird", *options)
    assert result.exit_code == 0, result.stderr
    (body,) = api.bodies("PUT", f"/admin/dataset/labels/{LABEL['label_id']}")
    assert json.loads(body) == decision
    assert "avocet jobs start refresh --wait" in shown(result.stdout)


@pytest.mark.parametrize("options", [(), ("--accept", "--leave-out"), ("--as", "x", "--accept")])
def test_a_decision_is_one_of_three(terminal: Terminal, api: Api, options: tuple[str, ...]) -> None:
    assert terminal.avocet("dataset", "settle", "ODD", *options).exit_code == 1
    assert api.sent == []


def test_an_unknown_label_is_told(terminal: Terminal, api: Api) -> None:
    api.on("GET", "/admin/dataset/labels", {"labels": [LABEL]})
    result = terminal.avocet("dataset", "settle", "NOTHING", "--accept")
    assert result.exit_code == 1
    assert "There is no such label: NOTHING." in shown(result.stderr)


def test_a_species_is_added_and_its_id_shown(terminal: Terminal, api: Api) -> None:
    answer = {"species_id": "new-avocet", "names": {"en": "New Avocet"}, "rank": "species"}
    api.on("POST", "/admin/species", httpx.Response(201, json=answer))
    result = terminal.avocet("add-species", "Recurvirostra nova", "--en", "New Avocet", "--family", "Recurvirostridae")
    assert "Added New Avocet as new-avocet." in shown(result.stdout)
    (body,) = api.bodies("POST", "/admin/species")
    assert json.loads(body) == {
        "scientific": "Recurvirostra nova",
        "en": "New Avocet",
        "family": "Recurvirostridae",
        "rank": "species",
    }
