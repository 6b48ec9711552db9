"""Finding the Avocet that is meant, and what `status` and `species` tell of it."""

import json
from pathlib import Path

import pytest

from tests.cli.fakes import API, COGNITO, Terminal


def test_nothing_found_says_what_to_do(bare_terminal: Terminal) -> None:
    result = bare_terminal.avocet("status")
    assert result.exit_code == 1
    assert "make up" in result.stderr


def test_the_embedded_cloud_is_found_from_a_folder_below(terminal: Terminal) -> None:
    terminal.cwd = terminal.cwd / "deep" / "er"
    terminal.cwd.mkdir(parents=True)
    assert terminal.avocet("status").exit_code == 0


def test_the_embedded_cloud_is_found_beside_the_installed_command(bare_terminal: Terminal) -> None:
    bare_terminal.embedded_cloud(bare_terminal.cwd.parent / "installed" / ".avocet")
    assert bare_terminal.avocet("status").exit_code == 0


def test_avocet_home_goes_before_what_lies_around(terminal: Terminal, tmp_path: Path) -> None:
    terminal.environment["AVOCET_HOME"] = str(tmp_path / "other")
    assert "start it with `make up`" in terminal.avocet("status").stderr
    local = terminal.embedded_cloud(tmp_path / "other")
    assert json.loads(terminal.avocet("status", "--json").stdout)["deployment"]["origin"] == str(local)


def test_the_environment_goes_before_everything(terminal: Terminal) -> None:
    terminal.environment |= {"AVOCET_API_URL": API, "AVOCET_COGNITO_URL": COGNITO, "AVOCET_CLIENT_ID": "client1"}
    deployment = json.loads(terminal.avocet("status", "--json").stdout)["deployment"]
    assert deployment["origin"] == "AVOCET_API_URL"
    assert deployment["kind"] == "hosted"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"api_url": 3, "accounts": {}}', '{"api_url": "http://a.org", "accounts": {}}']
)
def test_a_broken_local_file_is_a_sentence(terminal: Terminal, content: str) -> None:
    (terminal.cwd / ".avocet" / "local.json").write_text(content)
    result = terminal.avocet("status")
    assert result.exit_code == 1
    assert "local.json" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_status_tells_model_person_and_speed(terminal: Terminal) -> None:
    shown = terminal.avocet("status").stdout
    assert "starter-12345678" in shown
    assert "demo@example.com (user)" in shown
    assert " ms" in shown
    assert "embedded" in shown


def test_status_needs_nobody_signed_in(bare_terminal: Terminal) -> None:
    bare_terminal.environment |= {"AVOCET_API_URL": API}
    result = bare_terminal.avocet("status")
    assert result.exit_code == 0, result.output
    assert "not signed in" in result.stdout


def test_species_are_found_by_name(terminal: Terminal) -> None:
    result = terminal.avocet("species", "black-winged", "stilt")
    assert "black-winged-stilt" in result.stdout
    assert json.loads(terminal.avocet("species", "stilt", "--json").stdout)["species"][0]["rank"] == "species"


def test_an_unknown_species_is_said_to_be_so(terminal: Terminal) -> None:
    result = terminal.avocet("species", "dodo")
    assert result.exit_code == 1
    assert "No species of that name." in result.stderr


def test_without_a_command_there_is_help(terminal: Terminal) -> None:
    assert "identify" in terminal.avocet().output


def test_a_mistyped_option_is_explained_without_a_trace(terminal: Terminal) -> None:
    result = terminal.avocet("identify", "--jsno", "x")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
