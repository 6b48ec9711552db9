"""`avocet import-names`."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.name_sheet import NameListError, read_name_list
from tests.cli.fakes import Terminal, problem

REPORT: dict[str, Any] = {
    "rows": 3,
    "matched": 2,
    "added": 1,
    "unmatched_count": 1,
    "unmatched": ["Avis nulla"],
    "doubtful_count": 0,
    "doubtful": [],
}
ROWS = [("Struthio molybdophanes", "Somali Ostrich", "Autruche de Somalie")]


def test_a_csv_goes_to_the_api_as_it_is(terminal: Terminal) -> None:
    content = b"scientific,english,french\nAnas platyrhynchos,Mallard,Canard colvert\n"
    terminal.cloud.on_prediction = lambda request: httpx.Response(200, json=REPORT)
    terminal.avocet("login", "--admin")
    result = terminal.avocet("import-names", terminal.photo("names.csv", content))
    assert result.exit_code == 0, result.stderr
    assert "2 birds matched of 3" in result.stdout
    assert "Avis nulla" in result.stderr
    (request,) = terminal.cloud.called("/admin/species/names")
    assert (request.method, request.content, request.url.params["lang"]) == ("PUT", content, "fr")


def test_the_report_as_json(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda request: httpx.Response(200, json=REPORT)
    terminal.avocet("login", "--admin")
    result = terminal.avocet("import-names", terminal.photo("names.csv"), "--json")
    assert json.loads(result.stdout) == REPORT


def test_who_is_no_admin_is_told(terminal: Terminal) -> None:
    terminal.cloud.on_prediction = lambda request: problem(403, "admins-only", "Sign in with an admin's account.")
    terminal.avocet("login")
    result = terminal.avocet("import-names", terminal.photo("names.csv"))
    assert result.exit_code == 1
    assert "admin" in result.stderr


def test_a_missing_file_is_told(terminal: Terminal) -> None:
    result = terminal.avocet("import-names", "nowhere.csv")
    assert result.exit_code == 1
    assert "nowhere.csv cannot be read" in " ".join(result.stderr.split())


def _sheet(path: Path, *rows: tuple[Any, ...]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(("This sheet is about something else",))
    sheet = book.create_sheet("List")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_the_iocs_sheet_becomes_csv(tmp_path: Path) -> None:
    heading = ("seq.", "Order", "Family", "IOC_15.1", "English", "Catalan", "French")
    rows = [(i, "X", "Y", science, english, "z", french) for i, (science, english, french) in enumerate(ROWS)]
    empty = (9, "X", "Y", "Avis sine nomine", "Nameless", "z", None)
    path = _sheet(tmp_path / "ioc.xlsx", ("Multilingual list",), heading, *rows, empty)
    assert read_name_list(path).decode() == (
        "scientific,english,french\nStruthio molybdophanes,Somali Ostrich,Autruche de Somalie\n"
    )


def test_a_sheet_without_french_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NameListError, match="No sheet"):
        read_name_list(_sheet(tmp_path / "other.xlsx", ("IOC_15.1", "English"), ("Anas acuta", "Northern Pintail")))


def test_what_only_calls_itself_a_sheet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "fake.xlsx"
    path.write_bytes(b"no zip at all")
    with pytest.raises(NameListError, match="no spreadsheet"):
        read_name_list(path)
