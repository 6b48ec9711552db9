"""Embeddings kept per photo and backbone in a bucket, so that a training computes only those of photos it has not met.

A photo's embedding is kept with the hash of its bytes: other bytes under the same id are embedded anew. What cannot be
read is computed again, and an erased photo's embedding is removed when the cache is opened.
"""

import hashlib
import io
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avocet.usecases.dataset_ports import Objects

FloatArray = npt.NDArray[np.float32]

EMBEDDINGS = "embeddings/"


@dataclass(frozen=True, slots=True)
class PhotoKey:
    """Which embedding: of which photo's bytes, as they are or mirrored."""

    photo_id: str
    content_sha256: str
    is_mirrored: bool = False

    def to_text(self) -> str:
        """Return the key as it is stored."""
        return f"{self.photo_id}:{self.content_sha256}:{'m' if self.is_mirrored else 'p'}"


@dataclass
class EmbeddingCache:
    """The embeddings of one backbone; half precision, in chunks as they were computed.

    Attributes:
        objects: The models bucket.
        backbone_id: Names the backbone.
        erased: Ids of erased photos.
    """

    objects: Objects
    backbone_id: str
    erased: Collection[str] = frozenset()
    _known: dict[str, npt.NDArray[np.float16]] = field(default_factory=dict)

    def open(self) -> int:
        """Read everything that is kept; return how many embeddings that is."""
        for key in list(self.objects.keys(self._prefix())):
            data = self.objects.get(key)
            chunk = _unpack(data) if data is not None else None
            if chunk is None:
                continue
            kept = {name: row for name, row in chunk.items() if name.split(":")[0] not in self.erased}
            if len(kept) < len(chunk):
                self.objects.purge(key)
                if kept:
                    self.put(kept)
            self._known.update(kept)
        return len(self._known)

    def missing(self, keys: Iterable[PhotoKey]) -> list[PhotoKey]:
        """Return those of ``keys`` that have to be computed."""
        return [key for key in keys if key.to_text() not in self._known]

    def add(self, keys: Sequence[PhotoKey], embeddings: FloatArray) -> None:
        """Keep embeddings, float32 [n, D], of ``keys``."""
        chunk = {key.to_text(): row for key, row in zip(keys, embeddings.astype(np.float16), strict=True)}
        self.put(chunk)
        self._known.update(chunk)

    def put(self, chunk: Mapping[str, npt.NDArray[np.float16]]) -> None:
        """Store a chunk under a name made of its keys, so that storing it again changes nothing."""
        names = sorted(chunk)
        buffer = io.BytesIO()
        np.savez(buffer, names=np.array(names), rows=np.stack([chunk[name] for name in names]))
        digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
        self.objects.put(f"{self._prefix()}{digest}.npz", buffer.getvalue())

    def of(self, keys: Sequence[PhotoKey], *, size: int) -> FloatArray:
        """Return the embeddings of ``keys``, all of which are there: float32 [n, size], of unit length."""
        if not keys:
            return np.zeros((0, size), np.float32)
        return np.stack([self._known[key.to_text()] for key in keys]).astype(np.float32)

    def _prefix(self) -> str:
        return f"{EMBEDDINGS}{self.backbone_id}/"


def _unpack(data: bytes) -> dict[str, npt.NDArray[np.float16]] | None:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as chunk:
            return dict(zip(chunk["names"].tolist(), chunk["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
