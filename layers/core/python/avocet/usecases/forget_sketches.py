"""Take erased photos out of the sketches that trainings keep, whatever species they lie under; it refuses nothing.

Every object is looked at, since a photo may have been called something else when a training last saw it. That is one read
a species and backbone, and only an erasure pays for it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from avocet.domain.likeness import SKETCHES, backbone_key, packed, unpacked
from avocet.domain.prediction import SKETCH_BYTES
from avocet.usecases.dataset_ports import Objects, Spread


@dataclass(frozen=True, kw_only=True)
class ForgetSketches:
    """Forgets them.

    Attributes:
        models: The models bucket.
        spread: Like the built-in ``map``; may use several threads for what waits for the network.
    """

    models: Objects
    spread: Spread = map

    def __call__(self, photo_ids: Collection[str]) -> None:
        """Forget what these photos look like; doing it again changes nothing."""
        if not photo_ids:
            return
        gone = frozenset(photo_ids)
        keys = [key for key in self.models.keys(SKETCHES) if not key.startswith(backbone_key(""))]
        for _ in self.spread(lambda key: self._forget(key, gone), keys):
            pass

    def _forget(self, key: str, gone: frozenset[str]) -> None:
        while (found := self.models.read_tagged(key)) is not None:
            kept = unpacked(found.data, SKETCH_BYTES)
            left = {photo_id: sketch for photo_id, sketch in kept.items() if photo_id not in gone}
            # Over these very bytes only: what a training writes meanwhile must not be lost.
            if len(left) == len(kept) or self.models.replace(key, packed(left), found.tag):
                break
        # Also where nothing was left to do: whoever died here before left an older version that still tells.
        self.models.purge(key, keep_newest=True)
