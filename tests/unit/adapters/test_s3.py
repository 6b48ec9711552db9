"""Photos and bundles in S3."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from avocet.adapters.aws import s3_client
from avocet.adapters.s3 import S3Bundles, S3Originals, S3RawPhotos
from avocet.adapters.system import now
from avocet.domain.contribution import PhotoChangedError, TooManyBytesError
from avocet.usecases.ports import BrokenBundleError
from tests.made.bundles import make_bundle

PHOTO_ID = "a" * 32


@pytest.fixture
def originals(cloud) -> Iterator[S3Originals]:
    s3_client.cache_clear()
    yield S3Originals(s3_client(), "uploads")
    s3_client.cache_clear()


@pytest.fixture
def raw(cloud) -> S3RawPhotos:
    return S3RawPhotos(cloud.s3, "raw")


def test_an_original_comes_back_with_the_name_of_its_bytes(originals):
    assert originals.get(PHOTO_ID, max_bytes=100) is None
    originals.put(PHOTO_ID, b"photo")
    original = originals.get(PHOTO_ID, max_bytes=5)
    assert original.data == b"photo"
    assert originals.get(PHOTO_ID, max_bytes=5, tag=original.tag) == original


def test_an_original_over_the_limit_is_not_read(originals):
    originals.put(PHOTO_ID, b"photo!")
    with pytest.raises(TooManyBytesError):
        originals.get(PHOTO_ID, max_bytes=5)


def test_an_original_that_was_overwritten_is_told_apart(originals):
    originals.put(PHOTO_ID, b"photo")
    tag = originals.get(PHOTO_ID, max_bytes=100).tag
    originals.put(PHOTO_ID, b"other")
    with pytest.raises(PhotoChangedError):
        originals.get(PHOTO_ID, max_bytes=100, tag=tag)


def test_a_grant_is_for_one_key_and_ends(originals):
    grant = originals.grant_upload(PHOTO_ID, max_bytes=10, expires_at=now() + timedelta(minutes=15))
    assert grant.fields["key"] == f"photos/{PHOTO_ID}"
    assert {"policy", "x-amz-signature"} <= set(grant.fields)
    policy = json.loads(base64.b64decode(grant.fields["policy"]))
    assert ["content-length-range", 1, 10] in policy["conditions"]
    assert {"key": f"photos/{PHOTO_ID}"} in policy["conditions"]
    ends = datetime.fromisoformat(policy["expiration"])
    assert timedelta(minutes=14) < ends - now() < timedelta(minutes=16)


def test_raw_photos_are_put_copied_found_and_deleted(raw, cloud):
    raw.put("a/1.jpg", b"jpeg")
    assert raw.copy("a/1.jpg", "b/1.jpg") is True
    assert raw.copy("none/1.jpg", "c/1.jpg") is False
    assert (raw.has("b/1.jpg"), raw.has("c/1.jpg")) == (True, False)
    raw.delete("a/1.jpg")
    raw.delete("a/1.jpg")
    assert cloud.raw_keys() == ["b/1.jpg"]
    assert cloud.raw_bytes("b/1.jpg") == b"jpeg"
    assert cloud.s3.head_object(Bucket="raw", Key="b/1.jpg")["ContentType"] == "image/jpeg"


def test_a_bundle_comes_whole_or_not_at_all(cloud, tmp_path):
    files = make_bundle()
    cloud.publish(files, "starter-00000001")
    bundles = S3Bundles(cloud.s3, "models")
    bundles.fetch("starter-00000001", tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files
    cloud.s3.delete_object(Bucket="models", Key="bundles/starter-00000001/self_test.npz")
    with pytest.raises(BrokenBundleError, match=r"self_test\.npz is missing"):
        bundles.fetch("starter-00000001", tmp_path)
