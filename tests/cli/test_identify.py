"""Naming birds from the command line."""

import csv
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cli.client import INLINE_MAX_BYTES
from tests.cli.fakes import CLIENT_ID, DEMO, Terminal, prediction, problem


def test_a_photo_is_named_without_any_signing_in_by_hand(terminal: Terminal) -> None:
    result = terminal.avocet("identify", terminal.photo("bird.jpg"))
    assert result.exit_code == 0, result.output
    assert "Pied Avocet" in result.stdout
    assert "93%" in result.stdout
    assert terminal.cloud.called("/predictions")[0].content == b"a photo"


def test_a_folder_is_searched_through_to_the_bottom_and_only_for_photos(terminal: Terminal) -> None:
    for name in ("b/deep/er/two.PNG", "a/one.jpg", "notes.txt", ".hidden.jpg", ".git/three.jpg", "four.heic"):
        terminal.photo(f"birds/{name}", name.encode())
    result = terminal.avocet("identify", "--json", terminal.cwd / "birds")
    photos = [Path(one["photo"]).name for one in json.loads(result.stdout)["photos"]]
    assert photos == ["four.heic", "one.jpg", "two.PNG"]


def test_a_photo_named_twice_is_sent_once(terminal: Terminal) -> None:
    photo = terminal.photo("birds/one.jpg")
    terminal.avocet("identify", photo, photo.parent, photo)
    assert len(terminal.cloud.called("/predictions")) == 1


def test_a_file_given_by_itself_is_sent_whatever_its_name(terminal: Terminal) -> None:
    assert terminal.avocet("identify", terminal.photo("no-ending")).exit_code == 0


def test_the_answers_keep_the_order_of_the_photos(terminal: Terminal) -> None:
    def slow_at_first(request: httpx.Request) -> httpx.Response:
        threading.Event().wait(0.05 if request.content < b"5" else 0)
        return httpx.Response(201, json=prediction(prediction_id=request.content.decode()))

    terminal.cloud.on_prediction = slow_at_first
    photos = [terminal.photo(f"{n}.jpg", str(n).encode()) for n in range(10)]
    result = terminal.avocet("identify", "--json", "--parallel", "5", *photos)
    answers = json.loads(result.stdout)["photos"]
    assert [one["prediction"]["prediction_id"] for one in answers] == [str(n) for n in range(10)]
    assert [Path(one["photo"]).name for one in answers] == [f"{n}.jpg" for n in range(10)]


def test_a_big_photo_goes_through_an_upload(terminal: Terminal) -> None:
    content = b"x" * (INLINE_MAX_BYTES + 1)
    result = terminal.avocet("identify", terminal.photo("secret-name.jpg", content))
    assert result.exit_code == 0, result.output
    assert json.loads(terminal.cloud.called("/uploads")[0].content) == {"size_bytes": len(content)}
    assert [json.loads(one.content) for one in terminal.cloud.called("/predictions")] == [{"upload_id": "u1"}]
    stored = terminal.cloud.uploads["u1"]
    assert content in stored
    assert stored.index(b"photos/u1") < stored.index(content), "S3 ignores every field after the file"
    assert b"secret-name" not in stored


def test_a_photo_of_exactly_the_inline_size_goes_inline(terminal: Terminal) -> None:
    terminal.avocet("identify", terminal.photo("edge.jpg", b"x" * INLINE_MAX_BYTES))
    assert terminal.cloud.called("/uploads") == []


def test_bad_photos_are_reported_and_the_others_go_on(terminal: Terminal) -> None:
    def only_birds(request: httpx.Request) -> httpx.Response:
        if request.content == b"bad":
            return problem(415, "unsupported-format", "This is not a photo we can read.")
        return httpx.Response(201, json=prediction())

    terminal.cloud.on_prediction = only_birds
    photos = [terminal.photo("1.jpg"), terminal.photo("2.jpg", b"bad"), terminal.photo("3.jpg")]
    result = terminal.avocet("identify", *photos)
    assert result.exit_code == 1
    assert result.stdout.count("Pied Avocet") == 2
    assert "This is not a photo we can read." in result.stdout
    assert "2 named, 1 not" in result.stderr


