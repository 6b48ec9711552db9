"""The `full` recipe: a whole network from ImageNet weights, fine-tuned on every training photo of a snapshot; reads top to bottom.

Photos are decoded once, the head starts where the frozen network's embeddings put it, then the last blocks and at last every layer
are trained on augmented views; the epoch with the best validation loss is averaged with the network that training began with, as far
as validation photos say that it pays, and exported. What comes after the backbone is the
`head` recipe's: a head, its calibration and thresholds, the evaluation, the bundle. It refuses a snapshot with fewer than two
trainable species, a loss that is no number, and a graph that does not answer as the network it was made from.
"""

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import numpy.typing as npt

from avocet.domain.dataset import Split
from avocet.domain.learning_curve import CurveKind, CurvePoint, Phase
from avocet.domain.taxonomy import WorldList
from avocet.domain.training import FullSettings
from avocet.usecases.dataset_ports import Objects
from avocet.usecases.read_snapshot import Snapshot
from training_job.averaging import averaged_weights
from training_job.backbones import fill, pretrained, untrained
from training_job.bundle import answers, check_parity, session_on, store_in_half_precision
from training_job.checkpoints import Checkpoints, Standing
from training_job.curve import CurveKeeper
from training_job.export_onnx import MAX_PARITY_DIFFERENCE, to_onnx
from training_job.full_config import FULL, FullConfig, Stage
from training_job.head import LinearHead, fit_ridge
from training_job.head_recipe import MIN_SPECIES, Base, Champion, TooFewSpeciesError, fit_head
from training_job.input_pipeline import InputPipeline
from training_job.photo_file import DecodedPhotos, batches_of, decode
from training_job.refusals import DivergedError
from training_job.report import Report
from training_job.surgery import Graph
from training_job.tracking import Tracking

FloatArray = npt.NDArray[np.float32]

RECIPE = "full"
_PARITY_PHOTOS = 32
_JUDGED_AT_ONCE = 64
_MOST_WEIGHT = 10.0
_REPORT_EVERY_S = 2.0


@dataclass(frozen=True)
class Workplace:
    """Where a training works.

    Attributes:
        scratch: For decoded photos; may be lost at any time.
        checkpoints: What it goes on from; outlives an interruption.
        out: Where the bundle goes, and what it and the champion said of each validation and test photo.
    """

    scratch: Path
    checkpoints: Path
    out: Path


