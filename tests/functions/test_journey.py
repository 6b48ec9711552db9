"""From a photo to a contribution, through the handlers alone."""

import io
import json

from PIL import Image

from tests.made.bundles import RED
from tests.made.events import ALICE, PAGE_ORIGIN, claims_of, event
from tests.made.photos import jpeg


def test_a_photo_is_named_and_its_confirmation_leaves_one_photo_in_raw(served, function):
    predict, feedback = function("predict"), function("feedback")

    asked = event("POST", "/predictions", body=jpeg(exif=True), content_type="image/jpeg", claims=claims_of(ALICE))
    answer = predict(asked, None)
    assert answer["statusCode"] == 201, answer["body"]
    body = json.loads(answer["body"])
    assert body["predictions"][0]["species_id"] == RED
    assert answer["headers"]["Access-Control-Allow-Origin"] == PAGE_ORIGIN
    assert served.s3.get_object(Bucket="uploads", Key=f"photos/{body['prediction_id']}")["Body"].read() == jpeg(
        exif=True
    )

    given = event(
        "POST",
        "/predictions/{id}/feedback",
        path_parameters={"id": body["prediction_id"]},
        body={"feedback": "confirmed"},
        claims=claims_of(ALICE),
    )
    taken = feedback(given, None)
    assert taken["statusCode"] == 200, taken["body"]
    assert json.loads(taken["body"])["status"] == "received"
    assert served.raw_keys() == [f"{RED}/{body['prediction_id']}.jpg"]
    stored = served.raw_bytes(served.raw_keys()[0])
    assert b"SecretCamera" not in stored
    assert not Image.open(io.BytesIO(stored)).getexif()
