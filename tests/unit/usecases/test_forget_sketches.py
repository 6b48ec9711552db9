"""What erased photos look like is forgotten with them, whatever they were called, in every version, while trainings write."""

import numpy as np
import pytest

from avocet.domain.likeness import backbone_key, packed, sketches_key, unpacked
from avocet.domain.prediction import SKETCH_BYTES
from avocet.domain.snapshots import Change, Row, Split
from avocet.usecases.forget_sketches import ForgetSketches
from tests.unit.dataset.test_refresh import AVOCET, TIT
from tests.unit.dataset.test_refresh_history import photo_id_of
from tests.unit.dataset.world import Bomb, Crash, Doomed, MemoryObjects
from training_job.sketches import keep_sketches

GONE, STAYS = photo_id_of(1), photo_id_of(2)


def sketch(number: int) -> bytes:
    return bytes([number]) * SKETCH_BYTES


def kept_by_trainings() -> MemoryObjects:
    """Two backbones, and a photo that one of them still knows under the name it had before."""
    models = MemoryObjects()
    models.put(backbone_key("starter-1"), b"b" * 16)
    for backbone, species_id in (("b" * 16, AVOCET), ("b" * 16, TIT), ("c" * 16, AVOCET)):
        models.put(sketches_key(backbone, species_id), packed({GONE: sketch(1), STAYS: sketch(2)}))
    return models


def told_of(models: MemoryObjects, photo_id: str) -> list[str]:
    return [key for key, versions in models.stored.items() if any(bytes.fromhex(photo_id) in each for each in versions)]


def test_a_photo_is_forgotten_under_every_name_and_backbone_and_the_others_stay() -> None:
    models = kept_by_trainings()
    ForgetSketches(models=models)([GONE])
    assert told_of(models, GONE) == []
    assert len(told_of(models, STAYS)) == 3
    assert models.get(backbone_key("starter-1")) == b"b" * 16


def test_a_species_whose_only_photo_is_erased_is_left_with_none() -> None:
    models = MemoryObjects()
    models.put(sketches_key("b" * 16, AVOCET), packed({GONE: sketch(1)}))
    ForgetSketches(models=models)([GONE])
    assert unpacked(models.get(sketches_key("b" * 16, AVOCET)) or b"", SKETCH_BYTES) == {}


def test_without_an_erasure_nothing_is_read() -> None:
    calls = Bomb()
    ForgetSketches(models=Doomed(kept_by_trainings(), calls))([])
    assert calls.calls == 0


def test_dying_at_any_call_and_beginning_again_forgets_all_the_same() -> None:
    calls = Bomb()
    ForgetSketches(models=Doomed(kept_by_trainings(), calls))([GONE])
    assert calls.calls >= 9
    for at in range(1, calls.calls + 1):
        for after in (False, True):
            models = kept_by_trainings()
            with pytest.raises(Crash):
                ForgetSketches(models=Doomed(models, Bomb(at, after)))([GONE])
            ForgetSketches(models=models)([GONE])
            assert told_of(models, GONE) == [], f"died at call {at}"
            assert len(told_of(models, STAYS)) == 3


class Interrupted(MemoryObjects):
    """A bucket into which a training writes just before the first replacement."""

    is_interrupted = False

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        if not self.is_interrupted:
            self.is_interrupted = True
            self.put(key, packed({GONE: sketch(1), STAYS: sketch(2), photo_id_of(3): sketch(3)}))
        return super().replace(key, data, tag)


def test_what_a_training_writes_meanwhile_is_neither_lost_nor_left_out() -> None:
    models = Interrupted()
    models.put(sketches_key("b" * 16, AVOCET), packed({GONE: sketch(1), STAYS: sketch(2)}))
    ForgetSketches(models=models)([GONE])
    left = unpacked(models.get(sketches_key("b" * 16, AVOCET)) or b"", SKETCH_BYTES)
    assert left == {STAYS: sketch(2), photo_id_of(3): sketch(3)}
    assert told_of(models, GONE) == []


@pytest.mark.parametrize("erased_at_look", [1, 2])
def test_a_photo_erased_while_a_training_writes_is_not_kept_by_it(erased_at_look: int) -> None:
    models, looks = MemoryObjects(), 0

    def erased() -> set[str]:
        nonlocal looks
        looks += 1
        return {GONE} if looks >= erased_at_look else set()

    rows = [Row(Change.ADD, each, AVOCET, Split.TRAIN, each, "", "", "kaggle") for each in (GONE, STAYS)]
    keep_sketches(models, "b" * 16, ["starter-1"], [(rows, np.eye(2, 1280, dtype=np.float32))], erased)
    assert told_of(models, GONE) == []
    assert told_of(models, STAYS) == [sketches_key("b" * 16, AVOCET)]
