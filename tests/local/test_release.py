"""A release agrees with its changelog and tag, and the same sources give the same bytes."""

import os
import sys
import zipfile
from pathlib import Path

import pytest

from local import layers
from local.release import notes, pack, require_tag, sums, version
from local.steps import SetupError

ROOT = Path(__file__).parents[2]


def tree(folder: Path, *, names: tuple[str, ...], at_s: int) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {Path(name).name}")
        os.utime(path, (at_s, at_s))
    return folder


def test_the_same_content_packed_on_another_day_in_another_order_gives_the_same_bytes(tmp_path):
    names = ("b/two.txt", "a.txt", "b/one.txt")
    first = tree(tmp_path / "first", names=names, at_s=1_000_000_000)
    second = tree(tmp_path / "second", names=names[::-1], at_s=1_700_000_000)
    (second / "__pycache__").mkdir()
    (second / "__pycache__/left.pyc").write_bytes(b"over")
    (second / "stack.metadata.json").write_text("a path of this machine")
    for folder in (first, second):
        pack(folder, tmp_path / f"{folder.name}.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "first.zip").namelist() == sorted(names)
    (second / "a.txt").write_text("changed")
    pack(second, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() != (tmp_path / "second.zip").read_bytes()


def test_the_core_layer_with_its_bytecode_is_the_same_when_it_is_built_again(tmp_path, monkeypatch):
    python = ROOT / ".avocet/emulator-venv/bin/python"
    built = []
    for number in range(2):
        monkeypatch.setattr(layers.Target, "folder", property(lambda _, at=tmp_path / str(number): at))
        target = layers.Target("twice", python if python.exists() else Path(sys.executable), compression=1)
        layers.build_layer(target, "core", "digest")
        built.append((tmp_path / str(number) / "core.zip").read_bytes())
    assert built[0] == built[1]
    assert any(name.endswith(".pyc") for name in zipfile.ZipFile(tmp_path / "0/core.zip").namelist())


def test_the_changelog_tells_of_this_version():
    assert notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version())


@pytest.mark.parametrize(
    "changelog", ["", "## 1.2.3 - 2026-11-25\n\n## 1.2.2 - 2026-11-01\n\nold\n", "## 1.2.3\n\nno day\n"]
)
def test_a_version_of_which_nothing_is_written_is_not_released(changelog):
    with pytest.raises(SetupError, match=r"CHANGELOG\.md"):
        notes(changelog, "1.2.3")


def test_only_what_is_said_of_this_version_is_in_its_notes():
    assert notes("## 1.2.3 - 2026-11-25\n\nnew\n\n## 1.2.2 - 2026-11-01\n\nold\n", "1.2.3") == "new\n"


def test_a_commit_tagged_as_another_version_is_not_released():
    require_tag(["v1.2.3", "nightly"], "1.2.3")
    require_tag([], "1.2.3")
    with pytest.raises(SetupError, match=r"tagged v1\.2\.2"):
        require_tag(["v1.2.2"], "1.2.3")


def test_sums_are_such_that_others_can_check_them(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "SHA256SUMS").write_text("not itself")
    assert sums(tmp_path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"


def test_every_part_of_the_project_says_the_same_version():
    import json

    assert json.loads((ROOT / "web/package.json").read_text())["version"] == version()