def train_full(
    snapshot: Snapshot,
    champion_files: Mapping[str, bytes],
    settings: FullSettings,
    *,
    models: Objects,
    world_list: WorldList,
    place: Workplace,
    run_name: str,
    created_on: date,
    tracking: Tracking,
    report: Report,
    config: FullConfig = FULL,
) -> str:
    """Run the recipe from snapshot to bundle.

    Args:
        snapshot: What to learn from.
        champion_files: The serving bundle, which is only judged on the same photos.
        settings: The network, and how long.
        models: The models bucket.
        world_list: Genus and family of each species.
        place: Where to work.
        run_name: What the run is called in its record.
        created_on: The day written into the bundle.
        tracking: Keeps record of the run.
        report: Says how far it is.
        config: The recipe.

    Returns:
        The model version.

    Raises:
        TooFewSpeciesError: The snapshot holds photos of fewer than two species.
        NoPretrainedWeightsError: The network's weights are nowhere to be had.
        CorruptSnapshotError: A photo or a shard is missing, or is not what the snapshot says.
        DivergedError: The loss is no number any more.
        DiskFullError: Decoded photos or checkpoints do not fit.
        ParityError: The exported graph answers otherwise than the network.
    """
    began = time.monotonic()
    config = config.with_epochs(settings.epochs)
    species = tuple(sorted(snapshot.counts))
    if len(species) < MIN_SPECIES:
        raise TooFewSpeciesError(
            f"the snapshot has {len(species)} trainable species, and a model needs two to tell apart; add photos and refresh"
        )
    has_gpu = bool(keras.distribution.list_devices("gpu"))
    keras.utils.set_random_seed(config.seed)
    champion = Champion.of(champion_files)
    tracking.started(
        run_name=run_name,
        parameters={
            "recipe": RECIPE,
            "champion": str(champion.manifest["model_version"]),
            "backbone": settings.backbone.value,
            "stages": ", ".join(f"{each.name}: {each.epochs} at {each.learning_rate}" for each in config.stages),
            "batch": str(config.gpu_batch if has_gpu else config.batch),
            "precision": "mixed_float16" if has_gpu else "float32",
        },
        snapshot_id=snapshot.snapshot_id,
        photos={split.value: sum(each.of(split) for each in snapshot.counts.values()) for split in Split},
    )
    report.say(
        f"{len(snapshot.rows)} photos of {len(species)} species; {settings.backbone.value}, {'GPU' if has_gpu else 'CPU'}"
    )

    # The network computes in half precision where there is a GPU; what is exported is always in full.
    keras.config.set_dtype_policy("mixed_float16" if has_gpu else "float32")
    backbone, source = pretrained(settings.backbone, models=models, size_px=config.size_px)
    report.say(f"pretrained weights: {source}")
    network = network_on(backbone, len(species), config)

    place.scratch.mkdir(parents=True, exist_ok=True)

    def decoded(split: Split) -> DecodedPhotos:
        return decode(
            snapshot,
            split,
            species,
            place.scratch / f"{split.value}.pixels",
            size_px=config.size_px,
            on_done=lambda done: report.reached(done, len(snapshot.rows), f"decoding {split.value} photos"),
        )

    train, validation = decoded(Split.TRAIN), decoded(Split.VALIDATION)

    began_with = arrays(network.get_weights())
    checkpoints = Checkpoints(place.checkpoints, _fingerprint(snapshot, settings, config, source))
    curve = CurveKeeper(place.out, report.on_curve)
    history = _fine_tuned(
        network, train, validation, config, checkpoints, has_gpu=has_gpu, curve=curve, tracking=tracking, report=report
    )
    tuned_ratio = average(network, began_with, train, validation, config, report)

    keras.config.set_dtype_policy("float32")
    exact = network_on(untrained(settings.backbone, size_px=config.size_px), len(species), config)
    fill(exact, [np.asarray(each) for each in network.get_weights()])
    report.reached(0, 1, "exporting to ONNX and comparing with Keras")
    graph, parity = _exported(exact, (validation if len(validation) else train).pixels[:_PARITY_PHOTOS], config)
    report.say(f"the graph answers as the network does: {parity}")
    report.reached(1, 1, "exported")

    base = Base(
        Champion(_manifest(champion, species, settings, config), graph),
        recipe=RECIPE,
        # Nobody trained on these validation photos: what is found on them may be believed.
        is_honest=True,
        more={
            "training": {
                "pretrained": source,
                "best_epoch": history.best_epoch,
                "epochs": history.epochs_done,
                "validation_loss": round(history.best_loss, 4),
                "tuned_ratio": tuned_ratio,
                "parity_with_keras": parity,
            }
        },
    )
    return fit_head(
        snapshot,
        base,
        champion=champion,
        champion_files=champion_files,
        models=models,
        world_list=world_list,
        out=place.out,
        created_on=created_on,
        curve=curve,
        tracking=tracking,
        report=report,
        began_s=began,
    )


def network_on(backbone: keras.Model, species_count: int, config: FullConfig) -> keras.Model:
    """Put an embedding of unit length and a head on a backbone.

    Batch statistics stay those of ImageNet: thousands of species with few photos each say little of them.

    Returns:
        A model from float32 [batch, size, size, 3], 0-255 RGB, to ``probabilities`` float32 [batch, K] and ``embedding``
        float32 [batch, D].
    """
    inputs = keras.Input((config.size_px, config.size_px, 3), name="pixels")
    features = backbone(inputs, training=False)
    # Named in full precision: half of it is too coarse for a softmax and for lengths.
    embedding = keras.layers.UnitNormalization(name="embedding", dtype="float32")(features)
    scores = keras.layers.Dense(species_count, name="scores", dtype="float32")(embedding)
    scaled = keras.layers.Rescaling(config.score_scale, name="scaled", dtype="float32")(scores)
    probabilities = keras.layers.Softmax(name="probabilities", dtype="float32")(scaled)
    return keras.Model(inputs, {"probabilities": probabilities, "embedding": embedding})


