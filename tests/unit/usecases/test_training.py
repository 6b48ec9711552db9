"""A training from the wish to the registered challenger: started once, followed, taken in, refused, cancelled."""

import dataclasses
import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from avocet.adapters.onnx import load_bundle
from avocet.adapters.queued_training import QueuedTrainings
from avocet.adapters.training_files import key, status_bytes
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.dataset import Split
from avocet.domain.jobs import (
    SILENCE_LIMIT,
    FencedOutError,
    JobKind,
    JobNotFoundError,
    JobState,
    NotCancellableError,
    Request,
    cancelled,
)
from avocet.domain.learning_curve import (
    CURVE_FILE,
    CorruptCurveError,
    CurveKind,
    CurvePoint,
    LearningCurve,
    Phase,
    part_of,
)
from avocet.domain.training import (
    Backbone,
    ForeignTrainingError,
    FullSettings,
    NothingToTrainOnError,
    Recipe,
    TrainingEvent,
    TrainingRequest,
    TrainingState,
    TrainingStatus,
    UnknownRecipeError,
    UnusableTrainingError,
    attempt_of,
    recipe_in,
    require_enough,
    training_name,
)
from avocet.usecases.dataset_ports import Head
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.finish_training import FinishTraining
from avocet.usecases.learning_curves import LearningCurves
from avocet.usecases.ports import NoModelError
from avocet.usecases.read_snapshot import open_snapshot
from avocet.usecases.register_model import RegisterModel
from avocet.usecases.run_jobs import RunJobs
from avocet.usecases.train import (
    BrokenOutputError,
    CancelJob,
    FollowTrainings,
    StartTraining,
    curve_of,
    log_of,
    pack_output,
    unpack_output,
)
from tests.made.patterns import pattern_champion
from tests.made.snapshots import make_snapshot
from tests.unit.dataset.test_jobs import MemoryLedger, MemoryNotifier
from tests.unit.dataset.world import MemoryHeads, MemoryObjects
from training_job.head_recipe import train_head
from training_job.records.journal import Journal
from training_job.report import Report
from training_job.teller import CurveTeller

KNOWN, NEW = ("bald-eagle", "barn-owl"), ("pied-avocet", "great-tit")
COUNTS = {Split.TRAIN: 4, Split.VALIDATION: 1, Split.TEST: 2}
ONE_EPOCH = LearningCurve((part_of(CurveKind.EPOCHS, [CurvePoint(1, Phase.EVERY_LAYER, 1.5, 0.4)], best=1),))


@dataclass
class Queue:
    sent: list[str] = field(default_factory=list)

    def send_message(self, **message: str) -> None:
        self.sent.append(message["MessageBody"])


@dataclass
class Told:
    events: list = field(default_factory=list)
    registered: list = field(default_factory=list)
    nominated: list = field(default_factory=list)

    def send(self, event):
        self.events.append(event)

    def register(self, model):
        self.registered.append(model)
        return model

    def nominate(self, version):
        self.nominated.append(version)


@dataclass
class Pointer:
    version: str | None = "starter-1"

    def read(self):
        return self.version


class Trains:
    """The launcher of jobs: it starts trainings as the machine's one step does."""

    def __init__(self, town):
        self.town = town

    def can_launch(self, job):
        return True

    def launch(self, job):
        if job.kind is JobKind.TRAIN:
            self.town.start(job.job_id, job.fence, job.parameters)

    def has_broken_off(self, job):
        return False


class Town:
    """Everything around trainings, in memory."""

    def __init__(self):
        self.now = datetime(2026, 11, 25, tzinfo=UTC)
        ids = itertools.count(1)
        self.queue, self.told, self.mail, self.pointer = Queue(), Told(), MemoryNotifier(), Pointer()
        self.clean, self.models, self.heads = MemoryObjects(), MemoryObjects(), MemoryHeads()
        self.heads.head = Head(snapshot_id="a" * 64, species=4)
        self.launcher = QueuedTrainings(self.queue, "queue", self.models)
        self.jobs = RunJobs(
            ledger=MemoryLedger(),
            launcher=Trains(self),
            notifier=self.mail,
            clock=lambda: self.now,
            new_id=lambda: f"{next(ids):032x}",
        )
        self.start = StartTraining(
            jobs=self.jobs,
            heads=self.heads,
            champion=self.pointer,
            launcher=self.launcher,
            clean_bucket="clean",
            models_bucket="models",
            recipes=frozenset({"head"}),
        )
        self.follow = FollowTrainings(jobs=self.jobs, launcher=self.launcher, events=self.told)
        self.cancel = CancelJob(jobs=self.jobs, launcher=self.launcher)
        self.finish = FinishTraining(
            jobs=self.jobs,
            launcher=self.launcher,
            models=self.models,
            open_snapshot=lambda name: open_snapshot(self.clean, name),
            check=self._check,
            outputs_of=lambda files: frozenset(json.loads(files["bundle.json"])["species"]),
            register=RegisterModel(registry=self.told, aliases=self.told),
            clock=lambda: self.now,
        )

    def train(self, **parameters):
        return self.jobs.request(Request(JobKind.TRAIN, "admin", parameters))

    def says(self, job, status):
        self.models.put(key(training_name(job.job_id, job.fence), "status.json"), status_bytes(status))

    def ended(self, job, state=TrainingState.COMPLETED, reason=""):
        return self.finish(TrainingEvent(training_name(job.job_id, job.fence), state, reason))

    def _check(self, files):
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        return load_bundle(self.folder, world_list())


