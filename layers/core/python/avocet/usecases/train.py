"""Start a training on the current snapshot, follow it, take in what it made, and cancel it.

Every step may be repeated: a training is named after the attempt it belongs to, and an attempt that was given up or
cancelled changes nothing any more. It refuses a dataset that nothing could be learnt from.
"""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace

from avocet.domain.jobs import FencedOutError, Job, JobKind, JobState
from avocet.domain.learning_curve import LearningCurve
from avocet.domain.notifications import Notice
from avocet.domain.training import TrainingEvent, TrainingRequest, recipe_in, require_enough, training_name
from avocet.usecases.dataset_ports import Heads
from avocet.usecases.ports import ChampionPointer, NoModelError
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.training_ports import TrainingEvents, TrainingLauncher

# A bundle is some 30 MB; far above it something is wrong, and a function's memory is at stake.
MAX_OUTPUT_BYTES = 512 * 1024 * 1024
_LOG_BYTES = 64 * 1024


class BrokenOutputError(Exception):
    """A training left something that is not its output."""


@dataclass(frozen=True, kw_only=True)
class StartTraining:
    """Begins one attempt.

    Attributes:
        jobs: Says whose the job is.
        heads: Says which snapshot is current.
        champion: Says who serves.
        launcher: Runs it.
        clean_bucket: Name of the bucket with the snapshots.
        models_bucket: Name of the bucket that takes what is made.
        recipes: What can be run here.
        tracking_url: The MLflow that the training is recorded in by itself; empty where somebody else does that, or nobody.
    """

    jobs: RunJobs
    heads: Heads
    champion: ChampionPointer
    launcher: TrainingLauncher
    clean_bucket: str
    models_bucket: str
    recipes: frozenset[str]
    tracking_url: str = ""

    def __call__(self, job_id: str, fence: int, parameters: Mapping[str, str]) -> TrainingRequest:
        """Begin; return what was asked for. What was begun for a job that was cancelled meanwhile is stopped.

        Raises:
            FencedOutError: The job was cancelled, or is another attempt's.
            UnknownRecipeError: Nobody here can run that recipe.
            UnusableTrainingError: The recipe does not take what was said.
            TrainingRefusedError: What runs trainings does not take it.
            NothingToTrainOnError: The dataset is not ready.
            NoModelError: There is no champion to start from.
        """
        self.jobs.require_held(job_id, fence)
        recipe = recipe_in(parameters, self.recipes)
        head = self.heads.read()
        require_enough(head.snapshot_id, head.species)
        champion = self.champion.read()
        if champion is None:
            raise NoModelError("There is no champion to start from; publish a model first.")
        name = training_name(job_id, fence)
        request = TrainingRequest(
            name=name,
            hyperparameters={
                **parameters,
                "recipe": recipe.value,
                "snapshot_id": head.snapshot_id,
                "champion": champion,
            },
            input_uri=f"s3://{self.clean_bucket}/snapshots/{head.snapshot_id}/",
            output_uri=f"s3://{self.models_bucket}/training/",
            environment={
                "AVOCET_CLEAN_BUCKET": self.clean_bucket,
                "AVOCET_MODELS_BUCKET": self.models_bucket,
                "TRAINING_JOB_NAME": name,
                **({"AVOCET_TRACKING_URL": self.tracking_url} if self.tracking_url else {}),
            },
        )
        self.launcher.start(request)
        try:
            self.jobs.require_held(job_id, fence)
        except FencedOutError:
            # Whoever cancelled it found nothing to stop yet.
            self.launcher.stop(name)
            raise
        return request


@dataclass(frozen=True, kw_only=True)
class FollowTrainings:
    """Looks after running trainings from outside: their signs of life, and endings that nobody was told of."""

    jobs: RunJobs
    launcher: TrainingLauncher
    events: TrainingEvents

    def __call__(self, *, repeats_endings: bool) -> None:
        """Look once; with ``repeats_endings`` an ending that is still open is told again, as its event may be lost."""
        for job in self.jobs.active().jobs:
            if job.kind is not JobKind.TRAIN or job.state is not JobState.RUNNING:
                continue
            name = training_name(job.job_id, job.fence)
            status = self.launcher.status(name)
            if status is None:
                continue
            if status.state.is_over and repeats_endings:
                # Taking it in twice changes nothing.
                self.events.send(TrainingEvent(name, status.state, status.reason))
            try:
                self.jobs.observe(job.job_id, job.fence, status)
            except FencedOutError:
                continue


@dataclass(frozen=True, kw_only=True)
class CancelJob:
    """Cancels a job, and the training that it may be."""

    jobs: RunJobs
    launcher: TrainingLauncher

    def __call__(self, job_id: str, cancelled_by: str) -> Job:
        """Cancel; doing it again stops a training that a crash left running.

        Raises:
            JobNotFoundError: There is no such job.
            NotCancellableError: It is over, or it writes to the dataset and has begun.
        """
        closed = self.jobs.cancel(job_id, cancelled_by)
        if closed.kind is JobKind.TRAIN and closed.fence:
            self.launcher.stop(training_name(job_id, closed.fence))
        return closed


def log_of(jobs: RunJobs, launcher: TrainingLauncher, job_id: str) -> str:
    """Return the end of a job's log; only trainings have one.

    Raises:
        JobNotFoundError: There is no such job.
    """
    job = jobs.find(job_id)
    if job.kind is not JobKind.TRAIN or not job.fence:
        return ""
    return launcher.log(training_name(job.job_id, job.fence), max_bytes=_LOG_BYTES)


def curve_of(jobs: RunJobs, launcher: TrainingLauncher, job_id: str) -> LearningCurve:
    """Return a job's learning curve as far as it has come; one without parts where there is none, as only trainings have one.

    Raises:
        JobNotFoundError: There is no such job.
        CorruptCurveError: What is there is none.
    """
    job = jobs.find(job_id)
    if job.kind is not JobKind.TRAIN or not job.fence:
        return LearningCurve()
    data = launcher.curve(training_name(job.job_id, job.fence))
    return LearningCurve() if data is None else LearningCurve.from_json(data)


def unpack_output(data: bytes) -> dict[str, bytes]:
    """Return the files of a training's output by name.

    Raises:
        BrokenOutputError: It is not a gzipped tar of plain files, or too large.
    """
    files: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
            for member in tar:
                size += member.size
                if size > MAX_OUTPUT_BYTES:
                    raise BrokenOutputError(f"the training's output is larger than {MAX_OUTPUT_BYTES} bytes")
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None:
                    files[member.name.removeprefix("./")] = content.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BrokenOutputError("the training's output cannot be unpacked") from error
    return files


def pack_output(files: Mapping[str, bytes]) -> bytes:
    """Return files as SageMaker packs a model: a gzipped tar."""
    buffer = io.BytesIO()
    # Weights in half precision hardly shrink; speed matters more.
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def with_advice(notice: Notice, job_id: str) -> Notice:
    """Return a notice about a failed training that says where its log is."""
    text = replace(
        notice.text,
        en=f"{notice.text.en}\nIts log: avocet jobs log {job_id}",
        fr=f"{notice.text.fr}\nSon journal : avocet jobs log {job_id}",
    )
    return replace(notice, text=text)
