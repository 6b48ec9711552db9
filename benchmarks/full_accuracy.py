"""Measures what fine-tuning is worth: the `full` recipe on real photos, beside the same network frozen, on the same photos in one run.

    PYTHONPATH=layers/core/python:. .venv-training/bin/python -m benchmarks.full_accuracy ../shared/data

Two photos of each species are trained on, one chooses the best epoch, one is held out: fold 0 of four, as in the starter's trial. Both
networks get what the recipe does last, a head fitted on their embeddings and written into a bundle, and its figures are the bundle's.
It stops training when its minutes are over, and then judges the best epoch so far. It needs the training's environment.
"""

import argparse
import datetime
import json
import math
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.dataset import Split
from avocet.domain.evaluation import Evaluation, unpack_outcomes
from avocet.domain.hashing import content_hash
from avocet.domain.snapshots import Change, Row
from avocet.domain.training import Backbone, FullSettings
from avocet.usecases.read_snapshot import Snapshot
from tests.made.snapshots import store_snapshot
from tests.unit.dataset.world import MemoryObjects
from training_job.backbones import FOLDER_VARIABLE, fill, pretrained, untrained
from training_job.checkpoints import Checkpoints, Standing
from training_job.curve import CurveKeeper
from training_job.data import LabelledPhotos, folds
from training_job.full_config import FULL, FullConfig
from training_job.full_recipe import (
    _PARITY_PHOTOS,
    RECIPE,
    _exported,
    _fine_tuned,
    _manifest,
    _place_head,
    arrays,
    average,
    judge,
    network_on,
)
from training_job.head_recipe import Base, Champion, fit_head
from training_job.photo_file import DecodedPhotos, decode
from training_job.records.journal import Journal
from training_job.report import Report

ROOT = Path(__file__).resolve().parents[1]
_WORK = ROOT / "build" / "training" / "full-accuracy"
_FOLDS = 4
_SPLIT_OF_FOLD = {0: Split.TEST, 1: Split.VALIDATION}


class _TimeIsUpError(Exception):
    """The minutes are over."""


@dataclass
class _Watch(Report):
    """Prints how far a training is, keeps its figures, and ends it when its time is up."""

    ends_at_s: float = math.inf
    epochs: list[Mapping[str, float]] = field(default_factory=list)

    def reached(self, done: int, total: int, note: str) -> None:
        super().reached(done, total, note)
        if time.monotonic() > self.ends_at_s:
            raise _TimeIsUpError

    def measured(self, metrics: Mapping[str, float], *, step: int) -> None:
        super().measured(metrics, step=step)
        if "images_per_s" in metrics:
            self.epochs.append(metrics)


@dataclass(frozen=True)
class _Judged:
    """One network on the held-out photos.

    Attributes:
        own_ratio: Right answers of the head that training begins with, or ends with.
        bundle: What the bundle says of itself.
        right: Ids of the photos that the bundle names rightly.
        evaluation: The bundle's.
    """

    own_ratio: float
    bundle: dict[str, float]
    right: frozenset[str]
    evaluation: Evaluation


