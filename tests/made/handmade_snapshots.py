"""Snapshots put together by hand: photos straight into a bucket, without cleaning and without near-duplicates in the way."""

import hashlib
from collections.abc import Sequence

from avocet.domain.dataset import Split
from avocet.domain.hashing import content_hash
from avocet.domain.shards import pack_shard
from avocet.domain.snapshots import NO_PARENT, Change, Manifest, Row, Shard, counted, snapshot_id
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.snapshot_store import CURRENT_KEY, SnapshotStore, manifest_key, shards_prefix


def add_snapshot(
    objects: Objects, photos: Sequence[tuple[str, bytes]], *, parent: str = NO_PARENT, split: Split = Split.TEST
) -> str:
    """Add photos (species, JPEG) of one split on top of ``parent``, make that current, and return its id."""
    store = SnapshotStore(objects)
    named = sorted(
        (hashlib.sha256(f"{parent}{number}{content_hash(jpeg)}".encode()).hexdigest()[:32], species, jpeg)
        for number, (species, jpeg) in enumerate(photos)
    )
    # Alike within a split, where that is allowed, and nowhere else: what is hashed here is not the picture.
    looks = content_hash(split.encode())
    rows = [
        Row(Change.ADD, photo_id, species, split, photo_id, content_hash(jpeg), looks, "made")
        for photo_id, species, jpeg in named
    ]
    made = snapshot_id(parent, rows)
    before = store.read(parent).rows if parent else {}
    depth = store.require_manifest(parent).depth + 1 if parent else 0
    key = f"{shards_prefix(made)}{split}-0.tar"
    objects.put(key, pack_shard((photo_id, jpeg) for photo_id, _, jpeg in named))
    store.put_delta(made, rows)
    manifest = Manifest(
        snapshot_id=made,
        parent_id=parent,
        depth=depth,
        species=counted([*before.values(), *rows]),
        changes={Change.ADD: len(rows)},
        shards=(Shard(key, split, len(rows), named[0][0], named[-1][0]),),
    )
    objects.put(manifest_key(made), manifest.to_json())
    objects.put(CURRENT_KEY, made.encode())
    return made