def test_json_carries_the_whole_answer_or_the_reason_why_not(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda request: (
        problem(413, "photo-too-large", "Too large.")
        if request.content == b"bad"
        else httpx.Response(201, json=prediction())
    )
    result = terminal.avocet("identify", "--json", terminal.photo("1.jpg"), terminal.photo("2.jpg", b"bad"))
    named, refused = json.loads(result.stdout)["photos"]
    assert named["prediction"] == prediction()
    assert named["error"] is None
    assert refused["prediction"] is None
    assert refused["error"] == {"status": 413, "code": "photo-too-large", "sentence": "Too large."}
    assert result.exit_code == 1


def test_csv_has_one_line_per_photo(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda request: (
        problem(415, "unsupported-format", "Not, a photo.")
        if request.content == b"bad"
        else httpx.Response(201, json=prediction())
    )
    photos = [terminal.photo("un,e.jpg"), terminal.photo("2.jpg", b"bad")]
    result = terminal.avocet("identify", "--csv", "--lang", "fr", *photos)
    named, refused = csv.DictReader(io.StringIO(result.stdout))
    assert named["photo"].endswith("un,e.jpg")
    assert named["name_1"] == "Avocette élégante"
    assert named["name_2"] == "Himantopus himantopus", "no French name: the scientific one stands in"
    assert float(named["score_1"]) == pytest.approx(0.93)
    assert named["unfamiliar"] == "false"
    assert refused["error"] == "Not, a photo."
    assert refused["species_id_1"] == ""


def test_json_and_csv_exclude_each_other(terminal: Terminal) -> None:
    assert terminal.avocet("identify", "--json", "--csv", terminal.photo("1.jpg")).exit_code == 2


def test_names_come_in_french(terminal: Terminal) -> None:
    assert "Avocette élégante" in terminal.avocet("identify", "--lang", "fr", terminal.photo("1.jpg")).stdout


def test_an_unfamiliar_photo_is_not_given_a_name(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda _: httpx.Response(201, json=prediction(unfamiliar=True))
    assert "nothing it knows" in terminal.avocet("identify", terminal.photo("car.jpg")).stdout


def test_a_doubtful_photo_gets_the_family_it_belongs_to(terminal: Terminal) -> None:
    coarser = {"rank": "family", "name": "Recurvirostridae", "score": 0.97}
    coarser["names"] = {"en": "Stilts and Avocets", "fr": None, "scientific": "Recurvirostridae"}
    terminal.cloud.on_prediction = lambda _: httpx.Response(201, json=prediction(coarser=coarser))
    assert "a kind of Stilts and Avocets" in terminal.avocet("identify", terminal.photo("1.jpg")).stdout


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_api_is_asked_again_after_the_time_it_names(terminal: Terminal, status: int) -> None:
    answers = [problem(status, "busy", "Later.", **{"Retry-After": "7"}), problem(status, "busy", "Later.")]
    names: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        names.append(request.headers["X-Correlation-Id"])
        return answers.pop(0) if answers else httpx.Response(201, json=prediction())

    terminal.cloud.on_prediction = answered
    result = terminal.avocet("identify", terminal.photo("1.jpg"))
    assert result.exit_code == 0
    assert terminal.waits_s[0] == 7
    assert terminal.waits_s[1] > 0
    assert (len(names), len(set(names))) == (3, 1), "it is the same request, and called so"


def test_an_api_that_stays_busy_is_given_up_on(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda _: problem(429, "busy", "Too many requests.", **{"Retry-After": "20"})
    result = terminal.avocet("identify", terminal.photo("1.jpg"))
    assert result.exit_code == 1
    assert "Too many requests." in result.stdout
    assert 60 <= sum(terminal.waits_s) <= 300


def test_an_id_token_that_ran_out_is_renewed_once_for_all(terminal: Terminal) -> None:
    terminal.avocet("identify", terminal.photo("1.jpg"))
    cloud = terminal.cloud
    seen: set[str] = set()

    def first_token_ends(request: httpx.Request) -> httpx.Response:
        seen.add(request.headers["Authorization"])
        if len(seen) == 1:
            return problem(401, "not-signed-in", "The token has expired.")
        return httpx.Response(201, json=prediction())

    cloud.on_prediction = first_token_ends
    renewed_before = cloud.sign_ins("REFRESH_TOKEN_AUTH")
    photos = [terminal.photo(f"{n}.jpg") for n in range(6)]
    assert terminal.avocet("identify", *photos).exit_code == 0
    assert cloud.sign_ins("REFRESH_TOKEN_AUTH") - renewed_before == 2, "one to begin with, one for the refused one"


def test_a_short_lived_token_is_renewed_before_it_ends(terminal: Terminal) -> None:
    terminal.cloud.token_life_s = 30
    terminal.avocet("identify", "--parallel", "1", *[terminal.photo(f"{n}.jpg") for n in range(3)])
    assert terminal.cloud.sign_ins("REFRESH_TOKEN_AUTH") >= 2


def test_a_fault_of_the_server_gives_the_number_to_quote(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda _: problem(500, "fault", "Something broke here.")
    assert "req-1" in terminal.avocet("identify", terminal.photo("1.jpg")).stdout


def test_an_answer_that_is_not_the_apis_is_said_to_be_so(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda _: httpx.Response(502, text="<html>Bad gateway</html>")
    result = terminal.avocet("identify", terminal.photo("1.jpg"))
    assert result.exit_code == 1
    assert "502" in result.stdout
    assert "<html>" not in result.stdout


def test_a_file_that_cannot_be_read_is_reported_like_a_bad_photo(terminal: Terminal) -> None:
    unreadable = terminal.cwd / "loop.jpg"
    good = terminal.photo("good.jpg")
    unreadable.mkdir()
    (unreadable / "inner.jpg").symlink_to("inner.jpg")
    result = terminal.avocet("identify", unreadable, good)
    assert result.exit_code == 1
    assert "cannot be read" in result.stdout
    assert "Pied Avocet" in result.stdout


def test_a_missing_file_stops_everything_before_anything_is_sent(terminal: Terminal) -> None:
    result = terminal.avocet("identify", terminal.photo("1.jpg"), "nowhere.jpg")
    assert result.exit_code == 1
    assert "There is no nowhere.jpg." in result.stderr
    assert terminal.cloud.requests == []


def test_a_folder_without_photos_is_named(terminal: Terminal) -> None:
    (terminal.cwd / "empty").mkdir()
    assert "No photos in" in terminal.avocet("identify", terminal.cwd / "empty").stderr


def test_file_names_cannot_paint_the_terminal(terminal: Terminal) -> None:
    photo = terminal.photo("a\x1b[31m[red]b.jpg")
    result = terminal.avocet("identify", photo)
    assert "\x1b[31m" not in result.stdout
    assert "[red]b.jpg" in result.stdout


def test_a_file_name_that_is_no_text_survives(terminal: Terminal) -> None:
    photo = Path(os.fsdecode(os.fsencode(terminal.cwd) + b"/\xff.jpg"))
    photo.write_bytes(b"x")
    for form in ("--json", "--csv"):
        assert terminal.avocet("identify", form, photo).exit_code == 0
    assert terminal.avocet("identify", photo).exit_code == 0


@pytest.mark.parametrize("answers", ["nonsense", [], [3], [{"names": None, "score": 1}], None])
def test_an_answer_that_is_no_prediction_is_reported_like_a_bad_photo(terminal: Terminal, answers: object) -> None:
    terminal.cloud.on_prediction = lambda _: httpx.Response(201, json={"predictions": answers})
    result = terminal.avocet("identify", terminal.photo("1.jpg"))
    assert result.exit_code == 1
    assert "no prediction" in result.stdout


def test_a_defect_shows_a_sentence_and_no_trace(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.identify.find_photos", lambda places: 1 // 0)
    result = terminal.avocet("identify", terminal.photo("1.jpg"))
    assert result.exit_code == 70
    assert "defect" in result.stderr
    assert "Traceback" not in result.output


def test_nothing_listening_is_said_once(terminal: Terminal) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        if "X-Amz-Target" in request.headers:
            return terminal.cloud(request)
        raise httpx.ConnectError("refused", request=request)

    terminal.transport = httpx.MockTransport(refuse)
    result = terminal.avocet("identify", *[terminal.photo(f"{n}.jpg") for n in range(30)])
    assert result.exit_code == 1
    assert result.stderr.count("Nothing answers") == 1


class _SlowApi(BaseHTTPRequestHandler):
    """Signs anybody in, and takes its time over photos."""

    # Four are sent at once, and a fifth when one of them is named: by the tenth the command has several names.
    photos = itertools.count(1)
    has_named_some = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "X-Amz-Target" in self.headers:
            body = {"AuthenticationResult": {"IdToken": "a.b.c", "RefreshToken": "r", "ExpiresIn": 900}}
        else:
            if next(self.photos) == 10:
                self.has_named_some.set()
            threading.Event().wait(0.5)
            body = prediction()
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_an_interruption_shows_what_was_named_and_leaves_no_trace(terminal: Terminal) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SlowApi) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        local = terminal.cwd / ".avocet" / "local.json"
        local.write_text(
            json.dumps({"api_url": url + "/v1", "cognito_url": url, "client_id": CLIENT_ID, "accounts": DEMO})
        )
        for n in range(400):
            terminal.photo(f"birds/{n:03}.jpg")
        process = subprocess.Popen(
            [sys.executable, "-c", "from cli.main import app; app()", "identify", "--csv", "birds"],
            cwd=terminal.cwd,
            env=os.environ
            | {"PYTHONPATH": str(Path(__file__).parents[2]), "AVOCET_CONFIG_DIR": str(terminal.config_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert _SlowApi.has_named_some.wait(120)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
        server.shutdown()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert "given up" in stderr
    named = list(csv.DictReader(io.StringIO(stdout)))
    assert 0 < len(named) < 400
    assert all(one["species_id_1"] == "pied-avocet" for one in named)