def _fine_tuned(
    network: keras.Model,
    train: DecodedPhotos,
    validation: DecodedPhotos,
    config: FullConfig,
    checkpoints: Checkpoints,
    *,
    has_gpu: bool,
    curve: CurveKeeper,
    tracking: Tracking,
    report: Report,
) -> Standing:
    """Train in place, stage by stage, and leave the network with its best weights."""
    batch = min(config.gpu_batch if has_gpu else config.batch, len(train))
    pipeline = InputPipeline(train.pixels, batch, config.size_px, config.seed)
    species_count = int(network.output["probabilities"].shape[-1])
    weight_of = class_weights(train.species_at, species_count, config.rarity_power)
    resumed = checkpoints.load()
    if resumed is None:
        report.reached(0, config.epochs * pipeline.steps, "placing the head on the frozen network's embeddings")
        _place_head(network, train, species_count, config)
    # Without validation photos the last epoch is the best there is.
    standing = resumed[0] if resumed else Standing(points=_frozen(network, validation, tracking))
    _keep(curve, standing)
    first = 0
    for stage in config.stages:
        last = first + stage.epochs
        if standing.epochs_done >= last or _is_exhausted(standing, config):
            first = last
            continue
        learner = _learner(network, stage, config)
        if resumed is not None:
            report.say(f"goes on after epoch {standing.epochs_done} of {config.epochs}")
            if standing.epochs_done > first:
                _restore(network, learner, resumed[1])
            else:
                _restore(network, None, resumed[1][: len(network.get_weights())])
            resumed = None
        for epoch in range(standing.epochs_done, last):
            epoch_began = time.monotonic()
            figures = _epoch(learner, stage, epoch, first, pipeline, train, weight_of, config, report)
            loss, right = judge(network, validation)
            figures |= {"validation_loss": loss, "validation_accuracy": right}
            figures |= {"seconds": time.monotonic() - epoch_began}
            report.measured(figures, step=epoch + 1)
            tracking.measured(figures, step=epoch + 1)
            if not len(validation) or loss < standing.best_loss:
                standing = replace(standing, best_epoch=epoch + 1, best_loss=loss)
                checkpoints.save_best(arrays(network.get_weights()))
            point = _point(epoch + 1, stage.phase, figures)
            standing = replace(standing, epochs_done=epoch + 1, points=(*standing.points, point))
            _keep(curve, standing)
            checkpoints.save(standing, arrays([*network.get_weights(), *_state(learner)]))
            if _is_exhausted(standing, config):
                report.say(f"no better validation loss since epoch {standing.best_epoch}: that is enough")
                break
        first = last
    best = checkpoints.best()
    if best is not None:
        fill(network, best)
    return standing


def _frozen(network: keras.Model, validation: DecodedPhotos, tracking: Tracking) -> tuple[CurvePoint, ...]:
    """Return how the frozen network does with the head it begins with: what every epoch has to beat."""
    if not len(validation):
        return ()
    loss, right = judge(network, validation)
    tracking.measured({"validation_loss": loss, "validation_accuracy": right}, step=0)
    return (CurvePoint(0, Phase.HEAD, validation_loss=loss, validation_accuracy=right),)


def _point(step: int, phase: Phase, figures: Mapping[str, float]) -> CurvePoint:
    return CurvePoint(
        step,
        phase,
        loss=figures["loss"],
        accuracy=figures["accuracy"],
        validation_loss=figures["validation_loss"],
        validation_accuracy=figures["validation_accuracy"],
        learning_rate=figures["learning_rate"],
        seconds=figures["seconds"],
    )


def _keep(curve: CurveKeeper, standing: Standing) -> None:
    if standing.points:
        curve.keep(CurveKind.EPOCHS, standing.points, best=standing.best_epoch or None)


def _is_exhausted(standing: Standing, config: FullConfig) -> bool:
    # Only the last stage may end early: before it most of the network has not moved yet.
    before = sum(stage.epochs for stage in config.stages[:-1])
    done = standing.epochs_done
    return done > before and done - max(standing.best_epoch, before) >= config.patience


