"""The `head` recipe: a new head on the champion's own backbone, in minutes on a CPU and without TensorFlow.

Embeddings come out of the champion's graph and are kept; the head is fitted around the champion's, calibrated and given
thresholds on validation photos, and written back into the graph. It refuses a snapshot with fewer than two trainable
species, and a graph that does not answer as it was computed to.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from avocet.domain.dataset import Split
from avocet.domain.evaluation import Evaluation, Outcome, pack_outcomes
from avocet.domain.imaging import to_model_input
from avocet.domain.judging import judged
from avocet.domain.learning_curve import CurveKind, CurvePoint, Phase
from avocet.domain.scoring import ModelLabels, Scores, Thresholds
from avocet.domain.snapshots import Row
from avocet.domain.taxonomy import WorldList
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.read_snapshot import Snapshot
from avocet.usecases.snapshot_store import SnapshotStore
from training_job.bundle import (
    MAX_HALF_STORAGE_DIFFERENCE,
    answers,
    check_parity,
    session_on,
    store_in_half_precision,
    write_bundle,
)
from training_job.calibration import (
    PowerCalibration,
    calibrate,
    coarser_threshold,
    threshold_for_precision,
)
from training_job.curve import CurveKeeper
from training_job.embedding_cache import EmbeddingCache, PhotoKey
from training_job.familiarity import SHIPPED_KIND
from training_job.head import LinearHead
from training_job.refit import Candidate, Choice, Judged, RidgeAroundPrior, choose
from training_job.report import Report
from training_job.sketches import keep_sketches
from training_job.surgery import AnsweringHead, Graph
from training_job.tracking import Tracking

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Pixels = npt.NDArray[np.uint8]

RECIPE = "head"
MIN_SPECIES = 2
_BATCH = 16
_CHUNK_PHOTOS = 128
_PARITY_PHOTOS = 32
# So many training photos say how a candidate does on what it was fitted on; all of them would cost more than the choice.
_CURVE_PHOTOS = 1000
_SURE_PRECISION = 0.95
_COARSER_PRECISION = 0.95
_FALSE_UNFAMILIAR_RATIO = 0.05
# Below this many validation photos a threshold is chance, and the champion's stays.
_MIN_PHOTOS_FOR_THRESHOLDS = 100
# A coarser answer is for photos without a sure species; fewer of them say nothing.
_MIN_UNSURE_PHOTOS = 20
_FLOOR = 0.05
_POWER = 6.0
# The champion's direction towards a species counts as this many photos: it was averaged over four and their mirror images.
_DIRECTION_WORTH = 8


class TooFewSpeciesError(ValueError):
    """There is nothing to tell apart."""


@dataclass(frozen=True)
class Champion:
    """The serving model as the recipe starts from it.

    Attributes:
        manifest: Its bundle.json.
        graph: Its graph.
    """

    manifest: Mapping[str, object]
    graph: Graph

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "Champion":
        """Open a bundle."""
        return cls(json.loads(files["bundle.json"]), Graph(onnx.load_model_from_string(files["model.onnx"])))

    @property
    def species(self) -> tuple[str, ...]:
        """What it can name, in output order."""
        return tuple(self.manifest["species"])  # type: ignore[arg-type]

    @property
    def size_px(self) -> int:
        """Side of the square it looks at."""
        return int(self.manifest["input_size_px"])  # type: ignore[call-overload]

    @property
    def thresholds(self) -> Thresholds:
        """When it may be believed."""
        limits: Mapping[str, object] = self.manifest["thresholds"]  # type: ignore[assignment]
        familiarity: Mapping[str, float] = limits["familiarity"]  # type: ignore[assignment]
        return Thresholds(
            sure_min_score=float(limits["sure_min_score"]),  # type: ignore[arg-type]
            coarser_min_score=float(limits["coarser_min_score"]),  # type: ignore[arg-type]
            familiarity_min=float(familiarity["min"]),
        )


@dataclass(frozen=True)
class Base:
    """What a head is fitted on.

    Attributes:
        champion: Its graph, and what is known of it.
        recipe: Whose model it becomes; the first part of the version.
        is_honest: Whether nobody trained the backbone on the snapshot's validation photos, so that what is found on them
            may be believed without bounds.
        more: What else the bundle tells.
    """

    champion: Champion
    recipe: str = RECIPE
    is_honest: bool = False
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class _Photos:
    """One split, embedded; several views of a photo lie one after the other."""

    rows: Sequence[Row]
    views: FloatArray  # [v, n, D]
    species_at: Indices  # [n]


def train_head(
    snapshot: Snapshot,
    champion_files: Mapping[str, bytes],
    *,
    models: Objects,
    world_list: WorldList,
    out: Path,
    run_name: str,
    created_on: date,
    tracking: Tracking,
    report: Report,
) -> str:
    """Run the recipe from snapshot to bundle.

    Args:
        snapshot: What to learn from.
        champion_files: The serving bundle.
        models: The models bucket, where embeddings are kept.
        world_list: Genus and family of each species.
        out: Where the bundle goes, and what it and the champion said of each validation and test photo.
        run_name: What the run is called in its record.
        created_on: The day written into the bundle.
        tracking: Keeps record of the run.
        report: Says how far it is.

    Returns:
        The model version.

    Raises:
        TooFewSpeciesError: The snapshot holds photos of fewer than two species.
        ForeignGraphError: No head can be put on the champion.
        ParityError: The written graph does not answer as it was computed to.
    """
    began = time.monotonic()
    counts = snapshot.counts
    if len(counts) < MIN_SPECIES:
        raise TooFewSpeciesError(
            f"the snapshot has {len(counts)} trainable species, and a model needs two to tell apart; add photos and refresh"
        )
    champion = Champion.of(champion_files)
    # The champion's species come first, and all of them: a species without photos here is not forgotten.
    species = (*champion.species, *sorted(set(counts) - set(champion.species)))
    is_new = np.arange(len(species)) >= len(champion.species)
    photos_by_split = {split.value: sum(each.of(split) for each in counts.values()) for split in Split}
    report.say(
        f"{len(snapshot.rows)} photos of {len(counts)} species ({photos_by_split}); "
        f"{int(is_new.sum())} species are new to {champion.manifest['model_version']}"
    )
    tracking.started(
        run_name=run_name,
        parameters={"recipe": RECIPE, "champion": str(champion.manifest["model_version"])},
        snapshot_id=snapshot.snapshot_id,
        photos=photos_by_split,
    )
    return fit_head(
        snapshot,
        Base(champion),
        champion=champion,
        champion_files=champion_files,
        models=models,
        world_list=world_list,
        out=out,
        created_on=created_on,
        curve=CurveKeeper(out, report.on_curve),
        tracking=tracking,
        report=report,
        began_s=began,
    )


def fit_head(
    snapshot: Snapshot,
    base: Base,
    *,
    champion: Champion,
    champion_files: Mapping[str, bytes],
    models: Objects,
    world_list: WorldList,
    out: Path,
    created_on: date,
    curve: CurveKeeper,
    tracking: Tracking,
    report: Report,
    began_s: float,
) -> str:
    """Fit a head on a backbone, calibrate it, judge it beside the champion, and write the bundle; see `train_head`.

    Args:
        snapshot: What to learn from.
        base: The backbone, and the head that is on it.
        champion: The serving model.
        champion_files: Its bundle, for the photos it is judged on where it is not the base.
        models: The models bucket, where embeddings are kept.
        world_list: Genus and family of each species.
        out: Where the bundle goes.
        created_on: The day written into the bundle.
        curve: Keeps the learning curve.
        tracking: Keeps record of the run.
        report: Says how far it is.
        began_s: When the training began, by the monotonic clock.

    Returns:
        The model version.
    """
    counts, started_from = snapshot.counts, base.champion
    species = (*started_from.species, *sorted(set(counts) - set(started_from.species)))
    is_new = np.arange(len(species)) >= len(started_from.species)
    cache = EmbeddingCache(models, started_from.graph.backbone_id(), _erased(snapshot))
    report.say(f"{cache.open()} embeddings of backbone {cache.backbone_id} are kept from earlier runs")
    _embed_missing(snapshot, started_from, cache, report)
    train, validation, test = (_photos(snapshot, split, cache, species) for split in Split)

    before = started_from.graph.head()
    if before is None:
        report.say("no head of our kind to start from: every species is learnt from the snapshot alone")
        species = tuple(sorted(counts))
        is_new = np.ones(len(species), np.bool_)
        train, validation, test = (_photos(snapshot, split, cache, species) for split in Split)
    dimensions = train.views.shape[-1]
    prior = _prior(before, is_new, dimensions)
    floor = before.floor if before else _FLOOR
    ridge = RidgeAroundPrior(
        np.concatenate(list(train.views)),
        np.tile(train.species_at, len(train.views)),
        prior=prior,
        views=len(train.views),
        anchors=_anchors(before, train),
    )
    report.reached(0, 3, "choosing penalties on validation photos")
    shown = np.unique(np.linspace(0, len(train.species_at) - 1, _CURVE_PHOTOS).astype(np.intp))
    choice, candidates = choose(
        ridge,
        train=Judged(train.views[0][shown], train.species_at[shown]),
        validation=Judged(validation.views[0], validation.species_at),
        is_new=is_new,
        calibration=PowerCalibration(before.power if before else _POWER, floor),
    )
    report.say(f"chosen: {choice}")
    _tell_candidates(candidates, choice, curve, tracking, report)
    fitted = ridge.head(choice, is_new=is_new)
    centre, directions = _directions(before, train, is_new)

    report.reached(1, 3, "calibrating and choosing thresholds")
    scores = fitted.scores(validation.views[0])
    calibration, caps = _calibration(base, before, scores, validation.species_at, floor)
    head = AnsweringHead(fitted.weights, fitted.bias, calibration.floor, calibration.power, centre, directions)
    thresholds = _thresholds(head, validation, species, caps, world_list, is_honest=base.is_honest)
    if base.is_honest:
        # Its descendants are bounded by what was found here, on photos that nobody had seen.
        caps = {
            "power": calibration.power,
            "familiarity_min": thresholds.familiarity_min,
            "sure_min_score": thresholds.sure_min_score,
            "coarser_min_score": thresholds.coarser_min_score,
        }

    report.reached(2, 3, "evaluating, writing the graph back and testing it")
    version, outcomes = _write(
        base,
        head,
        species,
        thresholds,
        choice,
        caps=caps,
        snapshot=snapshot,
        splits={Split.VALIDATION: validation, Split.TEST: test},
        out=out,
        created_on=created_on,
    )
    judged_on = {Split.VALIDATION: validation, Split.TEST: test}
    if base.champion is not champion:
        _keep_champions(out, _judge_champion(snapshot, champion, champion_files, report), champion)
    elif before is not None:
        _keep_champions(
            out,
            {
                split: _outcomes(before, photos, champion.species, champion.thresholds)
                for split, photos in judged_on.items()
            },
            champion,
        )
    trained_on = f"{snapshot.snapshot_id} {champion.manifest['model_version']}"
    (out / "trained_on.txt").write_text(trained_on, "utf-8")
    _check(snapshot, out, head, validation, test)
    keep_sketches(
        models,
        cache.backbone_id,
        (str(started_from.manifest["model_version"]), version),
        [(photos.rows, photos.views[0]) for photos in (train, validation, test)],
        erased=lambda: _erased(snapshot),
    )
    test_figures = Evaluation.of(outcomes[Split.TEST])
    figures = {
        "test_accuracy": test_figures.accuracy.value,
        "test_macro_f1": test_figures.macro_f1,
        "test_log_loss": test_figures.log_loss,
        "duration_s": time.monotonic() - began_s,
    }
    report.measured(figures, step=1)
    tracking.measured(figures, step=1)
    for path in sorted(each for each in out.iterdir() if each.is_file()):
        tracking.kept(path.name, path)
    report.reached(3, 3, f"{version} is written")
    return version


def _tell_candidates(
    candidates: Sequence[Candidate], choice: Choice, curve: CurveKeeper, tracking: Tracking, report: Report
) -> None:
    points = []
    for step, each in enumerate(candidates, start=1):
        figures = {
            "loss": each.loss,
            "accuracy": each.accuracy,
            "validation_loss": each.validation_loss,
            "validation_accuracy": each.validation_accuracy,
        }
        points.append(CurvePoint(step, Phase.HEAD, **figures, settings=vars(each.choice)))
        # Beside the epochs of a whole network, whose figures have these names.
        tracking.measured({f"head_{name}": figure for name, figure in figures.items()}, step=step)
    # Without validation photos nothing was tried.
    if not points:
        return
    best = next(step for step, each in enumerate(candidates, start=1) if each.choice == choice)
    chosen = {"validation_choice_loss": candidates[best - 1].validation_loss}
    report.measured(chosen, step=0)
    tracking.measured(chosen, step=0)
    curve.keep(CurveKind.CANDIDATES, points, best=best)


def _erased(snapshot: Snapshot) -> frozenset[str]:
    return SnapshotStore(snapshot.objects).tombstones()


def _keys(row: Row) -> list[PhotoKey]:
    plain = PhotoKey(row.photo_id, row.content_sha256)
    # What is only judged is judged as it is.
    return (
        [plain, PhotoKey(row.photo_id, row.content_sha256, is_mirrored=True)] if row.split is Split.TRAIN else [plain]
    )


def _embed_missing(snapshot: Snapshot, champion: Champion, cache: EmbeddingCache, report: Report) -> None:
    missing = set(cache.missing(key for row in snapshot.rows.values() for key in _keys(row)))
    total = len(missing)
    if not total:
        report.reached(1, 1, "no photo is new to the backbone")
        return
    session = session_on(champion.graph.embedder(), threads=os.cpu_count() or 1)
    report.reached(0, total, "embedding photos")
    wanted: list[PhotoKey] = []
    pixels: list[Pixels] = []
    done = 0

    def flush() -> None:
        nonlocal done
        parts = []
        for start in range(0, len(pixels), _BATCH):
            batch = np.stack(pixels[start : start + _BATCH])
            parts.append(answers(session, batch, batch=_BATCH)["embedding"])
            report.reached(done + start + len(batch), total, "embedding photos")
        cache.add(wanted, np.concatenate(parts))
        done += len(wanted)
        wanted.clear()
        pixels.clear()

    for split in Split:
        if not any(snapshot.rows[key.photo_id].split is split for key in missing):
            continue
        for row, jpeg in snapshot.photos(split):
            keys = [key for key in _keys(row) if key in missing]
            if not keys:
                continue
            image = to_model_input(jpeg, size_px=champion.size_px).pixels
            wanted.extend(keys)
            pixels.extend(image[:, ::-1] if key.is_mirrored else image for key in keys)
            if len(wanted) >= _CHUNK_PHOTOS:
                flush()
    if wanted:
        flush()


def _photos(snapshot: Snapshot, split: Split, cache: EmbeddingCache, species: Sequence[str]) -> _Photos:
    place = {species_id: at for at, species_id in enumerate(species)}
    rows = [snapshot.rows[name] for name in sorted(snapshot.rows) if snapshot.rows[name].split is split]
    first = next(iter(snapshot.rows.values()))
    size = len(cache.of([_keys(first)[0]], size=0)[0])
    views = [
        cache.of([_keys(row)[view] for row in rows], size=size) for view in range(2 if split is Split.TRAIN else 1)
    ]
    return _Photos(rows, np.stack(views), np.array([place[row.species_id] for row in rows], np.intp))


def _prior(before: AnsweringHead | None, is_new: npt.NDArray[np.bool_], dimensions: int) -> LinearHead:
    weights = np.zeros((dimensions, len(is_new)), np.float32)
    bias = np.zeros(len(is_new), np.float32)
    if before is not None:
        weights[:, ~is_new], bias[~is_new] = before.weights, before.bias
    return LinearHead(weights, bias)


def _anchors(before: AnsweringHead | None, train: _Photos) -> FloatArray | None:
    """Return where the champion's species without a training photo lie: float32 [a, D], of unit length."""
    if before is None:
        return None
    unseen = np.setdiff1d(np.arange(len(before.directions)), train.species_at)
    reach = float(np.linalg.norm(train.views[0] - before.centre, axis=1).mean())
    places = before.centre + reach * before.directions[unseen]
    return (places / np.linalg.norm(places, axis=1, keepdims=True)).astype(np.float32)


