"""What a photo looks like, in few bytes."""

import numpy as np

from avocet.domain.likeness import nearest
from avocet.domain.sketching import SKETCH_BYTES, sketch_of

SIZE = 3584  # about what the starter model's embedding has


def unit(random: np.random.Generator) -> np.ndarray:
    drawn = random.normal(size=SIZE).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def test_sketches_lie_as_far_apart_as_embeddings_within_a_quarter() -> None:
    random = np.random.default_rng(7)
    for _ in range(50):
        one = unit(random)
        other = one + random.uniform(0.3, 1.5) * unit(random)
        other /= np.linalg.norm(other)
        first, second = (np.frombuffer(sketch_of(each), np.int8) / 254.0 for each in (one, other))
        ratio = np.linalg.norm(first - second) / np.linalg.norm(one - other)
        assert 0.75 < ratio < 1.25


def test_what_is_nearest_among_clearly_different_photos_is_nearest_among_their_sketches() -> None:
    random = np.random.default_rng(11)
    here = unit(random)
    photos = {f"{step:032x}": here + 0.5 * step * unit(random) for step in range(1, 6)}
    sketches = {name: sketch_of((each / np.linalg.norm(each)).astype(np.float32)) for name, each in photos.items()}
    assert nearest(sketch_of(here), sketches)[0] == f"{1:032x}"
    assert len(sketch_of(here)) == SKETCH_BYTES


def test_a_sketch_is_the_same_whoever_makes_it_and_whenever() -> None:
    sketch = np.frombuffer(sketch_of(np.arange(8, dtype=np.float32) / 20), np.int8)
    told = {place: value for place, value in enumerate(sketch.tolist()) if value}
    assert told == {2: -38, 6: -51, 17: -76, 30: 13, 40: 64, 109: -89, 113: -25}