def _epoch(
    learner: keras.Model,
    stage: Stage,
    epoch: int,
    first: int,
    pipeline: InputPipeline,
    train: DecodedPhotos,
    weight_of: FloatArray,
    config: FullConfig,
    report: Report,
) -> dict[str, float]:
    """Train one epoch; return what it came to."""
    steps, told_s, began = pipeline.steps, 0.0, time.monotonic()
    # Each step's figures are its own: Keras forgets between two steps.
    losses = accuracies = rates = 0.0
    waited_before_s = pipeline.waited_s
    learner.reset_metrics()
    logs: Mapping[str, float] = {}
    for step, batch in enumerate(pipeline.epoch(epoch)):
        rate = stage.learning_rate_at((epoch - first) * steps + step, stage.epochs * steps)
        learner.optimizer.learning_rate = rate
        rates += rate
        truth = train.species_at[batch.photos]
        logs = learner.train_on_batch(batch.views, truth, sample_weight=weight_of[truth], return_dict=True)
        if not math.isfinite(float(logs["loss"])):
            raise DivergedError(
                f"the loss is {float(logs['loss'])} in epoch {epoch + 1}, step {step + 1} of {steps}, at a learning rate of "
                f"{rate:.1e}: lower the learning rate, or look at the photos of this snapshot"
            )
        losses += float(logs["loss"])
        accuracies += float(logs["accuracy"])
        now = time.monotonic()
        if now - told_s >= _REPORT_EVERY_S or step + 1 == steps:
            told_s = now
            speed = (step + 1) * pipeline.batch / (now - began)
            done, total = epoch * steps + step + 1, config.epochs * steps
            left_s = (total - done) * pipeline.batch / speed
            report.reached(
                done,
                total,
                f"epoch {epoch + 1}/{config.epochs} ({stage.name}): loss {float(logs['loss']):.3f}, "
                f"{speed:.0f} images/s, {_duration(left_s)} left at most",
            )
    took_s = time.monotonic() - began
    return {
        "loss": losses / steps,
        "accuracy": accuracies / steps,
        "learning_rate": rates / steps,
        "images_per_s": steps * pipeline.batch / took_s,
        "input_wait_ratio": (pipeline.waited_s - waited_before_s) / took_s,
    }


