"""Makes a bundle from labelled photos and pretrained weights; reads from top to bottom.

    PYTHONPATH=layers/core/python python -m training_job.train --config starter --data ../shared/data --out models/starter

What takes long is kept under `--work` and found again by the next run of the same recipe on the same photos.
"""

import argparse
import hashlib
import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import numpy.typing as npt

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.labels import resolve
from training_job.averaging import averaged_weights
from training_job.bundle import (
    MAX_HALF_STORAGE_DIFFERENCE,
    answers,
    check_parity,
    session_on,
    store_in_half_precision,
    write_bundle,
)
from training_job.calibration import (
    calibrate,
    coarser_threshold,
    cross_fitted_probabilities,
    expected_calibration_error,
    threshold_for_precision,
    top_ratio,
)
from training_job.config import CONFIGS, TrainingConfig
from training_job.data import LabelledPhotos, folds, read_photos
from training_job.embedding import Embedder, OnDone
from training_job.export_onnx import MAX_PARITY_DIFFERENCE, to_onnx
from training_job.familiarity import SHIPPED_KIND, Centroids, compare, measures
from training_job.finetune import Step, fine_tune
from training_job.head import LinearHead, fit_ridge
from training_job.inat import outputs_by_species, with_known_species
from training_job.measured import Measured
from training_job.model import (
    EFFICIENTNET,
    MOBILENET,
    answering_network,
    efficientnet_v2_b0,
    embedding_network,
    fill_from_quantised,
    mobilenet_v2,
    quantised_classifier,
)
from training_job.nonbirds import non_birds
from training_job.progress import TrainingProgress
from training_job.validation import HeldOut

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

_PARITY_PHOTOS = 128
_RECENT_STEPS = 40
_STAGES = 10
_TRIAL_STAGES = (
    "fine-tune every layer without the held-out photos",
    "choose how far to follow the training",
    "embed photos after the trial",
    "calibrate, and choose thresholds on held-out photos",
)


@dataclass(frozen=True)
class Pretrained:
    """The pretrained files a recipe starts from."""

    efficientnet: Path | None
    mobilenet: Path
    mobilenet_labels: Path

    @classmethod
    def under(cls, folder: Path) -> "Pretrained":
        """The files as the data folder names them."""
        return cls(
            efficientnet=folder / "efficientnetv2b0_imagenet_rebuilt_notop.weights.h5",
            mobilenet=folder / "mobilenet_v2_1.0_224_inat_bird_quant.tflite",
            mobilenet_labels=folder / "inat_bird_labels.txt",
        )


@dataclass(frozen=True)
class HeadFitter:
    """Fits heads for one training's species."""

    config: TrainingConfig
    photos: LabelledPhotos
    output_of_species: Mapping[str, int]
    first_opinion: int

    def fit(self, views: FloatArray, species_at: Indices) -> LinearHead:
        """Fits on views [v, n, D] of photos of the species [n]."""
        head = fit_ridge(
            np.concatenate(list(views)),
            np.tile(species_at, len(views)),
            species_count=len(self.photos.species),
            penalty=self.config.penalty,
            views=len(views),
        )
        return with_known_species(
            head,
            self.photos.species,
            self.output_of_species,
            first_opinion=self.first_opinion,
            bonus=self.config.known_species_bonus,
        )


