"""A backup is whole or refused, brings back every byte, and never brings back what was erased."""

import json
from pathlib import Path

import pytest

from local import backup
from local.backup import Erased
from local.emulated_cloud import Home
from local.steps import SetupError

CLEAN = "s3/000000000000/clean"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A cloud on disk that is not running."""
    home = Home(tmp_path / "home", 4999)
    put(home, "checkpoint/manifest.json", "{}")
    put(home, "lock", "123")
    put(home, f"{CLEAN}/tombstones/a1", "")
    put(home, f"{CLEAN}/tombstones/a1.meta.json", "{}")
    (home.folder / "local.json").write_text('{"accounts": {}}')
    return home


def put(home: Home, name: str, content: str) -> None:
    path = home.state / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def everything(home: Home) -> dict[str, bytes]:
    paths = home.state.rglob("*")
    return {str(path.relative_to(home.state)): path.read_bytes() for path in paths if path.is_file()}


def restored(home: Home, file: Path) -> None:
    backup.put_in_place(home, backup.unpack(home, file))


def test_what_was_there_comes_back_to_the_byte_and_what_came_later_goes(home: Home):
    before = everything(home)
    file = backup.back_up(home)
    assert file.stat().st_mode & 0o077 == 0, "others may not read people's photos"
    put(home, "checkpoint/manifest.json", "changed")
    put(home, "s3/000000000000/raw/later.jpg", "later")
    restored(home, file)
    assert everything(home) == {name: data for name, data in before.items() if name != "lock"}
    assert sorted(path.name for path in home.folder.iterdir()) == [
        "backups",
        "erased.json",
        "local.json",
        "restored",
        "state",
    ]


def test_whatever_was_erased_after_the_backup_or_before_is_remembered(home: Home):
    file = backup.back_up(home)
    put(home, f"{CLEAN}/erased-people/ada", "")
    put(home, f"{CLEAN}/tombstones/b2", "")
    restored(home, file)
    assert backup.erased_in(home.state) == Erased(photos=frozenset({"a1"}))
    assert backup.remember_erased(home) == Erased(frozenset({"ada"}), frozenset({"a1", "b2"}))
    # And for ever: a second restore of the same file knows it too.
    restored(home, file)
    assert "ada" in backup.remember_erased(home).people


@pytest.mark.parametrize(
    "harm", ["a byte changed", "cut short", "no backup at all", "another version", "nothing there"]
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_changes(home: Home, tmp_path: Path, harm: str):
    put(home, "s3/000000000000/raw/photo.jpg", "p" * 5000)
    file = backup.back_up(home)
    before = everything(home)
    data = file.read_bytes()
    match harm:
        case "a byte changed":
            file.write_bytes(data.replace(b"p" * 5000, b"p" * 4999 + b"q"))
        case "cut short":
            file.write_bytes(data[: len(data) // 2])
        case "no backup at all":
            file.write_bytes(b"anything")
        case "another version":
            file.write_bytes(data.replace(b'"format": 1', b'"format": 9'))
        case _:
            file.unlink()
    with pytest.raises(SetupError, match="backup"):
        backup.unpack(home, file)
    assert everything(home) == before
    assert not (home.folder / "restoring").exists()


def test_a_file_is_never_overwritten_and_nothing_cannot_be_backed_up(home: Home, tmp_path: Path):
    file = backup.back_up(home, tmp_path / "one.tar")
    with pytest.raises(SetupError, match="there already"):
        backup.back_up(home, file)
    with pytest.raises(SetupError, match="nothing to back up"):
        backup.back_up(Home(tmp_path / "empty", 4999))


def test_the_list_of_the_erased_outlives_everything_else(home: Home):
    put(home, f"{CLEAN}/erased-people/ada", "")
    backup.remember_erased(home)
    kept = json.loads((home.folder / "erased.json").read_text())
    assert kept == {"people": ["ada"], "photos": ["a1"]}