@dataclass(frozen=True)
class _Bench:
    """What both networks are measured with."""

    snapshot: Snapshot
    species: tuple[str, ...]
    config: FullConfig
    settings: FullSettings
    test: DecodedPhotos
    parity: DecodedPhotos
    folder: Path

    def judged(self, network: keras.Model, name: str) -> _Judged:
        """Judge a network with its own head, then with the one that the recipe fits on it at last."""
        began, out = time.monotonic(), self.folder / name
        _, own_ratio = judge(network, self.test)
        # A copy, as the recipe makes one: what is trained on is not touched by the exporter.
        exact = network_on(
            untrained(self.settings.backbone, size_px=self.config.size_px), len(self.species), self.config
        )
        fill(exact, arrays(network.get_weights()))
        graph, _ = _exported(exact, self.parity.pixels[:_PARITY_PHOTOS], self.config)
        starter = json.loads((ROOT / "models" / "starter" / "bundle.json").read_text("utf-8"))
        base = Champion(_manifest(Champion(starter, graph), self.species, self.settings, self.config), graph)
        fit_head(
            self.snapshot,
            Base(base, recipe=RECIPE, is_honest=True),
            champion=base,
            champion_files={},
            models=MemoryObjects(),
            world_list=world_list(),
            out=out,
            created_on=datetime.datetime.now(tz=datetime.UTC).date(),
            curve=CurveKeeper(out, lambda _: None),
            tracking=Journal(out),
            report=Report(),
            began_s=began,
        )
        said = unpack_outcomes((out / f"{Split.TEST}.photos.jsonl.gz").read_bytes())
        right = frozenset(each.photo_id for each in said if each.answer.species_id == each.species_id)
        metrics = json.loads((out / "bundle.json").read_text("utf-8"))["metrics"]
        print(f"{name}: {own_ratio:.4f} with its own head, {metrics['test_accuracy']:.4f} as a bundle", flush=True)
        return _Judged(own_ratio, metrics, right, Evaluation.of(said))


@dataclass(frozen=True)
class _Result:
    """Both networks, and how the second came about."""

    bench: _Bench
    frozen: _Judged
    tuned: _Judged
    standing: Standing
    tuned_ratio: float
    trained_s: float
    epochs: Sequence[Mapping[str, float]]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds birds-sample/ and weights/")
    parser.add_argument("--backbone", type=Backbone, default=Backbone.EFFICIENTNETV2_B0)
    parser.add_argument("--first-epochs", type=int, default=1, help="of the last blocks")
    parser.add_argument("--epochs", type=int, default=3, help="of every layer")
    parser.add_argument("--first-rate", type=float, default=FULL.stages[0].learning_rate, help="of the last blocks")
    parser.add_argument("--rate", type=float, default=FULL.stages[-1].learning_rate, help="of every layer")
    parser.add_argument("--minutes", type=float, default=12, help="for all epochs together")
    parser.add_argument("--species", type=int, help="only so many, to try it out")
    options = parser.parse_args()
    began = time.monotonic()
    load_before = os.getloadavg()[0]
    first, *_, last = FULL.stages
    stages = (
        replace(first, epochs=options.first_epochs, learning_rate=options.first_rate),
        replace(last, epochs=options.epochs, learning_rate=options.rate),
    )
    config = replace(FULL, stages=tuple(each for each in stages if each.epochs))
    os.environ[FOLDER_VARIABLE] = str(options.data / "weights")
    result = _run(_scratch(), options, config)
    test, standing = result.bench.test, result.standing
    print(
        f"\n{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d %H:%M}, {os.cpu_count()} cores, load {load_before:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after, {(time.monotonic() - began) / 60:.1f} min, {result.trained_s / 60:.1f} of them "
        f"training; {len(result.bench.species)} species, best epoch {standing.best_epoch} of {standing.epochs_done}, "
        f"averaged {result.tuned_ratio:.0%} of the way\n"
    )
    print(f"| {options.backbone.value} on {len(test)} held-out photos | top 1 | top 3 |\n|---|---|---|")
    for name, own, judged in (
        ("frozen", "the ridge head that training starts from", result.frozen),
        ("`full`", "the head it was trained with", result.tuned),
    ):
        rate = judged.evaluation.accuracy
        print(f"| {name}, {own} | {judged.own_ratio:.3f} | |")
        print(
            f"| {name}, the head fitted at last | {rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f}) | "
            f"{judged.bundle['test_top3']:.3f} |"
        )
    frozen, tuned = result.frozen.right, result.tuned.right
    print(
        f"\nRight with both {len(frozen & tuned)}, only frozen {len(frozen - tuned)}, only tuned {len(tuned - frozen)}.\n"
    )
    print("| epoch | loss | validation loss | validation, right | images/s | waited for input |")
    print("|---|---|---|---|---|---|")
    for number, each in enumerate(result.epochs, start=1):
        print(
            f"| {number} | {each['loss']:.3f} | {each['validation_loss']:.3f} | {each['validation_accuracy']:.3f} | "
            f"{each['images_per_s']:.1f} | {each['input_wait_ratio']:.3f} |"
        )


