"""Real photos of real birds, from the sample where it is at hand."""

import csv
import random
from pathlib import Path

from tests.deployed.cloud import Cloud, Person, succeeded

_LABELS = Path(__file__).parents[2] / "species_list" / "kaggle_labels.csv"
_PHOTOS = 24
# The starter's own figures are in its card; here a broken pipeline (colours, sizes, label order) is to be noticed.
_NAMED_AT_LEAST = 0.8


def _species_of_labels() -> dict[str, str]:
    with _LABELS.open(encoding="utf-8", newline="") as stream:
        return {row["label"]: row["species_id"] for row in csv.DictReader(stream) if row["species_id"]}


def test_real_birds_get_their_names(owner: Person, real_photos: list[Path]) -> None:
    species = _species_of_labels()
    known = [photo for photo in real_photos if photo.parent.name in species]
    named = 0
    for photo in random.Random(2).sample(known, _PHOTOS):
        answers = [one["species_id"] for one in owner.predict(photo.read_bytes())["predictions"]]
        named += species[photo.parent.name] in answers
    assert named >= _NAMED_AT_LEAST * _PHOTOS


def test_a_real_bird_ends_in_raw(cloud: Cloud, owner: Person, real_photos: list[Path]) -> None:
    photo = random.Random(3).choice(real_photos)
    prediction = owner.predict(photo.read_bytes())
    photo_id, species_id = prediction["prediction_id"], prediction["predictions"][0]["species_id"]
    succeeded(owner.answer(photo_id, "confirmed"))
    assert cloud.raw_keys(photo_id) == [f"{species_id}/{photo_id}.jpg"]