def _directions(
    before: AnsweringHead | None, train: _Photos, is_new: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Return the centre [D] and the species' directions [K, D]; the champion's count as so many photos."""
    everything = np.concatenate(list(train.views))
    species_at = np.tile(train.species_at, len(train.views))
    centre = before.centre if before is not None else everything.mean(axis=0)
    sums = np.zeros((len(is_new), everything.shape[1]), np.float32)
    offsets = everything - centre
    lengths = np.linalg.norm(offsets, axis=1, keepdims=True)
    np.add.at(sums, species_at, offsets / np.maximum(lengths, 1e-9))
    if before is not None:
        sums[~is_new] += _DIRECTION_WORTH * before.directions
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    # A species without a training photo keeps a direction of length zero, which is near to nothing.
    return centre, (sums / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def _keep_champions(out: Path, said: Mapping[Split, Sequence[Outcome]], champion: Champion) -> None:
    _keep_outcomes(out / "champion", said)
    (out / "champion" / "species.txt").write_text("\n".join(champion.species), "utf-8")


def _judge_champion(
    snapshot: Snapshot, champion: Champion, files: Mapping[str, bytes], report: Report
) -> Mapping[Split, Sequence[Outcome]]:
    """Run the champion on the photos that the new model is judged on."""
    session = session_on(onnx.load_model_from_string(files["model.onnx"]), threads=os.cpu_count() or 1)
    labels = ModelLabels.of(champion.species, [None] * len(champion.species))
    splits = (Split.VALIDATION, Split.TEST)
    total = sum(1 for row in snapshot.rows.values() if row.split in splits)
    said: dict[Split, list[Outcome]] = {split: [] for split in splits}
    for split in splits:
        photos = snapshot.photos(split)
        while some := list(islice(photos, _BATCH)):
            images = np.stack([to_model_input(jpeg, size_px=champion.size_px).pixels for _, jpeg in some])
            got = answers(session, images, batch=_BATCH)
            said[split].extend(
                judged(
                    Scores(probabilities, float(familiarity)),
                    photo_id=row.photo_id,
                    species_id=row.species_id,
                    labels=labels,
                    thresholds=champion.thresholds,
                )
                for (row, _), probabilities, familiarity in zip(
                    some, got["probabilities"], got["familiarity"], strict=True
                )
            )
            report.reached(sum(map(len, said.values())), total, "judging the champion on the same photos")
    return {split: sorted(each, key=lambda outcome: outcome.photo_id) for split, each in said.items()}


def _calibration(
    base: Base, before: AnsweringHead | None, scores: FloatArray, species_at: Indices, floor: float
) -> tuple[PowerCalibration, Mapping[str, float]]:
    """Return the calibration, and within which limits it and the thresholds stay.

    Nobody can say which of these photos the first model of the line was trained on, and on photos that were trained on
    every score looks sure. So no descendant is surer of itself than that one was on photos it had not seen.
    """
    kept = base.champion.manifest.get("caps")
    limits = base.champion.thresholds
    caps: Mapping[str, float] = (
        kept
        if isinstance(kept, Mapping)
        else {
            "power": before.power if before is not None else _POWER,
            "familiarity_min": limits.familiarity_min,
            "sure_min_score": limits.sure_min_score,
            "coarser_min_score": limits.coarser_min_score,
        }
    )
    if len(scores) < _MIN_PHOTOS_FOR_THRESHOLDS:
        return PowerCalibration(before.power if before is not None else _POWER, floor), caps
    fitted = calibrate(scores, species_at, floor=floor)
    return PowerCalibration(min(fitted.power, caps["power"]) if before is not None else fitted.power, floor), caps


def _thresholds(
    head: AnsweringHead,
    validation: _Photos,
    species: Sequence[str],
    caps: Mapping[str, float],
    world_list: WorldList,
    *,
    is_honest: bool,
) -> Thresholds:
    probabilities, familiarity = _answered(head, validation.views[0])
    if len(validation.rows) < _MIN_PHOTOS_FOR_THRESHOLDS:
        # Another backbone's familiarity has another scale, and even a few photos say more of it than the champion's.
        seen = float(familiarity.min()) if is_honest and len(familiarity) else caps["familiarity_min"]
        return Thresholds(caps["sure_min_score"], caps["coarser_min_score"], round(seen, 4))
    best, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == validation.species_at
    sure = threshold_for_precision(best, is_right, precision=_SURE_PRECISION)
    # When even the lowest score is right often enough, the photos say nothing of where being wrong begins.
    sure_min_score = sure.min_score if is_honest else max(sure.min_score, caps["sure_min_score"])
    if sure.share_ratio == 1:
        sure_min_score = caps["sure_min_score"]
    coarser_min_score = caps["coarser_min_score"]
    if int((best < sure_min_score).sum()) >= _MIN_UNSURE_PHOTOS:
        lineages = world_list.find_many(species)
        coarser = coarser_threshold(
            probabilities,
            validation.species_at,
            [
                [taxon.genus if taxon else None for taxon in lineages],
                [taxon.family if taxon else None for taxon in lineages],
            ],
            sure_min_score=sure_min_score,
            precision=_COARSER_PRECISION,
        )
        coarser_min_score = coarser.min_score if is_honest else max(coarser.min_score, coarser_min_score)
    familiarity_min = float(np.quantile(familiarity, _FALSE_UNFAMILIAR_RATIO))
    return Thresholds(
        sure_min_score=round(sure_min_score, 4),
        coarser_min_score=round(coarser_min_score, 4),
        familiarity_min=round(familiarity_min if is_honest else min(familiarity_min, caps["familiarity_min"]), 4),
    )


def _answered(head: AnsweringHead, embeddings: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return probabilities [n, K] and familiarity [n], as the graph computes them."""
    scores = LinearHead(head.weights, head.bias).scores(embeddings)
    offsets = embeddings - head.centre
    unit = offsets / np.maximum(np.linalg.norm(offsets, axis=1, keepdims=True), 1e-12)
    familiarity = scores.max(axis=1) + (unit @ head.directions.T).max(axis=1)
    return PowerCalibration(head.power, head.floor).probabilities(scores), familiarity.astype(np.float32)


def _outcomes(
    head: AnsweringHead, photos: _Photos, species: Sequence[str], thresholds: Thresholds
) -> tuple[Outcome, ...]:
    labels = ModelLabels.of(species, [None] * len(species))
    probabilities, familiarity = _answered(head, photos.views[0])
    return tuple(
        judged(
            Scores(row, float(seen)),
            photo_id=photo.photo_id,
            species_id=photo.species_id,
            labels=labels,
            thresholds=thresholds,
        )
        for photo, row, seen in zip(photos.rows, probabilities, familiarity, strict=True)
    )


def _write(
    base: Base,
    head: AnsweringHead,
    species: Sequence[str],
    thresholds: Thresholds,
    choice: Choice,
    *,
    caps: Mapping[str, float],
    snapshot: Snapshot,
    splits: Mapping[Split, _Photos],
    out: Path,
    created_on: date,
) -> tuple[str, Mapping[Split, tuple[Outcome, ...]]]:
    champion = base.champion
    outcomes = {split: _outcomes(head, photos, species, thresholds) for split, photos in splits.items()}
    figures = {split: Evaluation.of(said) for split, said in outcomes.items()}
    version = write_bundle(
        out,
        store_in_half_precision(champion.graph.with_head(head)),
        species=species,
        recipe=base.recipe,
        backbone=str(champion.manifest["backbone"]),
        input_size_px=champion.size_px,
        thresholds={
            "sure_min_score": thresholds.sure_min_score,
            "coarser_min_score": thresholds.coarser_min_score,
            "familiarity": {"kind": SHIPPED_KIND, "min": thresholds.familiarity_min},
        },
        metrics={
            f"{split}_{name}": round(value, 4)
            for split, figure in figures.items()
            for name, value in (
                ("photos", figure.photos),
                ("accuracy", figure.accuracy.value),
                ("top3", figure.top3.value),
                ("macro_f1", figure.macro_f1),
                ("log_loss", figure.log_loss),
                ("calibration_error", figure.calibration_error),
            )
        },
        version_prefix=base.recipe,
        created_on=created_on,
        more={
            "trained_on": {"snapshot_id": snapshot.snapshot_id, "champion": champion.manifest["model_version"]},
            "choice": {
                "known_penalty": choice.known_penalty,
                "new_penalty": choice.new_penalty,
                "rarity_power": choice.rarity_power,
            },
            "caps": dict(caps),
            **base.more,
        },
    )
    _keep_outcomes(out, outcomes)
    return version, outcomes


def _keep_outcomes(folder: Path, outcomes: Mapping[Split, Sequence[Outcome]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, said in outcomes.items():
        (folder / f"{split}.photos.jsonl.gz").write_bytes(pack_outcomes(said))


def _check(snapshot: Snapshot, out: Path, head: AnsweringHead, *splits: _Photos) -> None:
    """Run the written graph on photos of the snapshot and hold its answers against the computed ones."""
    rows = [row for photos in splits for row in photos.rows][:_PARITY_PHOTOS]
    embeddings = np.concatenate([photos.views[0] for photos in splits])[: len(rows)]
    if not rows:
        return
    position = {row.photo_id: at for at, row in enumerate(rows)}
    size_px = int(json.loads((out / "bundle.json").read_text("utf-8"))["input_size_px"])
    found: dict[int, Pixels] = {}
    for split in {row.split for row in rows}:
        for row, jpeg in snapshot.photos(split):
            if row.photo_id in position:
                found[position[row.photo_id]] = to_model_input(jpeg, size_px=size_px).pixels
    session = session_on(onnx.load(out / "model.onnx"))
    got = answers(session, np.stack([found[at] for at in range(len(rows))]))
    expected, _ = _answered(head, embeddings)
    check_parity({"probabilities": expected}, got, max_difference=MAX_HALF_STORAGE_DIFFERENCE)
