"""Photos of a species beside one in review, through the handlers alone: what predict notes, review finds."""

import json
from dataclasses import replace

import pytest

from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads
from avocet.adapters.dynamodb import DynamoPhotoRecords
from avocet.adapters.objects import S3Objects
from avocet.adapters.picture_book import DynamoPictureBook
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState, Split
from avocet.domain.likeness import backbone_key, packed, sketches_key
from avocet.domain.reference_pictures import ReferencePicture
from tests.functions.conftest import MODEL_VERSION
from tests.made.bundles import GREEN, RED
from tests.made.events import ALICE, BOB, claims_of, event
from tests.made.photos import REDDISH, jpeg

PHOTOS = ["1" * 32, "2" * 32, "3" * 32]
BACKBONE = "b" * 16


@pytest.fixture
def look_alikes(served, function, monkeypatch):
    """Ask for photos beside one that Alice gave, in a deployment whose dataset holds three of the red species."""
    monkeypatch.setenv("AVOCET_DATA_REQUESTS_QUEUE", "https://queue.example.org/requests")
    named = function("predict")(
        event("POST", "/predictions", body=jpeg(REDDISH), content_type="image/jpeg", claims=claims_of(ALICE)), None
    )
    photo_id = json.loads(named["body"])["prediction_id"]
    photos = DynamoDatasetPhotos(served.dynamodb, "dataset")
    photos.save(DatasetPhoto(photo_id, CONTRIBUTION, RED, "", taken_revision=1, state=PhotoState.REVIEW))
    for held in PHOTOS:
        inside = DatasetPhoto(held, "kaggle", RED, f"{RED}/{held}.jpg", taken_revision=1, state=PhotoState.IN_DATASET)
        photos.save(replace(inside, split=Split.TRAIN, group_id=held, phash=held * 2, dataset_species_id=RED))
    DynamoHeads(served.dynamodb, "dataset").claim(1)
    DynamoPictureBook(served.dynamodb, "dataset").save(
        [ReferencePicture(RED, PHOTOS[0], "kaggle", None, tuple(PHOTOS[1:]))], 1
    )
    review = function("review")

    def ask(species: str | None = RED, groups: str = "reviewer"):
        asked = event(
            "GET",
            "/admin/review/{id}/look-alikes",
            path_parameters={"id": photo_id},
            query={"species": species} if species else None,
            claims=claims_of(BOB, groups=groups),
        )
        answer = review(asked, None)
        return answer["statusCode"], json.loads(answer["body"])

    ask.photo_id = photo_id
    return ask


def test_before_any_training_photos_that_differ_are_shown(look_alikes):
    status, told = look_alikes()
    assert (status, told["species_id"], told["order"]) == (200, RED, "variety")
    assert {photo["photo_id"] for photo in told["photos"]} == set(PHOTOS)
    assert all((photo["source"], photo["licence"]) == ("kaggle", None) for photo in told["photos"])
    assert all(f"/{RED}/{photo['photo_id']}.jpg?" in photo["url"] for photo in told["photos"])


def test_after_a_training_the_most_similar_come_first(look_alikes, served):
    record = DynamoPhotoRecords(served.dynamodb, "photos").find(look_alikes.photo_id)
    seen = record.prediction.sketch
    assert record.prediction.model_version == MODEL_VERSION
    assert any(seen), "what the model saw was noted when the photo was named"
    sketches = {PHOTOS[0]: bytes([127] * len(seen)), PHOTOS[1]: bytes(len(seen)), PHOTOS[2]: seen}
    models = S3Objects(served.s3, "models")
    models.put(backbone_key(MODEL_VERSION), BACKBONE.encode())
    models.put(sketches_key(BACKBONE, RED), packed(sketches))
    status, told = look_alikes()
    assert (status, told["order"]) == (200, "similarity")
    assert told["photos"][0]["photo_id"] == PHOTOS[-1]
    assert look_alikes(GREEN)[1]["photos"] == []


def test_only_reviewers_are_shown_them_and_only_of_a_species(look_alikes):
    assert look_alikes(groups="user")[0] == 403
    assert look_alikes(None)[0] == 422
    assert look_alikes("dodo-of-nowhere")[0] == 422
