"""The champion's opinion while a batch is cleaned by several threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np

from avocet.adapters.second_opinion import ChampionOpinion

THREADS = 4


class Model:
    """Notes how many ask it at once; whoever asks stays until another comes, or a moment at the longest."""

    size_px = 224
    labels = SimpleNamespace(species=("emu", "mallard"))
    thresholds = SimpleNamespace(familiarity_min=0.0, sure_min_score=0.5)

    def __init__(self) -> None:
        self.asking = self.most = 0
        self._together = threading.Barrier(2)

    def score(self, _pixels: np.ndarray) -> SimpleNamespace:
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            self._together.wait(timeout=0.05)
        except threading.BrokenBarrierError:
            self._together.reset()
        self.asking -= 1
        return SimpleNamespace(probabilities=np.array([0.9, 0.1]), familiarity=1.0)


def test_threads_that_clean_photos_ask_one_after_the_other() -> None:
    model = Model()
    opinion = ChampionOpinion(SimpleNamespace(current=lambda: model))
    pixels = np.zeros((224, 224, 3), dtype=np.uint8)
    with ThreadPoolExecutor(THREADS) as threads:
        opinions = list(threads.map(lambda _: opinion.about(pixels, "emu"), range(2 * THREADS)))
    assert [each.species_id for each in opinions] == ["emu"] * 2 * THREADS
    assert model.most == 1
