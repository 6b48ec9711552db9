"""The check of the model on the deployed stack: quiet at first, then ten species are blurred, and those ten are named."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageFilter, ImageOps

from avocet.adapters.objects import S3Objects
from avocet.usecases.snapshot_store import CURRENT_KEY
from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.schedules import sent_by_schedule
from tests.deployed.test_dataset import job_closed, nothing_runs
from tests.deployed.waiting import until
from tests.made.handmade_snapshots import add_snapshot

ROOT = Path(__file__).parents[2]
DRIFTING, STEADY, NEW_PHOTOS = 10, 8, 8
BLUR_PX = 9


@pytest.fixture
def clean(cloud: Cloud, admin: Person) -> Iterator[S3Objects]:
    """The clean bucket, whose current snapshot is put back afterwards; the champion was never checked before."""
    # A refresh that came by itself would write the dataset on top of what is made here by hand, or lose what it wrote.
    until(lambda: nothing_runs(admin), within_s=600)
    s3 = cloud.aws("s3")
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    bucket = S3Objects(s3, next(name for name in names if "-storage-clean" in name))
    models = S3Objects(s3, next(name for name in names if "-storage-models" in name))
    current = bucket.get(CURRENT_KEY)
    for key in list(models.keys("drift/")):
        models.purge(key)
    yield bucket
    bucket.purge(CURRENT_KEY)
    if current is not None:
        bucket.put(CURRENT_KEY, current)


def species_of_labels() -> dict[str, str]:
    with (ROOT / "species_list/kaggle_labels.csv").open(newline="") as file:
        return {row["label"]: row["species_id"] for row in csv.DictReader(file)}


def seen(path: Path, number: int, *, blur_px: float = 0.0) -> bytes:
    """The photo, mirrored and reframed a little differently for each number."""
    with Image.open(path) as photo:
        frame = photo.convert("RGB").crop((number, number, 224 - number, 224 - number))
    frame = ImageOps.mirror(frame) if number % 2 else frame
    buffer = io.BytesIO()
    frame.filter(ImageFilter.GaussianBlur(blur_px)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def checked(admin: Person, job: dict[str, Any]) -> dict[str, Any]:
    """Wait for a check, which must end well, and return its report."""
    ended = job_closed(admin, job)
    return succeeded(admin.get(f"/admin/drift-reports/{ended['result']['report_id']}"))


def test_blurred_photos_of_ten_species_are_found_and_nothing_else(
    cloud: Cloud, admin: Person, clean: S3Objects, real_photos: list[Path]
) -> None:
    by_label: dict[str, list[Path]] = {}
    for path in real_photos:
        by_label.setdefault(path.parent.name, []).append(path)
    species = species_of_labels()
    labels = [label for label in sorted(by_label) if species.get(label)][: DRIFTING + STEADY]
    reference = [(species[label], seen(path, 1)) for label in labels for path in by_label[label]]
    first = add_snapshot(clean, reference)

    # On demand.
    report = checked(admin, succeeded(admin.post("/admin/jobs", json={"kind": "check_drift"}), 202))
    assert report["state"] == "no_reference"
    assert report["newly_scored"] == len(reference)

    blurred = set(labels[:DRIFTING])
    new = [
        (species[label], seen(by_label[label][number % 4], 2 + number, blur_px=BLUR_PX if label in blurred else 0.0))
        for label in labels
        for number in range(NEW_PHOTOS)
    ]
    add_snapshot(clean, new, parent=first)

    # As the schedule does it.
    report = checked(admin, sent_by_schedule(cloud, "CheckDriftSchedule"))

    assert report["state"] == "drifting"
    assert report["newly_scored"] == report["new_photos"] == len(new)
    flagged = {each["current"]["species_id"] for each in report["drifting"] if each["direction"] == "worse"}
    assert flagged == {species[label] for label in blurred}
    assert all(each["direction"] == "worse" for each in report["drifting"])
    page = httpx.get(report["page_url"], trust_env=False, timeout=60)
    assert page.headers["content-type"].startswith("text/html")
    assert report["drifting"][0]["current"]["en"] in page.text.replace("&#x27;", "'")
    french = httpx.get(report["page_url_fr"], trust_env=False, timeout=60).text.replace("&#x27;", "'")
    assert report["drifting"][0]["current"]["fr"] in french
    assert report["advice"]["fr"] in french
    assert report["advice"]["en"] not in french

    # Everybody who looks is told.
    model = succeeded(cloud.request("GET", "/status"))["model"]
    assert (model["state"], model["is_watched"]) == ("drifting", True)
    assert model["sentence"] == report["sentence"]

    def told() -> dict[str, Any] | None:
        asked = {"params": {"kind": "drift"}, "trust_env": False, "timeout": 60}
        inbox = httpx.get(str(cloud.local["inbox_url"]), **asked).json()["letters"]
        starts = ("Avocet: drift in 10 species: ", "Avocet : dérive de 10 espèces : ")
        found = {letter["language"]: letter for letter in inbox if letter["subject"].startswith(starts)}
        return found if len(found) == 2 else None

    # They go out once the job is closed.
    letters = until(told, within_s=300)
    assert "recognised less well" in letters["en"]["text"]
    assert len(letters["en"]["subject"]) < 100
