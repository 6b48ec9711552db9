"""A photo's look in few bytes: what a model's embedding says of it, small enough to be kept beside a record.

Sketches of one backbone lie about as far apart as the embeddings do. Nothing of the photo can be seen in one.
"""

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

from avocet.domain.prediction import SKETCH_BYTES

# An embedding has unit length, so that one place of its sketch is rarely above a third.
_STEPS = 254.0

FloatArray = npt.NDArray[np.float32]


def sketch_of(embedding: FloatArray) -> bytes:
    """Return the sketch of one embedding.

    Args:
        embedding: float32 ``[D]``, of unit length.

    Source:
        Charikar, Chen, Farach-Colton 2002, "Finding frequent items in data streams": each coordinate is added to one place
        with a sign, both drawn once for all; distances survive within about a tenth.
    """
    places, signs = _drawn(len(embedding))
    sums = np.bincount(places, weights=embedding * signs, minlength=SKETCH_BYTES)
    rounded: npt.NDArray[np.int8] = np.clip(np.rint(sums * _STEPS), -127, 127).astype(np.int8)
    return rounded.tobytes()


@cache
def _drawn(size: int) -> tuple[npt.NDArray[np.intp], FloatArray]:
    # By a hash and not by a generator of random numbers: it has to be the same in every version of every library.
    drawn = np.frombuffer(hashlib.shake_256(b"avocet sketch").digest(2 * size), np.uint8)
    return (drawn[:size] % SKETCH_BYTES).astype(np.intp), np.where(drawn[size:] % 2, 1, -1).astype(np.float32)
