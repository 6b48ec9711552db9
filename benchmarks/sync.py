# ruff: noqa: ARG002, D102 - the stand-ins answer as the real stores do
"""How a generated archive in the shape of the Kaggle set goes through a sync: fetching, listing, taking in, and the memory it takes.

Run ``python -m benchmarks.sync [--photos 9000]``. The real use cases and the real client work; Kaggle is a stand-in on
127.0.0.1 and the stores are in memory, so times hold our own work, without S3's and DynamoDB's.
"""

import argparse
import io
import random
import resource
import time
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from PIL import Image

from avocet.adapters.dataset_records import DynamoDatasetPhotos
from avocet.adapters.kaggle import KaggleCredentials, KaggleSet
from avocet.adapters.label_cases import DynamoLabelCases
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.labels import resolve
from avocet.domain.syncing import SyncRecord
from avocet.usecases.fetch_archive import FetchArchive, archive_key
from avocet.usecases.import_photos import ImportPhotos
from avocet.usecases.take_in_archive import TakeInArchive
from benchmarks.refresh import MemoryTable
from tests.made.kaggle import DATASET, StandIn, kaggle

LABELS = ("MALLARD DUCK", "ROBIN", "HOUSE SPARROW", "COMMON LOON", "PEACOCK")
WHOLE_SET = 90_000
AT_ONCE = 8


def made_archive(photos: int) -> bytes:
    """Make an archive of so many different photos of 224 px."""
    noise = np.random.default_rng(7)
    draw = random.Random(7)
    pictures = []
    for _ in range(50):
        coarse = noise.integers(0, 256, (28, 28, 3), dtype=np.uint8)
        pictures.append(Image.fromarray(coarse).resize((224, 224), Image.Resampling.BICUBIC))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(photos):
            jpeg = io.BytesIO()
            pictures[number % len(pictures)].save(jpeg, "JPEG", quality=draw.randint(80, 95))
            # A comment after the picture makes each file another one.
            packed.writestr(f"train/{LABELS[number % 5]}/{number:05d}.jpg", jpeg.getvalue() + str(number).encode())
    return buffer.getvalue()


class MemoryArchives:
    """The archive's bucket."""

    def __init__(self) -> None:
        self.pieces: dict[int, bytes] = {}
        self.objects: dict[str, bytes] = {}
        self.reads = 0

    def begin(self, key: str) -> str:
        return "upload"

    def parts(self, key: str, upload_id: str) -> Mapping[int, int]:
        return {number: len(data) for number, data in self.pieces.items()}

    def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> None:
        self.pieces[number] = data

    def complete(self, key: str, upload_id: str) -> None:
        self.objects[key] = b"".join(self.pieces[number] for number in sorted(self.pieces))

    def abort(self, key: str, upload_id: str) -> None:
        self.pieces.clear()

    def read(self, key: str, start: int, end: int) -> bytes:
        self.reads += 1
        return self.objects[key][start:end]

    def size_bytes(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def purge(self, key: str) -> None:
        self.objects.pop(key, None)


class MemoryBucket:
    """Raw and working files; photos are counted and forgotten."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.puts = 0

    def get(self, key: str) -> bytes | None:
        return self.stored.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.puts += 1
        if not key.endswith(".jpg"):
            self.stored[key] = data

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.stored if key.startswith(prefix)]

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        self.stored.pop(key, None)


class Quiet:
    """One record, no jobs, no letters."""

    def __init__(self) -> None:
        self.record = SyncRecord()

    def read(self) -> SyncRecord:
        return self.record

    def save(self, record: SyncRecord) -> SyncRecord:
        self.record = record
        return record

    def notify(self, _notice: Any) -> None:
        return None

    def request(self, _request: Any) -> None:
        return None


def beat(_advance: int, _total: int | None, _note: str) -> None:
    """Take a sign of life."""


def main() -> None:
    """Measure once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=9_000)
    photos: int = parser.parse_args().photos
    data = made_archive(photos)
    store, raw, work, quiet = MemoryArchives(), MemoryBucket(), MemoryBucket(), Quiet()
    words: Any = quiet
    with kaggle(StandIn(data)) as stand_in:
        credentials = KaggleCredentials("somebody", "key", endpoint=stand_in.endpoint)
        fetch = FetchArchive(
            host=lambda: KaggleSet(credentials, DATASET),
            store=store,
            records=words,
            notifier=words,
            clock=lambda: datetime.now(UTC),
            spread=map,  # type: ignore[arg-type]
        )
        fetch.check(beat)
        began = time.perf_counter()
        fetch.fetch(lambda: 900, beat)
        fetched_s = time.perf_counter() - began
    requests: Counter[str] = Counter()
    table: Any = MemoryTable(requests)
    take_in = TakeInArchive(
        store=store,
        work=work,  # type: ignore[arg-type]
        records=words,
        import_photos=ImportPhotos(
            raw_objects=raw,  # type: ignore[arg-type]
            photos=DynamoDatasetPhotos(table, "dataset"),
            cases=DynamoLabelCases(table, "dataset"),
            resolve=lambda label, scientific: resolve(label, scientific, world_list()),
        ),
        jobs=words,
        notifier=words,
        spread=map,  # type: ignore[arg-type]
    )
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    listed = take_in.list_photos(beat)
    listed_s = time.perf_counter() - began
    reads = store.reads
    slowest_s = 0.0
    began = time.perf_counter()
    for key in listed.batches:
        one = time.perf_counter()
        take_in.take_batch(key, beat)
        slowest_s = max(slowest_s, time.perf_counter() - one)
    taken_s = time.perf_counter() - began
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    assert quiet.record.version_in_hand == 1
    assert archive_key(1) in store.objects
    print(f"{photos} photos, {len(data) / 1e6:.0f} MB, {len(listed.batches)} batches")
    print("| step | measured | requests |")
    print("|---|---|---|")
    print(f"| fetch | {fetched_s:.1f} s, {len(data) / 1e6 / fetched_s:.0f} MB/s | {len(store.pieces)} parts |")
    print(f"| list | {listed_s:.2f} s | {reads} ranged reads |")
    print(
        f"| take in, one core | {taken_s:.0f} s, {photos / taken_s:.0f} photos/s, slowest batch {slowest_s:.1f} s "
        f"| {store.reads - reads} ranged reads, {raw.puts} photos, {sum(requests.values())} to the table |"
    )
    print(f"Memory grew by {grown_mb:.0f} MB while listing and taking in (the archive itself lies in this process).")
    print(f"{WHOLE_SET} photos on {AT_ONCE} functions: {taken_s * WHOLE_SET / photos / AT_ONCE:.0f} s of our own work.")


if __name__ == "__main__":
    main()
