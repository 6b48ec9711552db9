"""Keeps what the dataset's photos look like to a backbone in few bytes each, so that photos like another one are found at once.

One object a species; a species without photos has none. An erasure takes its photos out of what lies there; one that came
while this was written is caught up with here.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from avocet.domain.likeness import SKETCHES, backbone_key, packed, sketches_key
from avocet.domain.sketching import sketch_of
from avocet.domain.snapshots import Row
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.forget_sketches import ForgetSketches

FloatArray = npt.NDArray[np.float32]

# Of a species with more photos the others are not found; what is read for one answer stays below 100 KB.
_MOST_PHOTOS = 500


def keep_sketches(
    models: Objects,
    backbone_id: str,
    model_versions: Iterable[str],
    splits: Iterable[tuple[Sequence[Row], FloatArray]],
    erased: Callable[[], Collection[str]],
) -> None:
    """Keep the sketches of a snapshot's photos; doing it again changes nothing.

    Args:
        models: The models bucket.
        backbone_id: Names the backbone.
        model_versions: Models that look through it.
        splits: Photos, and the embeddings of each as it is, float32 ``[n, D]``.
        erased: Returns the ids of erased photos as they are now.
    """
    gone = frozenset(erased())
    kept: dict[str, dict[str, bytes]] = defaultdict(dict)
    for rows, embeddings in splits:
        for row, embedding in zip(rows, embeddings, strict=True):
            if len(kept[row.species_id]) < _MOST_PHOTOS and row.photo_id not in gone:
                kept[row.species_id][row.photo_id] = sketch_of(embedding)
    objects = {sketches_key(backbone_id, species_id): packed(sketches) for species_id, sketches in kept.items()}
    for key in list(models.keys(f"{SKETCHES}{backbone_id}/")):
        if key not in objects:
            models.purge(key)
    objects |= {backbone_key(version): backbone_id.encode() for version in model_versions}
    for key, data in objects.items():
        if (before := models.get(key)) == data:
            continue
        if before is not None:
            # No older version may go on telling of photos that were erased since.
            models.purge(key)
        models.put(key, data)
    # Whoever was erased since then was looked for in what lay here before.
    ForgetSketches(models=models)(frozenset(erased()) - gone)
