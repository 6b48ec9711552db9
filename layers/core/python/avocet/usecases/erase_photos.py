"""Erase photos for good: no reader hands them out from this moment on, and the next refresh removes every byte of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from avocet.domain.contribution import PhotoNotFoundError, is_photo_id
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.snapshot_store import ERASURES, TOMBSTONES


@dataclass(frozen=True, kw_only=True)
class ErasePhotos:
    """Takes erasures; carrying them out is the fenced writer's work, so that nobody rewrites a shard beside it."""

    clean_objects: Objects

    def __call__(self, photo_ids: Sequence[str]) -> None:
        """Mark photos as erased; doing it again changes nothing.

        Raises:
            PhotoNotFoundError: One of them is no id of ours.
        """
        if not all(is_photo_id(photo_id) for photo_id in photo_ids):
            raise PhotoNotFoundError("A photo id has 32 hexadecimal digits.")
        for photo_id in photo_ids:
            # The mark first: a tombstone without one would hide the photo and never remove it.
            self.clean_objects.put(ERASURES + photo_id, b"")
            self.clean_objects.put(TOMBSTONES + photo_id, b"")
