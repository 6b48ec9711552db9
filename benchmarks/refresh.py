# ruff: noqa: D102 - the stand-ins answer as the real clients do
"""What a refresh with 100 new photos costs as the dataset grows, and how fast photos are cleaned beside the decode floor.

Run ``python -m benchmarks.refresh [--sizes 1000,10000,100000]``. The real use case and the real adapters work on a store in
memory that counts requests; times hold our own work, without a network. Cleaning is measured on real photos where the sample is at hand.
"""

import argparse
import hashlib
import io
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from avocet.adapters.dataset_records import DynamoDatasetPhotos, DynamoHeads, DynamoStandings
from avocet.adapters.duplicate_index import DynamoDuplicateIndex
from avocet.adapters.label_cases import DynamoLabelCases
from avocet.adapters.picture_book import DynamoPictureBook
from avocet.adapters.system import now
from avocet.domain.cleaning import clean_photo
from avocet.domain.dataset import DatasetPhoto, PhotoState, Split, SplitCounts
from avocet.domain.hashing import BAND_BYTES, BANDS
from avocet.domain.snapshots import Change, Manifest, Row, snapshot_id
from avocet.domain.trust import TrustRecord
from avocet.usecases.dataset_ports import FreshContribution, Head, TaggedObject
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.refresh import Refresh
from avocet.usecases.refresh_work import Run
from avocet.usecases.snapshot_store import SnapshotStore, manifest_key

SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "birds-sample" / "train"
NEW_PHOTOS = 100
SPECIES = 500
FLOOR_PHOTOS = 400


class MemoryTable:
    """As much of DynamoDB's client as the dataset's adapters use, counting requests."""

    def __init__(self, requests: Counter[str]) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.listed: dict[str, list[str]] = {}
        self.requests = requests

    def get_item(self, **asked: Any) -> dict[str, Any]:
        self.requests["GetItem"] += 1
        item = self.items.get(asked["Key"]["key"]["S"])
        return {"Item": item} if item else {}

    def put_item(self, **asked: Any) -> None:
        self.requests["PutItem"] += 1
        self.items[asked["Item"]["key"]["S"]] = asked["Item"]

    def update_item(self, **asked: Any) -> dict[str, Any]:
        self.requests["UpdateItem"] += 1
        values = asked["ExpressionAttributeValues"]
        item = self.items.setdefault(asked["Key"]["key"]["S"], {"key": asked["Key"]["key"]})
        item["fence"] = values[":fence"]
        if ":record" in values:
            item["record"] = values[":record"]
        return {"Attributes": item}

    def batch_get_item(self, **asked: Any) -> dict[str, Any]:
        self.requests["BatchGetItem"] += 1
        ((table, wanted),) = asked["RequestItems"].items()
        keys = [key["key"]["S"] for key in wanted["Keys"]]
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def batch_write_item(self, **asked: Any) -> dict[str, Any]:
        self.requests["BatchWriteItem"] += 1
        for puts in asked["RequestItems"].values():
            for put in puts:
                item = put["PutRequest"]["Item"]
                self.items[item["key"]["S"]] = item
        return {}

    def transact_write_items(self, **asked: Any) -> None:
        self.requests["TransactWriteItems"] += 1
        for change in asked["TransactItems"]:
            if "Put" in change:
                self.items[change["Put"]["Item"]["key"]["S"]] = change["Put"]["Item"]

    def get_paginator(self, _name: str) -> "MemoryTable":
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.requests["Query"] += 1
        wanted = asked["ExpressionAttributeValues"][":listed"]["S"]
        yield {"Items": [{"key": {"S": key}} for key in self.listed.get(wanted, [])]}