def train(config: TrainingConfig, *, data: Path, out: Path, work: Path, progress: TrainingProgress) -> str:
    """Runs a recipe from photos to bundle.

    Args:
        config: The recipe.
        data: Holds `birds-sample/train/<LABEL>/*.jpg` and `weights/`.
        out: Where the bundle goes.
        work: Where intermediate results are kept.
        progress: Shows where the training stands.

    Returns:
        The model version.
    """
    keras.utils.set_random_seed(config.seed)

    species_of_label = {review.label: review.species_id for review in world_list().reviews()}
    with progress.stage("read photos", total=len(species_of_label)) as stage:
        photos = read_photos(
            data / "birds-sample" / "train",
            species_of_label,
            input_size_px=config.input_size_px,
            on_label=lambda done, _: stage.reached(done),
        )
    fold = folds(photos, count=config.folds)
    held_at, kept_at = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
    held = HeldOut.of(photos.pixels[held_at], photos.species_at[held_at], seed=config.seed)
    progress.say(f"{len(photos)} photos of {len(photos.species)} species, {len(held_at)} of them held out")

    with progress.stage("join the pretrained networks"):
        pretrained = Pretrained.under(data / "weights")
        embedding = _joined_network(config, pretrained)
        output_of_species = outputs_by_species(
            pretrained.mobilenet_labels.read_text(encoding="utf-8").splitlines(),
            lambda english, scientific: resolve(english, scientific, world_list()).species_id,
        )
    heads = HeadFitter(config, photos, output_of_species, first_opinion=first_opinion_of(embedding))
    shared = len(set(photos.species) & set(output_of_species))
    progress.say(f"{shared} of the species are among those of the iNaturalist classifier")

    work = work / f"{config.name}-{_fingerprint(config, photos)}"
    work.mkdir(parents=True, exist_ok=True)
    first_weights = embedding.get_weights()
    pretrained_views = _kept_embeddings(
        work / "pretrained.npy", embedding, photos, config, progress, title="embed photos before training", augmented=0
    )

    # First without the held-out photos, to learn how far to tune and what scores mean; then the same on all photos.
    measured_file = work / f"measured-{_digest(config)}.json"
    if measured_file.exists():
        measured = Measured.read(measured_file)
        for title in _TRIAL_STAGES:
            progress.skip(title)
    else:
        _tune(
            embedding,
            work / "tuned.weights.h5",
            kept_at,
            pretrained_views,
            fold,
            heads,
            progress,
            title=_TRIAL_STAGES[0],
        )
        measured = _measure(embedding, first_weights, heads, held=held, kept_at=kept_at, progress=progress)
        measured.write(measured_file)
    for name, value in measured.metrics.items():
        progress.say(f"  {name}: {value}")

    embedding.set_weights(first_weights)
    everything = np.arange(len(photos))
    _tune(
        embedding,
        work / "tuned-on-all.weights.h5",
        everything,
        pretrained_views,
        fold,
        heads,
        progress,
        title="fine-tune every layer on all photos",
    )
    embedding.set_weights(averaged_weights(first_weights, embedding.get_weights(), tuned_ratio=measured.tuned_ratio))
    views = _kept_embeddings(
        work / f"tuned-on-all-{measured.tuned_ratio}-{config.head_views}.npy",
        embedding,
        photos,
        config,
        progress,
        title="embed photos after training",
        augmented=config.head_views,
    )

    with progress.stage("export, compare with Keras and write the bundle"):
        centroids = Centroids.of(
            np.concatenate(list(views[:2])), np.tile(photos.species_at, 2), species_count=len(photos.species)
        )
        network = answering_network(
            embedding, head=heads.fit(views, photos.species_at), calibration=measured.calibration, centroids=centroids
        )
        sample = held.pixels[:: max(len(held.pixels) // _PARITY_PHOTOS, 1)]
        expected = network.predict(sample.astype(np.float32), batch_size=16, verbose=0)
        full = to_onnx(network, input_size_px=config.input_size_px)
        parity = check_parity(expected, answers(session_on(full), sample), max_difference=MAX_PARITY_DIFFERENCE)
        half = store_in_half_precision(full)
        stored = check_parity(expected, answers(session_on(half), sample), max_difference=MAX_HALF_STORAGE_DIFFERENCE)
        version = write_bundle(
            out,
            half,
            species=photos.species,
            recipe=config.name,
            backbone=f"{EFFICIENTNET} + {MOBILENET}",
            input_size_px=config.input_size_px,
            thresholds=measured.thresholds,
            metrics={**measured.metrics, "parity_with_keras": parity, "parity_of_half_precision_storage": stored},
            version_prefix=config.name,
            created_on=config.created_on,
        )
    progress.say(f"{version} is in {out}")
    return version


def _measure(
    embedding: keras.Model,
    first_weights: Sequence[npt.NDArray[np.floating]],
    heads: HeadFitter,
    *,
    held: HeldOut,
    kept_at: Indices,
    progress: TrainingProgress,
) -> Measured:
    config, photos = heads.config, heads.photos
    tuned_weights = embedding.get_weights()
    ratios = (0.0, *config.tuned_ratios)
    found: dict[float, tuple[float, float]] = {}
    with progress.stage(_TRIAL_STAGES[1], total=len(ratios) * len(kept_at) * 2) as stage:

        def in_turn(turn: int) -> OnDone:
            return lambda done: stage.reached(turn * len(kept_at) * 2 + done)

        for turn, ratio in enumerate(ratios):
            embedding.set_weights(averaged_weights(first_weights, tuned_weights, tuned_ratio=ratio))
            embedder = Embedder(embedding, input_size_px=config.input_size_px, seed=config.seed)
            views = embedder.views(
                photos.pixels[kept_at],
                augmented=0,
                on_done=in_turn(turn),
            )
            head = fit_ridge(
                np.concatenate(list(views)),
                np.tile(photos.species_at[kept_at], 2),
                species_count=len(photos.species),
                penalty=config.penalty,
                views=2,
            )
            scores = head.scores(embedder.photos(held.pixels, on_done=lambda _: None))
            top1, top1_elsewhere = (
                top_ratio(scores[at], held.species_at[at], first=1) for at in (held.is_plain, ~held.is_plain)
            )
            found[ratio] = (top1, top1_elsewhere)
            progress.say(f"  {ratio:.2f} of the way: {top1:.4f} held out, {top1_elsewhere:.4f} as from elsewhere")
    chosen_ratio = max(config.tuned_ratios, key=lambda ratio: sum(found[ratio]))
    embedding.set_weights(averaged_weights(first_weights, tuned_weights, tuned_ratio=chosen_ratio))

    others = non_birds(size_px=config.input_size_px, seed=config.seed)
    with progress.stage(
        _TRIAL_STAGES[2], total=(2 + config.head_views) * len(kept_at) + len(held.pixels) + len(others)
    ) as stage:
        embedder = Embedder(embedding, input_size_px=config.input_size_px, seed=config.seed)
        views = embedder.views(photos.pixels[kept_at], augmented=config.head_views, on_done=stage.reached)
        held_embeddings = embedder.photos(held.pixels, on_done=lambda _: None)
        other_embeddings = embedder.photos(others, on_done=lambda _: None)

    with progress.stage(_TRIAL_STAGES[3]):
        trial_head = heads.fit(views, photos.species_at[kept_at])
        scores = trial_head.scores(held_embeddings)
        plain, species_at = held.is_plain, held.species_at
        calibration = calibrate(scores[plain], species_at[plain], floor=config.score_floor)
        probabilities = calibration.probabilities(scores)
        is_right = probabilities.argmax(axis=1) == species_at
        sure = threshold_for_precision(probabilities.max(axis=1), is_right, precision=config.sure_precision)
        lineages = world_list().find_many(photos.species)
        coarser = coarser_threshold(
            probabilities,
            species_at,
            [
                [taxon.genus if taxon else None for taxon in lineages],
                [taxon.family if taxon else None for taxon in lineages],
            ],
            sure_min_score=sure.min_score,
            precision=config.coarser_precision,
        )
        kept_views = np.concatenate(list(views))
        kept_species_at = np.tile(photos.species_at[kept_at], len(views))
        trial_centroids = Centroids.of(
            np.concatenate(list(views[:2])),
            np.tile(photos.species_at[kept_at], 2),
            species_count=len(photos.species),
        )
        known, unknown = (
            measures(
                embeddings,
                head=trial_head,
                calibration=calibration,
                centroids=trial_centroids,
                known=views[0],
            )[SHIPPED_KIND]
            for embeddings in (held_embeddings, other_embeddings)
        )
        min_familiarity = float(np.quantile(known, config.false_unfamiliar_ratio))
        rules = compare(
            fitting=kept_views,
            fitting_species_at=kept_species_at,
            held_out=held_embeddings[plain],
            held_out_species_at=species_at[plain],
            non_birds=other_embeddings,
            species_count=len(photos.species),
            penalty=config.penalty,
            views=len(views),
            calibration=calibration,
            folds=config.species_folds,
            seed=config.seed,
        )
    honest = cross_fitted_probabilities(scores[plain], species_at[plain], floor=config.score_floor)
    metrics = {
        "fitted_photos_per_species": config.folds - 1,
        "held_out_photos": int(plain.sum()),
        "top1": round(top_ratio(scores[plain], species_at[plain], first=1), 4),
        "top3": round(top_ratio(scores[plain], species_at[plain], first=3), 4),
        "top1_as_from_elsewhere": round(top_ratio(scores[~plain], species_at[~plain], first=1), 4),
        "top1_by_kind": {
            str(kind): round(float(is_right[held.kind == kind].mean()), 4) for kind in np.unique(held.kind[~plain])
        },
        "top1_before_fine_tuning": round(found[0.0][0], 4),
        "top1_as_from_elsewhere_before_fine_tuning": round(found[0.0][1], 4),
        "tuned_ratio": chosen_ratio,
        "calibration_power": round(calibration.power, 3),
        "expected_calibration_error": round(expected_calibration_error(honest, species_at[plain]), 4),
        "expected_calibration_error_as_from_elsewhere": round(
            expected_calibration_error(probabilities[~plain], species_at[~plain]), 4
        ),
        "sure": asdict(sure),
        "coarser": asdict(coarser),
        "familiarity_auroc_unknown_species": {rule: round(area, 4) for rule, area in rules.unknown_species.items()},
        "familiarity_auroc_non_birds": {rule: round(area, 4) for rule, area in rules.non_birds.items()},
        "unfamiliar_ratio": {
            "held_out": round(float((known[plain] < min_familiarity).mean()), 4),
            "held_out_as_from_elsewhere": round(float((known[~plain] < min_familiarity).mean()), 4),
            "non_birds": round(float((unknown < min_familiarity).mean()), 4),
        },
    }
    return Measured(
        tuned_ratio=chosen_ratio,
        calibration=calibration,
        thresholds={
            "sure_min_score": round(sure.min_score, 4),
            "coarser_min_score": round(coarser.min_score, 4),
            "familiarity": {"kind": SHIPPED_KIND, "min": round(min_familiarity, 4)},
        },
        metrics=metrics,
    )


def first_opinion_of(embedding: keras.Model) -> int:
    """Where the iNaturalist opinion starts in the embedding."""
    return int(embedding.output_shape[-1]) - int(embedding.get_layer("opinion_logits").units)


def _joined_network(config: TrainingConfig, pretrained: Pretrained) -> keras.Model:
    mobilenet = mobilenet_v2()
    fill_from_quantised(mobilenet, pretrained.mobilenet)
    return embedding_network(
        efficientnet_v2_b0(pretrained.efficientnet),
        mobilenet,
        quantised_classifier(pretrained.mobilenet),
        opinion_weight=config.opinion_weight,
    )


def _fingerprint(config: TrainingConfig, photos: LabelledPhotos) -> str:
    # Of what the fine-tuned weights depend on; thresholds and the like may change without training again.
    return _digest(
        (config.fine_tuning, config.opinion_weight, config.known_species_bonus, config.penalty, photos.names)
    )


def _digest(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]


def _kept_embeddings(
    file: Path,
    embedding: keras.Model,
    photos: LabelledPhotos,
    config: TrainingConfig,
    progress: TrainingProgress,
    *,
    title: str,
    augmented: int,
) -> FloatArray:
    if file.exists():
        progress.skip(title)
        return np.load(file)
    with progress.stage(title, total=(2 + augmented) * len(photos)) as stage:
        embedder = Embedder(embedding, input_size_px=config.input_size_px, seed=config.seed)
        views = embedder.views(photos.pixels, augmented=augmented, on_done=stage.reached)
    np.save(file, views)
    return views


def _tune(
    embedding: keras.Model,
    file: Path,
    chosen: Indices,
    pretrained_views: FloatArray,
    fold: Indices,
    heads: HeadFitter,
    progress: TrainingProgress,
    *,
    title: str,
) -> None:
    """Trains the embedding on the chosen photos, or finds its weights in `file`."""
    if file.exists():
        embedding.load_weights(file)
        progress.skip(title)
        return
    config, photos = heads.config, heads.photos
    species_at, fold = photos.species_at[chosen], fold[chosen]
    views = pretrained_views[:, chosen]
    dealt = np.unique(fold)
    judges = [heads.fit(views[:, fold != judged], species_at[fold != judged]) for judged in dealt]
    recent: deque[tuple[float, float]] = deque(maxlen=_RECENT_STEPS)
    with progress.stage(title, total=config.fine_tuning.steps(len(chosen))) as stage:

        def on_step(step: Step) -> None:
            recent.append((step.loss, step.right_ratio))
            loss, right = np.mean(recent, axis=0)
            stage.reached(step.done, f"loss {loss:.3f}, right {right:.3f}, {step.photos_per_s:.1f} photos/s")

        fine_tune(
            embedding,
            photos.pixels[chosen],
            species_at,
            np.searchsorted(dealt, fold),
            judges,
            config.fine_tuning,
            on_step=on_step,
        )
    embedding.save_weights(file)


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description="Make a model bundle from labelled photos.")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="starter", help="the recipe")
    parser.add_argument("--data", type=Path, required=True, help="holds birds-sample/ and weights/")
    parser.add_argument("--out", type=Path, required=True, help="where the bundle goes")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="where intermediate results stay")
    arguments = parser.parse_args()
    train(
        CONFIGS[arguments.config],
        data=arguments.data,
        out=arguments.out,
        work=arguments.work,
        progress=TrainingProgress(_STAGES),
    )


if __name__ == "__main__":
    main()
