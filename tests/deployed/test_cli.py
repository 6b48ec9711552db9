"""The `avocet` command against the deployed stack, as a person would use it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deployed.made_photos import big_photo, made_photo

Avocet = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def avocet(embedded_cloud: Mapping[str, Any], tmp_path: Path) -> Avocet:
    """Run the command in a folder of its own, the stack's local.json lying above it."""
    (tmp_path / ".avocet").mkdir()
    (tmp_path / ".avocet" / "local.json").write_text(json.dumps(embedded_cloud), "utf-8")
    kept_out = {name: value for name, value in os.environ.items() if not name.startswith("AVOCET_")}
    root = str(Path(__file__).parents[2])
    work = tmp_path / "work"
    work.mkdir()

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", "from cli.main import app; app()", *map(str, arguments)],
            cwd=work,
            env=kept_out | {"AVOCET_CONFIG_DIR": str(tmp_path / "config"), "PYTHONPATH": root},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_a_folder_of_photos_is_named(avocet: Avocet, tmp_path: Path) -> None:
    folder = tmp_path / "work" / "birds"
    folder.mkdir(parents=True)
    (folder / "small.jpg").write_bytes(made_photo(31))
    (folder / "big.jpg").write_bytes(big_photo(32))
    (folder / "broken.jpg").write_bytes(b"no photo")
    result = avocet("identify", "birds", "--json")
    assert result.returncode == 1, result.stderr
    by_name = {Path(one["photo"]).name: one for one in json.loads(result.stdout)["photos"]}
    for name in ("small.jpg", "big.jpg"):
        assert len(by_name[name]["prediction"]["predictions"]) == 3
    assert by_name["broken.jpg"]["error"]["status"] == 415
    assert "2 named" not in result.stdout


def test_csv_can_be_read_by_a_program(avocet: Avocet, tmp_path: Path) -> None:
    (tmp_path / "work" / "one.jpg").write_bytes(made_photo(33))
    result = avocet("identify", "one.jpg", "--csv")
    assert result.returncode == 0, result.stderr
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["species_id_1"]
    assert 0 <= float(row["score_1"]) <= 1


def test_the_table_names_the_photo_and_the_bird(avocet: Avocet, tmp_path: Path) -> None:
    (tmp_path / "work" / "one.png").write_bytes(made_photo(34, form="PNG"))
    result = avocet("identify", "one.png")
    assert result.returncode == 0, result.stderr
    assert "one.png" in result.stdout
    assert "1 named" in result.stderr


def test_status_and_species_answer(avocet: Avocet) -> None:
    status = json.loads(avocet("status", "--json").stdout)
    assert status["deployment"]["kind"] == "embedded"
    assert status["status"]["status"] == "ready"
    found = json.loads(avocet("species", "avocette", "--lang", "fr", "--json").stdout)["species"]
    assert found, "the French word finds avocets"
    assert json.loads(avocet("species", "Pied", "Avocet", "--json").stdout)["species"][0]["species_id"] == "pied-avocet"


def test_the_demo_administrator_is_one_word_away(avocet: Avocet) -> None:
    assert avocet("login", "--admin").returncode == 0
    assert "admin" in json.loads(avocet("status", "--json").stdout)["person"]["groups"]


def test_an_administrator_asks_how_far_somebody_is_trusted(avocet: Avocet, embedded_cloud: Mapping[str, Any]) -> None:
    assert avocet("login", "--admin").returncode == 0
    somebody = embedded_cloud["accounts"]["user"]["username"]
    result = avocet("users", "trust", somebody)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{somebody} is ")
    assert "Trust takes 10 right labels of 5 species" in result.stdout
    assert json.loads(avocet("users", "trust", somebody, "--json").stdout)["needed_photos"] == 10
    assert "Nobody is called" in avocet("users", "trust", "nobody@example.org").stderr


def test_a_wrong_password_is_one_sentence(avocet: Avocet) -> None:
    result = avocet("login", "--user", "nobody@example.org", "--password-stdin")
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
