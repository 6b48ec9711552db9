"""Importing: each photo once, hostile names and archives harmless, nothing dropped silently."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.dataset import PhotoState
from avocet.domain.imports import (
    MAX_PHOTOS,
    BatchTooLargeError,
    ImportedPhoto,
    InvalidBatchError,
    photo_id_of,
    unpack_batch,
)
from avocet.domain.labels import Resolution
from avocet.usecases.import_photos import ImportPhotos, InvalidSourceError
from cli.labelled_sets import LabelledSetError, open_set
from tests.unit.dataset.test_hashing import jpeg, picture
from tests.unit.dataset.world import Bomb, Crash, Doomed, World

HOSTILE_LABELS = ['O\'BIRD "X"', "A/B\\C", "../../etc/passwd", "🦤 DODO", "L" * 300, " LEADING", "a\nb\0c", "%2e%2e%2f"]


def resolve(label: str, scientific: str) -> Resolution:
    if label == "LOONEY BIRDS":
        return Resolution(label, None, "review", excluded=True)
    if label == "ODD BIRD":
        return Resolution(label, None, proposals=("great-tit",))
    return Resolution(label, "pied-avocet", "english")


def photo(label: str, seed: int = 1) -> ImportedPhoto:
    return ImportedPhoto(f"train/{label}/1.jpg", label, "", jpeg(picture(seed)))


def importer(world: World, bomb: Bomb | None = None) -> ImportPhotos:
    raw, photos = (world.raw, world.photos) if bomb is None else (Doomed(world.raw, bomb), Doomed(world.photos, bomb))
    return ImportPhotos(raw_objects=raw, photos=photos, cases=world.labels, resolve=resolve)


def batch(entries: object, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as packed:
        packed.writestr("manifest.json", json.dumps(entries))
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def entry(file: str, label: str = "AVOCET") -> dict[str, str]:
    return {"file": file, "name": file, "label": label, "scientific": ""}


def test_importing_again_adds_nothing() -> None:
    world = World()
    photos = [photo("AVOCET", seed) for seed in range(4)]
    assert importer(world)("kaggle", photos).taken == 4
    again = importer(world)("kaggle", photos)
    assert (again.taken, again.known, len(world.raw.stored)) == (0, 4, 4)


@pytest.mark.parametrize("after", [False, True])
def test_an_import_that_died_anywhere_is_completed_by_doing_it_again(after: bool) -> None:
    photos = [photo("AVOCET", seed) for seed in range(3)]
    for at in range(1, 10):
        world = World()
        with pytest.raises(Crash):
            importer(world, Bomb(at, after))("kaggle", photos)
        importer(world)("kaggle", photos)
        assert len(world.photos.records) == len(world.raw.stored) == 3


@pytest.mark.parametrize("label", HOSTILE_LABELS)
def test_a_label_never_becomes_a_path(label: str) -> None:
    world = World()
    assert importer(world)("kaggle", [photo(label)]).taken == 1
    (key,) = world.raw.stored
    folder, name = key.split("/")
    assert folder == "pied-avocet"
    assert set(name.removesuffix(".jpg")) <= set("0123456789abcdef")
    (record,) = world.photos.records.values()
    assert record.label == label


def test_a_label_of_301_letters_is_refused_and_said() -> None:
    report = importer(World())("kaggle", [photo("L" * 301), photo("  ")])
    assert [code for _, code, _ in report.refused] == ["invalid-label", "invalid-label"]


def test_photos_of_an_unresolved_label_are_kept_and_listed() -> None:
    world = World()
    report = importer(world)("kaggle", [photo("ODD BIRD")])
    assert report.unresolved == {"ODD BIRD": ("great-tit",)}
    (record,) = world.photos.records.values()
    assert record.state is PhotoState.UNRESOLVED
    assert list(world.photos.fresh()) == []
    assert world.raw.get(record.raw_key) is not None


def test_people_are_left_out_and_counted() -> None:
    world = World()
    report = importer(world)("kaggle", [photo("LOONEY BIRDS")])
    assert report.left_out == {"LOONEY BIRDS": 1}
    assert not world.raw.stored


def test_the_same_photo_under_two_labels_is_seen_twice() -> None:
    world = World()
    assert importer(world)("kaggle", [photo("AVOCET"), photo("STILT")]).taken == 2


def test_a_damaged_photo_is_refused_by_name() -> None:
    world = World()
    report = importer(world)("kaggle", [ImportedPhoto("x.jpg", "AVOCET", "", b"\xff\xd8\xff garbage")])
    assert report.refused[0][0] == "x.jpg"
    assert not world.photos.records


@pytest.mark.parametrize("source", ["", "contribution", "../x", "A", "x" * 41, "a b"])
def test_a_source_has_a_plain_name(source: str) -> None:
    with pytest.raises(InvalidSourceError):
        importer(World())(source, [])


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_ids_of_imported_photos_never_run_into_each_other(a: str, b: str, c: str, d: str) -> None:
    assert (photo_id_of(a, b, "0") == photo_id_of(c, d, "0")) == ((a, b) == (c, d))


def test_a_batch_cut_anywhere_is_refused() -> None:
    whole = batch([entry("0.jpg")], {"0.jpg": b"x" * 500})
    assert len(list(unpack_batch(whole))) == 1
    for length in range(0, len(whole), 37):
        with pytest.raises(InvalidBatchError):
            list(unpack_batch(whole[:length]))


def test_a_batch_that_is_a_bomb_is_refused_before_it_unpacks() -> None:
    bomb = batch([entry("0.jpg")], {"0.jpg": b"\0" * 80_000_000}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(BatchTooLargeError):
        list(unpack_batch(bomb))


def test_many_photos_that_are_a_bomb_together_are_refused() -> None:
    names = [f"{n}.jpg" for n in range(10)]
    bomb = batch([entry(n) for n in names], dict.fromkeys(names, b"\0" * 20_000_000), zipfile.ZIP_DEFLATED)
    with pytest.raises(BatchTooLargeError):
        list(unpack_batch(bomb))


@pytest.mark.parametrize("manifest", [{}, [1], [{"file": "0.jpg"}], [{**entry("0.jpg"), "label": 5}], [entry("other")]])
def test_a_batch_whose_manifest_lies_is_refused(manifest: object) -> None:
    with pytest.raises(InvalidBatchError):
        list(unpack_batch(batch(manifest, {"0.jpg": b"x"})))


def test_a_batch_with_too_many_photos_is_refused() -> None:
    with pytest.raises(BatchTooLargeError):
        list(unpack_batch(batch([entry("0.jpg")] * (MAX_PHOTOS + 1), {"0.jpg": b"x"})))


def kaggle_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def test_a_zip_that_climbs_out_names_no_label_and_writes_nothing(tmp_path: Path) -> None:
    archive = kaggle_zip(
        tmp_path / "set.zip", {"train/AVOCET/1.jpg": b"1", "../../AVOCET/2.jpg": b"2", "/etc/AVOCET/3.jpg": b"3"}
    )
    found = open_set(archive)
    assert [each.name for each in found.photos] == ["train/AVOCET/1.jpg"]
    assert sorted(found.ignored) == ["../../AVOCET/2.jpg", "/etc/AVOCET/3.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


def test_a_member_that_is_a_bomb_ends_in_a_sentence(tmp_path: Path) -> None:
    archive = kaggle_zip(tmp_path / "set.zip", {"train/AVOCET/1.jpg": b"\0" * 30_000_000})
    with pytest.raises(LabelledSetError, match="more than 25 MB"):
        open_set(archive).photos[0].read()


def test_a_half_written_zip_ends_in_a_sentence(tmp_path: Path) -> None:
    whole = kaggle_zip(tmp_path / "set.zip", {"train/AVOCET/1.jpg": bytes(range(256)) * 40}).read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LabelledSetError, match="no sound zip"):
        open_set(tmp_path / "half.zip")


def test_scientific_names_come_from_the_sets_own_list(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        (tmp_path / split / "AVOCET").mkdir(parents=True)
        (tmp_path / split / "AVOCET" / "1.jpg").write_bytes(b"x")
    listed = "class id,filepaths,labels,data set,scientific name\n0.0,x, AVOCET,train,RECURVIROSTRA AVOSETTA\n"
    (tmp_path / "birds.csv").write_text(listed)
    found = open_set(tmp_path)
    assert len(found.photos) == 3
    assert {each.scientific for each in found.photos} == {"RECURVIROSTRA AVOSETTA"}
