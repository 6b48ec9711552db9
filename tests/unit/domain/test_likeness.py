"""Which photos of a species stand beside one in review."""

from dataclasses import replace

from avocet.domain.dataset import DatasetPhoto
from avocet.domain.likeness import backbone_key, backbones_of, nearest, packed, sketches_key, unpacked, varied

PHOTO = DatasetPhoto("", "kaggle", "pied-avocet", "")


def test_variety_takes_one_photo_of_a_group_and_the_least_alike_first() -> None:
    hashes = {"a": "00", "twin-of-a": "00", "b": "01", "c": "ff", "d": "0f"}
    photos = [
        replace(PHOTO, photo_id=name, phash=phash, group_id=name.removeprefix("twin-of-"))
        for name, phash in hashes.items()
    ]
    assert [photo.photo_id for photo in varied(photos)] == ["a", "c", "d", "b"]
    assert varied([]) == []


def test_similarity_puts_the_nearest_first_and_knows_nothing_of_what_was_measured_otherwise() -> None:
    sketches = {"far": bytes([128, 0]), "near": bytes([126, 1]), "same": bytes([127, 0]), "other": bytes([127])}
    assert nearest(bytes([127, 0]), sketches) == ["same", "near", "far"]


def test_sketches_are_read_back_as_they_were_kept_and_a_torn_end_is_left_out() -> None:
    sketches = {"0" * 32: bytes([1, 2]), "f" * 32: bytes([3, 4])}
    assert unpacked(packed(sketches), 2) == sketches
    assert unpacked(packed(sketches)[:-1], 2) == {"0" * 32: bytes([1, 2])}
    assert unpacked(b"", 2) == {}


def test_backbones_that_know_a_species_are_found_by_the_keys_alone() -> None:
    keys = [
        sketches_key("b1", "smew"),
        sketches_key("b2", "smew"),
        sketches_key("b2", "red-smew"),
        backbone_key("smew"),
    ]
    assert backbones_of(keys, "smew") == ["b1", "b2"]
