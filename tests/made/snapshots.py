"""Snapshots made on the spot: birds that are patterns of sixteen colours, each photo of one a little different."""

import hashlib
import io
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from avocet.domain.dataset import Split
from avocet.domain.shards import pack_shard
from avocet.domain.snapshots import NO_PARENT, Change, Manifest, Row, Shard, counted, snapshot_id
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.read_snapshot import Snapshot, open_snapshot
from avocet.usecases.snapshot_store import CURRENT_KEY, SnapshotStore, manifest_key, shards_prefix


def pattern_jpeg(species_id: str, photo: int, *, noise: float = 25.0) -> bytes:
    """A photo of a bird that does not exist: a 4 x 4 pattern of its own, disturbed anew for each photo."""
    seed = int(hashlib.sha256(species_id.encode()).hexdigest()[:8], 16)
    pattern = np.random.default_rng(seed).integers(20, 236, (4, 4, 3))
    shaken = pattern + np.random.default_rng([seed, photo]).normal(0, noise, (4, 4, 3))
    pixels = np.clip(shaken, 0, 255).astype(np.uint8).repeat(56, axis=0).repeat(56, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def make_snapshot(objects: Objects, photos_of: Mapping[str, Mapping[Split, int]], *, first: int = 0) -> Snapshot:
    """Store a first snapshot with so many photos of each species in each split, and open it."""
    rows, jpegs = [], {}
    for species_id, counts in photos_of.items():
        number = first
        for split, photos in counts.items():
            for _ in range(photos):
                photo_id = hashlib.md5(f"{species_id}-{number}".encode(), usedforsecurity=False).hexdigest()
                jpegs[photo_id] = pattern_jpeg(species_id, number)
                digest = hashlib.sha256(jpegs[photo_id]).hexdigest()
                rows.append(Row(Change.ADD, photo_id, species_id, split, photo_id, digest, "0" * 16, "kaggle"))
                number += 1
    return store_snapshot(objects, rows, jpegs)


def store_snapshot(objects: Objects, rows: Iterable[Row], jpegs: Mapping[str, bytes]) -> Snapshot:
    """Store a first snapshot of these rows, and open it."""
    ordered = sorted(rows, key=lambda row: row.photo_id)
    name = snapshot_id(NO_PARENT, ordered)
    shards = []
    for split in Split:
        members = [row.photo_id for row in ordered if row.split is split]
        if members:
            key = f"{shards_prefix(name)}{split}-00000.tar"
            objects.put(key, pack_shard((member, jpegs[member]) for member in members))
            shards.append(Shard(key, split, len(members), members[0], members[-1]))
    store = SnapshotStore(objects)
    store.put_delta(name, ordered)
    manifest = Manifest(name, NO_PARENT, 0, counted(ordered), {"add": len(ordered)}, tuple(shards))
    objects.put(manifest_key(name), manifest.to_json())
    objects.put(CURRENT_KEY, name.encode())
    return open_snapshot(objects)