def _run(folder: Path, options: argparse.Namespace, config: FullConfig) -> _Result:
    keras.utils.set_random_seed(config.seed)
    snapshot = _sample(options.data / "birds-sample" / "train", options.species)
    species = tuple(sorted(snapshot.counts))
    train, validation, test = (
        decode(snapshot, split, species, folder / f"{split.value}.pixels", size_px=config.size_px) for split in Split
    )
    print(f"{len(train)} photos to learn from, {len(validation)} to choose, {len(test)} held out", flush=True)
    backbone, source = pretrained(options.backbone, models=MemoryObjects(), size_px=config.size_px)
    print(f"pretrained weights: {source}", flush=True)
    network = network_on(backbone, len(species), config)
    bench = _Bench(snapshot, species, config, FullSettings(options.backbone), test, validation, folder)

    _place_head(network, train, len(species), config)
    placed = arrays(network.get_weights())
    frozen = bench.judged(network, "frozen")

    # The recipe goes on from a checkpoint before the first epoch, so that the head is not placed twice.
    checkpoints = Checkpoints(folder / "checkpoints", "benchmark")
    checkpoints.save_best(placed)
    checkpoints.save(Standing(), placed)
    training = time.monotonic()
    watch = _Watch(ends_at_s=training + options.minutes * 60)
    try:
        _fine_tuned(
            network,
            train,
            validation,
            config,
            checkpoints,
            has_gpu=bool(keras.distribution.list_devices("gpu")),
            tracking=Journal(folder / "training"),
            report=watch,
        )
    except _TimeIsUpError:
        print("the minutes are over: the best epoch so far is judged", flush=True)
        fill(network, checkpoints.best() or placed)
    tuned_ratio = average(network, placed, train, validation, config, Report())
    trained_s = time.monotonic() - training
    kept = checkpoints.load()
    standing = kept[0] if kept else Standing()
    return _Result(bench, frozen, bench.judged(network, "full"), standing, tuned_ratio, trained_s, watch.epochs)


def _sample(folder: Path, most_species: int | None) -> Snapshot:
    """Make a snapshot of a folder per label, a fold of each species held out."""
    species_of = {review.label: review.species_id for review in world_list().reviews()}
    labels = [path for path in sorted(folder.iterdir()) if species_of.get(path.name) is not None][:most_species]
    found = [(str(species_of[label.name]), path) for label in labels for path in sorted(label.iterdir())]
    names = [f"{path.parent.name}/{path.name}" for _, path in found]
    jpegs = {content_hash(name.encode())[:32]: path.read_bytes() for name, (_, path) in zip(names, found, strict=True)}
    rows = [
        Row(
            Change.ADD,
            photo_id,
            species_id,
            _SPLIT_OF_FOLD.get(int(fold), Split.TRAIN),
            photo_id,
            content_hash(jpeg),
            "0" * 16,
            "kaggle",
        )
        for (photo_id, jpeg), (species_id, _), fold in zip(jpegs.items(), found, _folds(names, found), strict=True)
    ]
    return store_snapshot(MemoryObjects(), rows, jpegs)


def _folds(names: Sequence[str], found: Sequence[tuple[str, Path]]) -> Sequence[int]:
    species = tuple(sorted({species_id for species_id, _ in found}))
    place = {species_id: at for at, species_id in enumerate(species)}
    nothing = np.zeros((len(names), 0), np.uint8)
    species_at = np.array([place[species_id] for species_id, _ in found], np.intp)
    return folds(LabelledPhotos(species, tuple(names), nothing, species_at), count=_FOLDS).tolist()


def _scratch() -> Path:
    """Return an empty folder on the checkout's own disk, where results stay: decoded photos are too much for a disk in memory."""
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    return _WORK


if __name__ == "__main__":
    main()
