"""What a network is judged on: photos it was never trained on, as they are and as they might look from elsewhere."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training_job.augment import FIELD_KINDS, field_view

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class HeldOut:
    """Held-out photos: as they are, then one simulated photo from elsewhere of each.

    Attributes:
        pixels: uint8 [2n, size, size, 3] RGB.
        species_at: [2n].
        kind: [2n] "as it is" or one of `FIELD_KINDS`, dealt in turn.
    """

    pixels: Pixels
    species_at: Indices
    kind: npt.NDArray[np.str_]

    @property
    def is_plain(self) -> npt.NDArray[np.bool_]:
        """[2n] which photos are as they are."""
        return self.kind == "as it is"

    @classmethod
    def of(cls, pixels: Pixels, species_at: Indices, *, seed: int) -> "HeldOut":
        """Adds a simulated photo from elsewhere to each of [n] photos."""
        kinds = [FIELD_KINDS[at % len(FIELD_KINDS)] for at in range(len(pixels))]
        views = [
            field_view(photo, kind, np.random.default_rng([seed, at]))
            for at, (photo, kind) in enumerate(zip(pixels, kinds, strict=True))
        ]
        return cls(
            pixels=np.concatenate([pixels, np.stack(views)]),
            species_at=np.concatenate([species_at, species_at]),
            kind=np.array(["as it is"] * len(pixels) + kinds),
        )