class MemoryBucket:
    """A bucket that counts requests."""

    def __init__(self, requests: Counter[str]) -> None:
        self.stored: dict[str, bytes] = {}
        self.requests = requests

    def get(self, key: str) -> bytes | None:
        self.requests["GetObject"] += 1
        return self.stored.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.requests["PutObject"] += 1
        self.stored[key] = data

    def put_new(self, key: str, data: bytes) -> bool:
        self.put(key, data)
        return True

    def read_tagged(self, key: str) -> TaggedObject | None:
        data = self.get(key)
        return None if data is None else TaggedObject(data, "")

    def replace(self, key: str, data: bytes, _tag: str) -> bool:
        self.put(key, data)
        return True

    def keys(self, prefix: str) -> list[str]:
        self.requests["ListObjects"] += 1
        return [key for key in self.stored if key.startswith(prefix)]

    def purge(self, key: str, *, keep_newest: bool = False) -> None:
        self.requests["DeleteObject"] += 1
        if not keep_newest:
            self.stored.pop(key, None)


class NobodyKnown:
    """A book of trust without entries."""

    def find_many(self, _owner_ids: Sequence[str]) -> dict[str, TrustRecord]:
        return {}

    def change(self, owner_id: str, change: Callable[[TrustRecord], TrustRecord]) -> tuple[TrustRecord, TrustRecord]:
        raise NotImplementedError(owner_id)


class NobodyContributes:
    """No contributions."""

    def fresh(self) -> list[FreshContribution]:
        return []

    def take(self, *_: Any) -> bool:
        return True

    def licence_to_show(self, *_: Any) -> None:
        return None

    def forget(self, _: str) -> None:
        return


class NoOpinion:
    """No champion."""

    def about(self, *_: Any) -> None:
        return None


