"""What clients may send."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.contribution import Feedback, PhotoNotFoundError
from avocet.domain.imaging import UnsupportedFormatError
from avocet.http.bodies import feedback_request, photo_id_in_path, upload_request
from avocet.http.events import parse_event
from avocet.http.photo_body import prediction_request
from avocet.http.problem import BadRequestError, InvalidRequestError
from avocet.http.schema.contributing import FeedbackRequest, UploadRequest
from avocet.http.schema.predictions import PredictionOfUpload
from tests.made.events import event
from tests.made.photos import jpeg

PHOTO_ID = "0" * 32


def sent(body, content_type="application/json", **parts):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_event(event("POST", "/x", body=data, content_type=content_type, **parts), "c")


@pytest.mark.parametrize("value", [None, "10", True, 0, -1, 1.5, [], {}])
def test_a_size_is_a_positive_whole_number(value):
    with pytest.raises(InvalidRequestError):
        upload_request(sent({"size_bytes": value}))


@pytest.mark.parametrize("value", [1, 25 * 1024 * 1024, 10**12, 3.0])
def test_any_such_number_is_read(value):
    assert upload_request(sent({"size_bytes": value})) == UploadRequest(int(value))


@pytest.mark.parametrize("declared", ["image/jpeg", "application/octet-stream", "application/json", "text/plain", ""])
def test_a_photo_is_known_by_its_content_whatever_is_declared(declared):
    assert prediction_request(sent(jpeg(), declared)) == jpeg()


def test_json_names_an_upload():
    assert prediction_request(sent({"upload_id": PHOTO_ID})) == PredictionOfUpload(PHOTO_ID)


@pytest.mark.parametrize("upload_id", [None, 1, "x", "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "\n", "../" + "0" * 29])
def test_an_upload_id_is_one_of_ours(upload_id):
    with pytest.raises(InvalidRequestError):
        prediction_request(sent({"upload_id": upload_id}))


def test_what_is_declared_as_json_and_is_none_is_a_bad_request():
    with pytest.raises(BadRequestError):
        prediction_request(sent(b"{"))


def test_what_is_neither_photo_nor_json_is_of_no_kind_we_take():
    with pytest.raises(UnsupportedFormatError):
        prediction_request(sent(b"hello", "text/plain"))


def test_feedback_is_read():
    assert feedback_request(sent({"feedback": "confirmed"})) == FeedbackRequest(Feedback.CONFIRMED)
    asked = sent({"feedback": "corrected", "species_id": "pied-avocet", "extra": 1})
    assert feedback_request(asked) == FeedbackRequest(Feedback.CORRECTED, "pied-avocet")


@pytest.mark.parametrize("kind", [None, "", "Confirmed", "yes", 1, ["confirmed"], {"confirmed": 1}])
def test_feedback_is_one_of_three(kind):
    with pytest.raises(InvalidRequestError):
        feedback_request(sent({"feedback": kind}))


@pytest.mark.parametrize("species_id", ["", "Pied Avocet", "../x", "a--b", 3, [], "pied-avocet\n"])
def test_a_species_id_looks_like_one(species_id):
    with pytest.raises(InvalidRequestError):
        feedback_request(sent({"feedback": "corrected", "species_id": species_id}))


@pytest.mark.parametrize("photo_id", ["", "x", "../../etc", "#champion", "0" * 32 + "0"])
def test_a_path_that_cannot_be_an_id_of_ours_leads_nowhere(photo_id):
    with pytest.raises(PhotoNotFoundError):
        photo_id_in_path(sent({}, path_parameters={"id": photo_id}))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
    st.sampled_from([upload_request, feedback_request, prediction_request]),
)
def test_any_json_is_taken_or_refused_and_breaks_nothing(value, read):
    for body in (value, {"size_bytes": value, "feedback": value, "species_id": value, "upload_id": value}):
        with contextlib.suppress(BadRequestError, InvalidRequestError, UnsupportedFormatError):
            read(sent(body))
