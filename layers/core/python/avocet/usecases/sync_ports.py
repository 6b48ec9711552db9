"""What the copy of the outside set asks of the world outside, as protocols, and how its host says no."""

from collections.abc import Mapping
from typing import Protocol

from avocet.domain.syncing import SyncRecord


class HostError(Exception):
    """The host did not give what was asked for."""


class NotConfiguredError(HostError):
    """No credentials are stored, or they cannot be read as such."""


class WithdrawnError(HostError):
    """The host knows no such set (any more)."""


class DeniedError(HostError):
    """The host refuses the credentials."""


class LimitedError(HostError):
    """The host asks for a pause.

    Attributes:
        pause_s: How long.
    """

    def __init__(self, pause_s: int) -> None:
        super().__init__(f"the host asks for a pause of {pause_s} s")
        self.pause_s = pause_s


class UnreachableError(HostError):
    """The host cannot be reached, fails, or broke off."""


class ArchiveChangedError(HostError):
    """The archive is no longer the one whose first bytes were fetched."""


class RemoteArchive(Protocol):
    """A version's archive at the host."""

    @property
    def etag(self) -> str:
        """Name the exact bytes."""

    @property
    def size_bytes(self) -> int:
        """Of the archive."""

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``.

        Raises:
            HostError: The host says no, or broke off.
        """


class SetHost(Protocol):
    """The host of the set."""

    def newest_version(self) -> int:
        """Return the number of the newest version.

        Raises:
            HostError: The host says no.
        """

    def open(self, version: int) -> RemoteArchive:
        """Return a version's archive.

        Raises:
            HostError: The host says no.
        """


class ArchiveStore(Protocol):
    """Where the archive goes, and is read from."""

    def begin(self, key: str) -> str:
        """Open an upload in parts and return its id."""

    def parts(self, key: str, upload_id: str) -> Mapping[int, int] | None:
        """Return the size in bytes of each part that is there, by number; None when there is no such upload."""

    def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> None:
        """Store a part, over whatever is there under that number."""

    def complete(self, key: str, upload_id: str) -> None:
        """Make the parts one object; nothing happens when that was done before."""

    def abort(self, key: str, upload_id: str) -> None:
        """Throw an upload away, if it is there."""

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""

    def size_bytes(self, key: str) -> int | None:
        """Return the object's size; None when there is none."""

    def purge(self, key: str) -> None:
        """Remove the object in all its versions."""


class SyncRecords(Protocol):
    """Keeper of the one record."""

    def read(self) -> SyncRecord:
        """Return the record as last saved; an empty one before the first."""

    def save(self, record: SyncRecord) -> SyncRecord:
        """Replace the record of that version; return it with its new version.

        Raises:
            StaleRecordError: The stored version is another.
        """