def made_jpeg(seed: int, side_px: int = 224) -> bytes:
    """Return a photo of soft colours, another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def real_jpeg(number: int, side_px: int) -> bytes:
    """Return a photo of the sample where it is at hand, enlarged to ``side_px``; a made one otherwise."""
    sample = sorted(SAMPLE.glob("*/001.jpg"))
    if not sample:
        return made_jpeg(number, side_px)
    data = sample[number % len(sample)].read_bytes()
    image = Image.open(io.BytesIO(data))
    if image.width == side_px:
        return data
    buffer = io.BytesIO()
    image.resize((side_px, side_px), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def seeded(size: int) -> tuple[Refresh, MemoryTable, MemoryBucket, Counter[str]]:
    """Return a refresh over a dataset of ``size`` photos, each in all its buckets."""
    requests: Counter[str] = Counter()
    table, clean, raw = MemoryTable(requests), MemoryBucket(requests), MemoryBucket(requests)
    rng = random.Random(size)
    buckets: dict[str, bytearray] = {}
    splits = [Split.TRAIN] * 14 + [Split.VALIDATION] * 3 + [Split.TEST] * 3
    counts: dict[str, SplitCounts] = {}
    for number in range(size):
        photo_id, phash = rng.randbytes(16), rng.randbytes(32)
        split, species = splits[number // SPECIES % 20], f"bird-{number % SPECIES}"
        counts[species] = counts.get(species, SplitCounts()).plus(split, 1)
        record = DatasetPhoto(
            photo_id.hex(), "kaggle", species, "", taken_revision=1, state=PhotoState.IN_DATASET, split=split,
            group_id=photo_id.hex(), dataset_species_id=species, phash=phash.hex(), snapshot_id="s", version=1,
        )  # fmt: skip
        table.items[f"photo#{photo_id.hex()}"] = _item(record)
        for band in range(BANDS):
            key = f"bucket#{band:02x}{phash[band * BAND_BYTES : (band + 1) * BAND_BYTES].hex()}"
            buckets.setdefault(key, bytearray()).extend(photo_id + phash)
    for key, packed in buckets.items():
        table.items[key] = {"key": {"S": key}, "entries": {"B": bytes(packed)}}
    row = Row(Change.ADD, "0" * 32, "bird-0", Split.TRAIN, "0" * 32, "0" * 64, "0" * 64, "kaggle")
    parent = snapshot_id("", [row])
    SnapshotStore(clean).put_delta(parent, [row])
    clean.stored[manifest_key(parent)] = Manifest(parent, "", 0, counts, {"add": size}, ()).to_json()
    heads = DynamoHeads(table, "t")  # type: ignore[arg-type]
    heads.move(Head(parent, 1))
    photos = DynamoDatasetPhotos(table, "t")  # type: ignore[arg-type]
    fresh = []
    for number in range(NEW_PHOTOS):
        data = made_jpeg(number)
        photo_id_text = hashlib.sha256(data).hexdigest()[:32]
        key = f"bird-{number % SPECIES}/{photo_id_text}.jpg"
        raw.stored[key] = data
        table.items[f"photo#{photo_id_text}"] = _item(
            DatasetPhoto(photo_id_text, "kaggle", f"bird-{number % SPECIES}", key, version=1)
        )
        fresh.append(f"photo#{photo_id_text}")
    table.listed["fresh"] = fresh
    refresh = Refresh(
        clean_objects=clean,
        raw_objects=raw,
        models_objects=MemoryBucket(requests),
        photos=photos,
        contributions=NobodyContributes(),
        heads=heads,
        index=DynamoDuplicateIndex(table, "t"),  # type: ignore[arg-type]
        standings=DynamoStandings(table, "t"),  # type: ignore[arg-type]
        picture_book=DynamoPictureBook(table, "t"),  # type: ignore[arg-type]
        labels=DynamoLabelCases(table, "t"),  # type: ignore[arg-type]
        numbers=KeepNumbers(clean, now),
        opinion=NoOpinion(),
        trust=NobodyKnown(),
        floor_photos=FLOOR_PHOTOS,
    )
    requests.clear()
    return refresh, table, clean, requests


def _item(record: DatasetPhoto) -> dict[str, Any]:
    return {
        "key": {"S": f"photo#{record.photo_id}"},
        "version": {"N": "1"},
        "record": {"S": json.dumps(asdict(record))},
    }


def refresh_cost(size: int) -> tuple[float, Counter[str]]:
    """Return seconds and requests of one refresh with 100 new photos."""
    refresh, _, _, requests = seeded(size)

    def beat(*_: Any) -> None:
        return

    began_s = time.perf_counter()
    run = Run("bench", 2)
    plan = refresh.plan(run, beat)
    for key in plan.batches:
        refresh.clean(key, beat)
    result = refresh.write(run, beat)
    took_s = time.perf_counter() - began_s
    assert result["added"] == str(NEW_PHOTOS), result
    return took_s, requests


def cleaning_cost(rounds: int = 5) -> Iterator[tuple[int, float, float]]:
    """Yield the side in px, photos a second cleaned, and photos a second merely decoded, by the processor's time; interleaved, best of the rounds."""
    for side_px, photos in ((224, 100), (512, 40), (2048, 8)):
        data = [real_jpeg(number, side_px) for number in range(photos)]
        cleaned, decoded = [], []
        for _ in range(rounds):
            began_s = time.process_time()
            for each in data:
                clean_photo(each)
            cleaned.append(time.process_time() - began_s)
            began_s = time.process_time()
            for each in data:
                Image.open(io.BytesIO(each)).convert("RGB").load()
            decoded.append(time.process_time() - began_s)
        yield side_px, photos / min(cleaned), photos / min(decoded)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    for size in map(int, parser.parse_args().sizes.split(",")):
        took_s, requests = refresh_cost(size)
        listed = ", ".join(f"{name} {count}" for name, count in sorted(requests.items()))
        print(f"| {size:,} | {took_s:.2f} s | {sum(requests.values())} | {listed} |", flush=True)
    for side_px, cleaned, decoded in cleaning_cost():
        print(f"| {side_px} px | {cleaned:.0f}/s cleaned | {decoded:.0f}/s decoded | {decoded / cleaned:.2f} |")


if __name__ == "__main__":
    main()