def _learner(network: keras.Model, stage: Stage, config: FullConfig) -> keras.Model:
    """Free the stage's layers and give the network its loss; the learner shares the network's weights."""
    _free(network, stage)
    learner = keras.Model(network.input, network.output["probabilities"])
    learner.compile(
        optimizer=keras.optimizers.AdamW(
            learning_rate=stage.learning_rate, weight_decay=config.weight_decay, clipnorm=1.0
        ),
        loss=_SmoothedLoss(int(learner.output.shape[-1]), config.label_smoothing),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    learner.optimizer.build(learner.trainable_variables)
    return learner


class _SmoothedLoss(keras.losses.Loss):
    """Cross-entropy of species given by their index, with a share of the target spread over all."""

    def __init__(self, species_count: int, smoothing: float) -> None:
        super().__init__(name="loss")
        self._species_count, self._smoothing = species_count, smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each photo."""
        truth = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        target = keras.ops.one_hot(truth, self._species_count)
        return keras.losses.categorical_crossentropy(target, y_pred, label_smoothing=self._smoothing)


def _free(network: keras.Model, stage: Stage) -> None:
    (backbone,) = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    is_free = not stage.open_from
    backbone.trainable = True
    for layer in backbone.layers:
        is_free = is_free or layer.name.startswith(stage.open_from)
        layer.trainable = is_free


def _place_head(network: keras.Model, train: DecodedPhotos, species_count: int, config: FullConfig) -> None:
    """Begin with the head that fits the frozen network's embeddings; what is at random would tear at the network."""
    head = _fitted(_embedded(network, train), train, species_count, config)
    network.get_layer("scores").set_weights([head.weights, head.bias])


def average(
    network: keras.Model,
    began_with: Sequence[npt.NDArray[Any]],
    train: DecodedPhotos,
    validation: DecodedPhotos,
    config: FullConfig,
    report: Report,
) -> float:
    """Leave the network with the average that tells the validation photos apart best, each with a head fitted to it.

    Not with the head it was trained with: what is shipped gets a new one, and the first network never had another.

    Returns:
        How far it goes from the weights it began with to those it has; all the way without validation photos.

    Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
    """
    if not len(validation):
        return 1.0
    tuned = arrays(network.get_weights())
    species_count = int(network.output["probabilities"].shape[-1])
    right: dict[float, float] = {}
    for at, ratio in enumerate(config.averages):
        report.reached(at, len(config.averages), "averaging with the weights it began with")
        fill(network, averaged_weights(began_with, tuned, tuned_ratio=ratio))
        head = _fitted(_embedded(network, train), train, species_count, config)
        scores = _embedded(network, validation) @ head.weights + head.bias
        right[ratio] = float((scores.argmax(axis=1) == validation.species_at).mean())
    # The first of equals, as they are in falling favour.
    best = max(right, key=lambda ratio: right[ratio])
    report.say(
        "with a head fitted alike: "
        + ", ".join(f"{share:.3f} right {ratio:.0%} of the way" for ratio, share in sorted(right.items()))
        + f"; {best:.0%} of the way it is"
    )
    fill(network, averaged_weights(began_with, tuned, tuned_ratio=best))
    return best


def _embedded(network: keras.Model, photos: DecodedPhotos) -> FloatArray:
    """Return the unit embeddings of photos as they are, float32 [n, D]."""
    embedder = keras.Model(network.input, network.output["embedding"])
    parts = [
        np.asarray(embedder.predict_on_batch(photos.pixels[rows].astype(np.float32)))
        for rows in batches_of(len(photos), _JUDGED_AT_ONCE)
    ]
    return np.concatenate(parts)


def _fitted(embeddings: FloatArray, photos: DecodedPhotos, species_count: int, config: FullConfig) -> LinearHead:
    return fit_ridge(embeddings, photos.species_at, species_count=species_count, penalty=config.head_penalty)


def judge(network: keras.Model, photos: DecodedPhotos) -> tuple[float, float]:
    """Return loss and share of right answers on photos as they are; nan without photos."""
    if not len(photos):
        return math.nan, math.nan
    probabilities = np.concatenate(
        [
            np.asarray(network.predict_on_batch(photos.pixels[rows].astype(np.float32))["probabilities"])
            for rows in batches_of(len(photos), _JUDGED_AT_ONCE)
        ]
    )
    said = probabilities[np.arange(len(photos)), photos.species_at]
    loss = float(-np.log(np.maximum(said, 1e-7)).mean())
    return loss, float((probabilities.argmax(axis=1) == photos.species_at).mean())


def class_weights(species_at: npt.NDArray[np.intp], species_count: int, power: float) -> FloatArray:
    """Return what a photo of each species counts, [K]; photos of rare species more, none is thrown away; 1 on the average."""
    counts = np.bincount(species_at, minlength=species_count)
    present = counts[counts > 0]
    weights = np.ones(species_count, np.float32)
    weights[counts > 0] = np.minimum((present.mean() / present) ** power, _MOST_WEIGHT)
    return np.asarray(weights / (weights * counts).sum() * counts.sum(), np.float32)


def _exported(
    network: keras.Model, pixels: npt.NDArray[np.uint8], config: FullConfig
) -> tuple[Graph, dict[str, float]]:
    """Turn the network into a graph and hold it against the network on real photos.

    Raises:
        ParityError: It answers otherwise.
    """
    proto = to_onnx(network, input_size_px=config.size_px)
    got = answers(session_on(proto, threads=os.cpu_count() or 1), pixels)
    expected = {
        name: np.asarray(each) for name, each in network.predict_on_batch(np.asarray(pixels, np.float32)).items()
    }
    parity = check_parity(expected, got, max_difference=MAX_PARITY_DIFFERENCE)
    apart = float(np.abs(expected["embedding"] - got["embedding"]).max())
    # An embedding is compared as a probability is: both lie between -1 and 1.
    check_parity(
        {"probabilities": expected["embedding"]},
        {"probabilities": got["embedding"]},
        max_difference=MAX_PARITY_DIFFERENCE,
    )
    # As it is served, so that the embeddings kept now are those that a head trained on this model finds again.
    return Graph(store_in_half_precision(proto)), {**parity, "max_embedding_difference": apart}


def _manifest(
    champion: Champion, species: tuple[str, ...], settings: FullSettings, config: FullConfig
) -> dict[str, object]:
    return {
        "model_version": champion.manifest["model_version"],
        "species": list(species),
        "input_size_px": config.size_px,
        "backbone": settings.backbone.value,
        # Where a snapshot is too small to choose thresholds on.
        "thresholds": champion.manifest["thresholds"],
    }


def _fingerprint(snapshot: Snapshot, settings: FullSettings, config: FullConfig, source: str) -> str:
    made_of = [snapshot.snapshot_id, settings.backbone.value, repr(config), source, len(snapshot.rows)]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _state(learner: keras.Model) -> list[Any]:
    return [each.value for each in learner.optimizer.variables]


def _restore(network: keras.Model, learner: keras.Model | None, variables: list[npt.NDArray[Any]]) -> None:
    weights = len(network.get_weights())
    fill(network, variables[:weights])
    if learner is not None:
        for variable, value in zip(learner.optimizer.variables, variables[weights:], strict=True):
            variable.assign(value)


def arrays(values: list[Any]) -> list[npt.NDArray[Any]]:
    """Return weights or variables as arrays of their own."""
    return [np.asarray(keras.ops.convert_to_numpy(each)) for each in values]


def _duration(seconds: float) -> str:
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes} min" if minutes else f"{rest_s} s"
