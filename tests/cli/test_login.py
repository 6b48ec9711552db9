"""Who one is, and at which Avocet."""

import json
import stat

import httpx
import pytest

from tests.cli.fakes import API, CLIENT_ID, COGNITO, DEMO, Terminal

PAGE = "https://birds.example.org"


def _hosted(terminal: Terminal, config: object = None) -> None:
    """Let the in-memory cloud answer at hosted addresses too."""

    def route(request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if url == PAGE + "/config.json":
            document = {"apiUrl": "https://api.example.org/v1", "cognitoUrl": "https://id.example.org"}
            return httpx.Response(200, json=config or document | {"clientId": "hosted1"})
        if url.startswith("https://api.example.org/v1"):
            request.url = httpx.URL(API + url.removeprefix("https://api.example.org/v1"))
        return terminal.cloud(request)

    terminal.transport = httpx.MockTransport(route)
    terminal.cloud.passwords["ada@example.org"] = "correct horse"


def test_the_demo_user_signs_in_without_being_asked(terminal: Terminal) -> None:
    result = terminal.avocet("login")
    assert result.exit_code == 0, result.output
    assert "demo@example.com" in result.stdout


def test_the_demo_administrator_signs_in_with_one_word(terminal: Terminal) -> None:
    assert "admin@example.com" in terminal.avocet("login", "--admin").stdout
    shown = terminal.avocet("status").stdout
    assert "admin@example.com" in shown
    assert "Ready." in shown
    assert "Prêt." not in shown


def test_the_sign_in_is_kept_where_nobody_else_can_read_it(terminal: Terminal) -> None:
    terminal.avocet("login")
    (kept,) = terminal.config_dir.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(terminal.config_dir.stat().st_mode) == 0o700
    assert "refresh-" in kept.read_text()


def test_no_password_or_token_is_shown_or_kept_beyond_need(terminal: Terminal) -> None:
    shown = "".join(terminal.avocet(*words).output for words in (["login"], ["status"], ["login", "--admin"]))
    kept = "".join(path.read_text() for path in terminal.config_dir.iterdir())
    for secret in (*terminal.cloud.refresh_tokens, *terminal.cloud.id_tokens, DEMO["user"]["password"]):
        assert secret not in shown
    for secret in (*terminal.cloud.id_tokens, DEMO["user"]["password"]):
        assert secret not in kept
    assert DEMO["user"]["password"] not in repr(terminal.surroundings().deployment())


def test_a_page_leads_to_its_avocet(bare_terminal: Terminal) -> None:
    _hosted(bare_terminal)
    login = ("login", "--page", PAGE, "--user", "ada@example.org", "--password-stdin")
    result = bare_terminal.avocet(*login, typed="correct horse\n")
    assert result.exit_code == 0, result.output
    status = json.loads(bare_terminal.avocet("status", "--json").stdout)
    assert status["deployment"]["api_url"] == "https://api.example.org/v1"
    assert status["deployment"]["kind"] == "hosted"
    assert status["person"]["name"] == "ada@example.org"


def test_a_hosted_avocet_can_be_named_in_full(bare_terminal: Terminal) -> None:
    _hosted(bare_terminal)
    where = ("--api", "https://api.example.org/v1/", "--cognito-url", "https://id.example.org", "--client-id", "c")
    result = bare_terminal.avocet("login", *where, "-u", "ada@example.org", "--password-stdin", typed="correct horse")
    assert result.exit_code == 0, result.output
    assert bare_terminal.avocet("identify", bare_terminal.photo("1.jpg")).exit_code == 0


def test_the_choice_of_a_hosted_avocet_lasts_until_one_goes_back(terminal: Terminal) -> None:
    _hosted(terminal)
    login = ("login", "--page", PAGE, "-u", "ada@example.org", "--password-stdin")
    terminal.avocet(*login, typed="correct horse")
    assert json.loads(terminal.avocet("status", "--json").stdout)["deployment"]["kind"] == "hosted"
    terminal.avocet("login", "--embedded")
    assert json.loads(terminal.avocet("status", "--json").stdout)["deployment"]["kind"] == "embedded"


def test_a_failed_sign_in_changes_no_choice(terminal: Terminal) -> None:
    _hosted(terminal)
    result = terminal.avocet("login", "--page", PAGE, "-u", "ada@example.org", "--password-stdin", typed="wrong")
    assert result.exit_code == 1
    assert "The name or the password is wrong." in result.stderr
    assert json.loads(terminal.avocet("status", "--json").stdout)["deployment"]["kind"] == "embedded"


def test_nobody_is_asked_where_there_is_no_terminal(bare_terminal: Terminal) -> None:
    _hosted(bare_terminal)
    assert "nobody to ask" in bare_terminal.avocet("login", "--page", PAGE).stderr


def test_an_ended_hosted_sign_in_asks_for_a_new_one(bare_terminal: Terminal) -> None:
    _hosted(bare_terminal)
    login = ("login", "--page", PAGE, "-u", "ada@example.org", "--password-stdin")
    bare_terminal.avocet(*login, typed="correct horse")
    bare_terminal.cloud.refresh_tokens.clear()
    result = bare_terminal.avocet("identify", bare_terminal.photo("1.jpg"))
    assert result.exit_code == 1
    assert "run `avocet login`" in result.stderr


def test_an_embedded_cloud_made_anew_is_signed_in_to_again(terminal: Terminal) -> None:
    terminal.avocet("login", "--admin")
    terminal.cloud.refresh_tokens.clear()
    assert "admin@example.com" in terminal.avocet("status").stdout


def test_signing_out_makes_the_kept_sign_in_worthless(terminal: Terminal) -> None:
    terminal.avocet("login", "--admin")
    assert terminal.avocet("logout").exit_code == 0
    assert terminal.cloud.refresh_tokens == {}
    assert "Nobody is signed in." in terminal.avocet("logout").stdout


@pytest.mark.parametrize("url", ["http://birds.example.org", "ftp://x", "birds.example.org", "https://[", ""])
def test_an_address_that_would_show_the_sign_in_to_others_is_refused(bare_terminal: Terminal, url: str) -> None:
    bare_terminal.environment |= {"AVOCET_API_URL": url or "nonsense"}
    result = bare_terminal.avocet("status")
    assert result.exit_code == 1
    assert bare_terminal.cloud.requests == []


def test_a_page_that_is_none_is_said_to_be_so(bare_terminal: Terminal) -> None:
    _hosted(bare_terminal, config={"hello": "world"})
    assert "not the page of an Avocet" in bare_terminal.avocet("login", "--page", PAGE).stderr


def test_a_second_factor_cannot_be_asked_for_without_a_terminal(terminal: Terminal) -> None:
    def challenge(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})

    terminal.transport = httpx.MockTransport(challenge)
    result = terminal.avocet("login", "-u", "a", "--password-stdin", typed="b")
    assert "more than a password" in result.stderr


def test_a_second_factor_is_asked_for_and_passed_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[dict[str, object]] = []

    def challenge(request: httpx.Request) -> httpx.Response:
        if request.headers["X-Amz-Target"].endswith("InitiateAuth"):
            return httpx.Response(200, json={"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})
        answers.append(json.loads(request.content))
        tokens = {"IdToken": "a.b.c", "RefreshToken": "r", "ExpiresIn": 900}
        return httpx.Response(200, json={"AuthenticationResult": tokens})

    terminal.transport = httpx.MockTransport(challenge)
    monkeypatch.setattr("cli.commands.login._asked", lambda what, *, is_secret: "123456")
    assert terminal.avocet("login").exit_code == 0
    assert answers[0]["ChallengeResponses"] == {
        "USERNAME": DEMO["user"]["username"],
        "SOFTWARE_TOKEN_MFA_CODE": "123456",
    }
    assert (answers[0]["ClientId"], answers[0]["Session"]) == (CLIENT_ID, "s")


def test_the_sign_in_goes_to_the_pool_and_nowhere_else(terminal: Terminal) -> None:
    terminal.avocet("login")
    assert {str(request.url) for request in terminal.cloud.requests} == {COGNITO + "/"}