@pytest.fixture
def town(tmp_path):
    made = Town()
    made.folder = tmp_path / "checked"
    made.folder.mkdir()
    return made


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What the head recipe really leaves, and the dataset it learnt from."""
    folder = tmp_path_factory.mktemp("trained")
    clean, models = MemoryObjects(), MemoryObjects()
    snapshot = make_snapshot(clean, dict.fromkeys((*KNOWN, *NEW), COUNTS))
    champion = pattern_champion(folder / "champion", KNOWN)
    report = Report((folder / "log").open("w"))
    out = folder / "out"
    train_head(
        snapshot,
        champion,
        models=models,
        world_list=world_list(),
        out=out,
        run_name="run",
        created_on=date(2026, 11, 25),
        tracking=Journal(out),
        report=report,
    )
    report.stream.close()
    files = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return clean, snapshot, json.loads(champion["bundle.json"])["model_version"], files


@pytest.fixture
def finished_run(town, trained):
    """A job whose training has left its output, and nobody has acted on that yet."""
    town.clean, snapshot, champion, files = trained
    town.heads.head = Head(snapshot_id=snapshot.snapshot_id, species=4)
    job = town.train(recipe="head")

    def lay_down(changed=None, without=()):
        left = {name: data for name, data in {**files, **(changed or {})}.items() if name not in without}
        town.models.put(key(training_name(job.job_id, job.fence), "output/model.tar.gz"), pack_output(left))
        return job, snapshot, champion

    return lay_down


def test_a_training_is_asked_for_as_sagemaker_would_be(town):
    job = town.train(recipe="head")
    asked = json.loads(town.queue.sent[0])
    assert asked["TrainingJobName"] == f"avocet-{job.job_id}-{job.fence}"
    assert len(asked["TrainingJobName"]) <= 63
    assert asked["HyperParameters"] == {"recipe": "head", "snapshot_id": "a" * 64, "champion": "starter-1"}
    assert asked["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://clean/snapshots/{'a' * 64}/"
    assert asked["OutputDataConfig"]["S3OutputPath"] == "s3://models/training/"
    assert asked["StoppingCondition"]["MaxRuntimeInSeconds"] > 0
    assert TrainingRequest.from_json(town.queue.sent[0]).to_json() == town.queue.sent[0]


@pytest.mark.parametrize(
    ("snapshot_id", "species", "says"), [("", 0, "no snapshot"), ("a" * 64, 0, "0 trainable"), ("a" * 64, 1, "another")]
)
def test_a_dataset_that_teaches_nothing_is_refused_with_what_to_do(snapshot_id, species, says):
    with pytest.raises(NothingToTrainOnError, match=says) as refused:
        require_enough(snapshot_id, species)
    assert "refresh" in refused.value.detail


def test_recipes_that_nobody_can_run_here_are_refused():
    assert recipe_in({}, frozenset({"head"})) is Recipe.HEAD
    with pytest.raises(UnknownRecipeError, match="head"):
        recipe_in({"recipe": "full"}, frozenset({"head"}))
    with pytest.raises(UnknownRecipeError):
        recipe_in({"recipe": "../../etc"}, frozenset({"head", "full"}))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"recipe": "full", "backbone": "resnet"}, "efficientnet-b0, efficientnet-b1"),
        ({"recipe": "full", "epochs": "0"}, "from 1 to 200"),
        ({"recipe": "full", "epochs": "-3"}, "from 1 to 200"),
        ({"recipe": "full", "epochs": "many"}, "whole number"),
        ({"recipe": "head", "backbone": "efficientnet-b0"}, "Only the full recipe"),
    ],
)
def test_what_a_recipe_does_not_take_is_refused_before_anything_is_begun(parameters, says):
    with pytest.raises(UnusableTrainingError, match=says):
        recipe_in(parameters, frozenset({"head", "full"}))


def test_a_whole_network_is_efficientnet_b0_unless_something_else_is_said():
    assert recipe_in({"recipe": "full"}, frozenset({"head", "full"})) is Recipe.FULL
    assert FullSettings.of({}) == FullSettings(Backbone.EFFICIENTNET_B0, None)
    assert FullSettings.of({"backbone": "efficientnetv2-b0", "epochs": "3"}).epochs == 3


def test_a_training_that_is_not_taken_says_why_in_its_own_words(town):
    job = town.train()
    town.says(job, TrainingStatus(TrainingState.FAILED, 3, reason="two species are needed"))
    closed = town.ended(job, TrainingState.FAILED, "AlgorithmError: ExecuteUserScriptError: ExitCode 1")
    assert closed.reason == "two species are needed"


def test_without_a_champion_there_is_nothing_to_start_from(town):
    job = town.train()
    town.pointer.version = None
    with pytest.raises(NoModelError):
        town.start(job.job_id, job.fence, {})


def test_a_training_of_a_cancelled_job_is_not_begun(town):
    job = town.train()
    town.cancel(job.job_id, "admin")
    town.queue.sent.clear()
    with pytest.raises(FencedOutError):
        town.start(job.job_id, job.fence, {})
    assert town.queue.sent == []


def test_a_training_whose_job_is_cancelled_while_it_begins_is_stopped(town):
    job = town.train()
    send = town.queue.send_message

    def cancelled_meanwhile(**message):
        send(**message)
        town.jobs.cancel(job.job_id, "admin")

    town.queue.send_message = cancelled_meanwhile
    with pytest.raises(FencedOutError):
        town.start(job.job_id, job.fence, {})
    assert town.models.get(key(training_name(job.job_id, job.fence), "stop")) is not None


def test_what_the_training_says_keeps_its_job_alive(town):
    job = town.train()
    for beat in range(1, 6):
        town.now += SILENCE_LIMIT * 0.9
        town.says(job, TrainingStatus(TrainingState.IN_PROGRESS, beat, beat, 10, "embedding photos"))
        town.follow(repeats_endings=True)
        town.jobs.sweep()
    seen = town.jobs.find(job.job_id)
    assert (seen.state, seen.done, seen.total, seen.note, seen.attempt) == (
        JobState.RUNNING,
        5,
        10,
        "embedding photos",
        1,
    )


def test_a_training_that_nobody_hears_of_is_begun_again_and_then_given_up_and_reported(town):
    job = town.train()
    for _ in range(12):
        town.now += SILENCE_LIMIT + timedelta(seconds=1)
        town.follow(repeats_endings=True)
        town.jobs.sweep()
    given_up = town.jobs.find(job.job_id)
    assert (given_up.state, given_up.attempt) == (JobState.FAILED, 3)
    assert len({json.loads(each)["TrainingJobName"] for each in town.queue.sent}) == 3
    assert [notice.subject.en for notice in town.mail.notices] == ["training failed"]
    assert town.train().state is JobState.RUNNING


def test_an_ending_whose_event_was_lost_is_told_again(town):
    job = town.train()
    town.says(job, TrainingStatus(TrainingState.FAILED, 3, reason="no memory"))
    town.follow(repeats_endings=False)
    assert town.told.events == []
    town.follow(repeats_endings=True)
    assert town.told.events == [TrainingEvent(training_name(job.job_id, job.fence), TrainingState.FAILED, "no memory")]


def test_a_failed_training_frees_the_way_and_says_where_its_log_is(town):
    job, waiting = town.train(), town.train(more="1")
    town.models.put(key(training_name(job.job_id, job.fence), "log.txt"), b"one\ntwo")

    closed = town.ended(job, TrainingState.FAILED, "it was killed")

    assert (closed.state, closed.reason) == (JobState.FAILED, "it was killed")
    assert f"avocet jobs log {job.job_id}" in town.mail.notices[0].text.en
    assert log_of(town.jobs, town.launcher, job.job_id) == "one\ntwo"
    assert town.jobs.find(waiting.job_id).state is JobState.RUNNING


def test_a_good_training_becomes_the_challenger_and_the_admins_see_both_models_figures(town, finished_run):
    job, snapshot, champion = finished_run()

    closed = town.ended(job)

    assert closed.state is JobState.FINISHED
    version = closed.result["model_version"]
    store = EvaluationStore(town.models)
    mine, its = (store.require(each, snapshot.snapshot_id, Split.TEST) for each in (version, champion))
    assert (mine.evaluation.photos, its.evaluation.photos) == (8, 8)
    assert mine.evaluation.accuracy.value > its.evaluation.accuracy.value
    assert mine.outputs == {*KNOWN, *NEW}
    assert its.outputs == set(KNOWN)
    (model,) = town.told.registered
    assert (model.version, model.snapshot_id, model.parent_version, model.job_id) == (
        version,
        snapshot.snapshot_id,
        champion,
        job.job_id,
    )
    assert town.told.nominated == [version]
    assert model.figures["test_accuracy"] == pytest.approx(mine.evaluation.accuracy.value, abs=1e-4)
    assert town.models.get(f"bundles/{version}/model.onnx") is not None
    (notice,) = town.mail.notices
    for text in (notice.text.en, notice.text.fr):
        assert closed.result["test_accuracy"] in text
        assert closed.result["champion_test_accuracy"] in text
        assert f"avocet models compare {version}" in text


def test_the_learning_curve_is_kept_with_the_version_once_and_for_good(town, finished_run, trained):
    job, snapshot, _ = finished_run()
    version = town.ended(job).result["model_version"]
    curves = LearningCurves(town.models)
    assert curves.find(version) == LearningCurve.from_json(trained[3][CURVE_FILE])
    assert curves.find(version).parts[0].points
    # The same graph out of another training is the same version: its figures stay those of the first.
    curves.keep(version, LearningCurve())
    assert curves.find(version).parts
    # It lies beside the evaluations and is taken for none.
    assert {of for of, _ in EvaluationStore(town.models).snapshots_of(version)} == {snapshot.snapshot_id}


@pytest.mark.parametrize("left", [{"without": (CURVE_FILE,)}, {"changed": {CURVE_FILE: b"no curve"}}])
def test_a_model_is_worth_no_less_without_its_learning_curve(town, finished_run, left):
    job, _, _ = finished_run(**left)
    closed = town.ended(job)
    assert closed.state is JobState.FINISHED
    assert LearningCurves(town.models).find(closed.result["model_version"]) == LearningCurve()


def test_a_training_shows_its_curve_while_it_runs_and_after_it_failed(town):
    job, refresh = town.train(), town.jobs.request(Request(JobKind.REFRESH, "admin"))
    assert curve_of(town.jobs, town.launcher, job.job_id) == LearningCurve()
    assert curve_of(town.jobs, town.launcher, refresh.job_id) == LearningCurve()
    CurveTeller(town.models, training_name(job.job_id, job.fence))(ONE_EPOCH.to_json())
    assert curve_of(town.jobs, town.launcher, job.job_id) == ONE_EPOCH
    town.ended(job, TrainingState.FAILED, "it was killed")
    assert curve_of(town.jobs, town.launcher, job.job_id) == ONE_EPOCH
    town.models.put(key(training_name(job.job_id, job.fence), CURVE_FILE), b"half of a cur")
    with pytest.raises(CorruptCurveError):
        curve_of(town.jobs, town.launcher, job.job_id)
    with pytest.raises(JobNotFoundError):
        curve_of(town.jobs, town.launcher, "f" * 32)


def test_hearing_of_an_ending_twice_changes_nothing(town, finished_run):
    job, _, _ = finished_run()
    assert town.ended(job) is not None
    assert town.ended(job) is None
    assert len(town.mail.notices) == len(town.told.registered) == 1


def test_a_training_whose_ending_is_heard_of_twice_at_once_challenges_once(town, finished_run):
    job, _, _ = finished_run()
    look, heard = town.finish.check, []

    def beside(files):
        if not heard:
            heard.append("it was told again")
            assert town.ended(job).state is JobState.FINISHED
            # Another training ends before the first of the two goes on.
            town.told.nominate("head-of-the-next-training")
        return look(files)

    town.finish = replace(town.finish, check=beside)
    assert town.ended(job) is None
    assert town.told.nominated[-1] == "head-of-the-next-training"
    assert len(town.told.registered) == len(town.mail.notices) == 1


def test_a_training_cancelled_while_its_model_is_taken_in_challenges_nobody(town, finished_run):
    job, _, _ = finished_run()
    look = town.finish.check

    def cancelled_meanwhile(files):
        town.cancel(job.job_id, "admin")
        return look(files)

    town.finish = replace(town.finish, check=cancelled_meanwhile)
    assert town.ended(job) is None
    assert (town.told.registered, town.told.nominated) == ([], [])
    assert town.jobs.find(job.job_id).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("changed", "without", "says"),
    [
        ({"model.onnx": b"not a graph"}, (), "not the file"),
        ({}, ("self_test.npz",), "self_test.npz is missing"),
        ({}, ("test.photos.jsonl.gz",), "test.photos.jsonl.gz is missing"),
        ({"test.photos.jsonl.gz": b"junk"}, (), "cannot be unpacked"),
        ({"bundle.json": b"{}"}, (), "does not describe"),
        ({}, ("trained_on.txt",), "what it was trained on"),
    ],
)
def test_a_broken_output_is_refused_and_nothing_of_it_is_registered(town, finished_run, changed, without, says):
    job, _, _ = finished_run(changed, without)
    closed = town.ended(job)
    assert closed.state is JobState.FAILED
    assert says in closed.reason
    assert town.told.registered == []
    assert list(town.models.keys("bundles/")) == []


def test_an_output_that_is_not_there_or_no_archive_is_refused(town):
    job = town.train()
    assert "no output" in town.ended(job).reason
    with pytest.raises(BrokenOutputError):
        unpack_output(b"\x1f\x8b junk")


def test_a_cancelled_training_is_asked_to_stop_and_its_late_ending_changes_nothing(town, finished_run):
    job, _, _ = finished_run()
    closed = town.cancel(job.job_id, "admin")
    assert (closed.state, closed.reason) == (JobState.CANCELLED, "cancelled by admin")
    assert town.models.get(key(training_name(job.job_id, job.fence), "stop")) is not None
    assert town.ended(job) is None
    assert town.told.registered == []
    assert town.jobs.find(job.job_id).state is JobState.CANCELLED
    with pytest.raises(JobNotFoundError):
        town.cancel("f" * 32, "admin")


def test_cancelling_again_stops_what_a_crash_left_running_and_starts_who_waits(town):
    job, waiting = town.train(), town.train(epochs="2")
    # As it stands when the process is gone right after the ledger was changed.
    ledger, closed = cancelled(town.jobs.active(), job.job_id, now=town.now, cancelled_by="admin")
    town.jobs.ledger.archive(closed)
    town.jobs.ledger.save(ledger)
    for _ in range(2):
        assert town.cancel(job.job_id, "another").reason == "cancelled by admin"
    assert town.models.get(key(training_name(job.job_id, job.fence), "stop")) is not None
    assert town.jobs.find(waiting.job_id).state is JobState.RUNNING


def test_what_is_over_is_not_cancelled(town):
    job = town.train()
    town.jobs.close(job.job_id, job.fence)
    with pytest.raises(NotCancellableError):
        town.cancel(job.job_id, "admin")


def test_a_refresh_that_has_begun_is_not_cancelled_and_one_that_waits_is(town):
    running = town.jobs.request(Request(JobKind.REFRESH, "admin"))
    waiting = town.jobs.request(Request(JobKind.REFRESH, "admin"))
    with pytest.raises(NotCancellableError, match="whole"):
        town.cancel(running.job_id, "admin")
    assert town.cancel(waiting.job_id, "admin").state is JobState.CANCELLED


def test_a_training_waits_behind_a_refresh_and_uses_its_snapshot(town):
    refresh = town.jobs.request(Request(JobKind.REFRESH, "admin"))
    training = town.train()
    assert training.waits_for == (refresh.job_id,)
    town.heads.head = dataclasses.replace(town.heads.head, snapshot_id="b" * 64)
    town.jobs.close(refresh.job_id, refresh.fence)
    assert json.loads(town.queue.sent[0])["HyperParameters"]["snapshot_id"] == "b" * 64


@pytest.mark.parametrize("name", ["avocet-1-1", "other", f"avocet-{'0' * 32}-", f"avocet-{'0' * 32}-1-x", ""])
def test_somebody_elses_trainings_are_none_of_ours(town, name):
    with pytest.raises(ForeignTrainingError):
        attempt_of(name)
    with pytest.raises(ForeignTrainingError):
        TrainingEvent.from_detail({"TrainingJobName": name, "TrainingJobStatus": "Completed"})


def test_events_are_of_sagemakers_shape():
    name = training_name("0" * 32, 7)
    event = TrainingEvent(name, TrainingState.FAILED, "no memory")
    assert event.to_detail() == {
        "TrainingJobName": name,
        "TrainingJobStatus": "Failed",
        "FailureReason": "no memory",
    }
    assert TrainingEvent.from_detail({**event.to_detail(), "SecondaryStatus": "Failed"}) == event
