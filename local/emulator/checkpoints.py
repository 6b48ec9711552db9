"""What the embedded cloud keeps on disk: one file for each service, a manifest that names them, and a journal.

Nothing here knows the emulator. A file is never changed once a manifest names it, and the manifest is replaced in one
step, so whatever is killed whenever, the manifest on disk names a whole and consistent set of files.
"""

import base64
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_MANIFEST = "manifest.json"
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Manifest:
    """The set of files that count.

    Attributes:
        files: File name of each service's state.
        journal: Number of the first journal that has to be replayed on top of them.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    journal: int = 0


class CheckpointStore:
    """The folder of the checkpoints; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open ``folder``, which is made when it is missing, and forget what no manifest names."""
        self._folder = folder
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._digests: dict[str, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._manifest = self._read()
        self._latest = {service: _sequence_of(name) for service, name in self._manifest.files.items()}
        self._sequence = max(self._latest.values(), default=0)
        self._drop_unnamed()

    @property
    def manifest(self) -> Manifest:
        """The manifest as it stands on disk."""
        return self._manifest

    def next_sequence(self) -> int:
        """Return the number for a state that is read off now: later states carry greater numbers."""
        with self._lock:
            self._sequence += 1
            return self._sequence

    def load(self, service: str) -> bytes | None:
        """Return the state of ``service``, or None when none was kept.

        Raises:
            OSError: When the file that the manifest names cannot be read.
        """
        name = self._manifest.files.get(service)
        if name is None:
            return None
        content = (self._folder / name).read_bytes()
        self._digests[service] = _digest(content)
        return content

    def commit(self, states: Mapping[str, bytes], *, sequence: int, journal: int | None = None) -> None:
        """Make ``states`` the ones that count, all at once; one that counts already is not written again.

        A service of which a later state was committed meanwhile keeps that one.

        Args:
            states: Serialised state by service.
            sequence: The number drawn when they were read off.
            journal: The first journal to be replayed on top of them, when that changes.

        Raises:
            OSError: When the disk is full or fails; the earlier manifest then still counts.
        """
        digests = {service: _digest(content) for service, content in states.items()}
        with self._lock:
            changed = [service for service in states if self._digests.get(service) != digests[service]]
            for service in states.keys() - set(changed):
                # It is on disk, and must not give way to an earlier state that is being written just now.
                self._latest[service] = max(self._latest.get(service, 0), sequence)
            written = {service: f"{service}.{sequence}.json" for service in changed}
            # Another commit may end while this one writes: it must not take these files for forgotten ones.
            self._under_way.update(written.values())
        try:
            for service, name in written.items():
                _write_durably(self._folder / name, states[service])
            with self._lock:
                counting = {
                    service: name for service, name in written.items() if sequence > self._latest.get(service, 0)
                }
                if counting or journal is not None:
                    self._name(counting, journal)
                    self._latest.update(dict.fromkeys(counting, sequence))
                    self._digests.update({service: digests[service] for service in counting})
        finally:
            with self._lock:
                self._under_way.difference_update(written.values())
                self._drop_unnamed()

    def _name(self, counting: Mapping[str, str], journal: int | None) -> None:
        files = {**self._manifest.files, **counting}
        manifest = Manifest(files=files, journal=self._manifest.journal if journal is None else journal)
        _write_durably(self._folder / _MANIFEST, json.dumps(asdict(manifest)).encode())
        self._manifest = manifest

    def _read(self) -> Manifest:
        path = self._folder / _MANIFEST
        return Manifest(**json.loads(path.read_bytes())) if path.exists() else Manifest()

    def _drop_unnamed(self) -> None:
        needed = {*self._manifest.files.values(), *self._under_way}
        for path in self._folder.glob("*.*.json*"):
            if path.name.removesuffix(_PARTIAL) not in needed:
                path.unlink(missing_ok=True)


class BlobStore:
    """Large bytes by their SHA-256, so that a checkpoint names them instead of holding them."""

    def __init__(self, folder: Path) -> None:
        """Open ``folder``, which is made when it is missing."""
        self._folder = folder
        self._digests: dict[int, tuple[bytes, str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its digest; the same object is hashed once."""
        known = self._digests.get(id(content))
        if known is not None and known[0] is content:
            return known[1]
        digest = hashlib.sha256(content).hexdigest()
        path = self._folder / digest
        if not path.exists():
            _write_durably(path, content)
        self._digests[id(content)] = (content, digest)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of ``digest``.

        Raises:
            FileNotFoundError: When it was never kept.
        """
        content = (self._folder / digest).read_bytes()
        self._digests[id(content)] = (content, digest)
        return content

    def keep_only(self, digests: set[str]) -> None:
        """Delete everything that is not among ``digests``."""
        for path in self._folder.iterdir():
            if path.name not in digests:
                path.unlink(missing_ok=True)
        self._digests = {key: known for key, known in self._digests.items() if known[1] in digests}


class Journal:
    """Writes accepted since the last checkpoint, in the order they were applied.

    An entry is in the hands of the operating system before the write is acknowledged: it outlives the process, though
    not a power cut.
    """

    def __init__(self, folder: Path, *, first: int) -> None:
        """Open the journals of ``folder`` from number ``first`` on; earlier ones are deleted."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.drop_before(first)
        numbers = self._numbers()
        self.first = first
        self._current = (numbers[-1] + 1) if numbers else first
        self._file = self._open(self._current)
        self.size_bytes = 0

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add ``entry`` (JSON) behind all others.

        Raises:
            OSError: When the disk is full or fails; the write must then not be acknowledged.
        """
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        os.write(self._file, line)
        self.size_bytes += len(line)

    def rotate(self) -> int:
        """Begin a new journal and return its number."""
        following = self._current + 1
        opened = self._open(following)
        os.close(self._file)
        self._file, self._current, self.size_bytes = opened, following, 0
        return following

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every entry from the first journal on; a line that a kill cut short was never acknowledged."""
        for number in self._numbers():
            for line in self._path(number).read_bytes().splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    continue

    def drop_before(self, number: int) -> None:
        """Delete the journals that a checkpoint has made superfluous."""
        for earlier in self._numbers():
            if earlier < number:
                self._path(earlier).unlink(missing_ok=True)

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem.rpartition("-")[2]) for path in self._folder.glob("journal-*.jsonl"))

    def _path(self, number: int) -> Path:
        return self._folder / f"journal-{number:09d}.jsonl"

    def _open(self, number: int) -> int:
        return os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def encode_bytes(content: bytes) -> str:
    """Return ``content`` as text for a journal entry."""
    return base64.b64encode(content).decode("ascii")


def decode_bytes(text: str) -> bytes:
    """Return the bytes that ``encode_bytes`` made ``text`` of."""
    return base64.b64decode(text)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _sequence_of(file_name: str) -> int:
    return int(file_name.rsplit(".", 2)[1])


def _write_durably(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + _PARTIAL)
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
