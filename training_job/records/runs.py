"""Copies a run's journal into MLflow. Doing it again, or going on after a cut, makes no second run and no second figure.

A run is found again by its name in a tag; each event is written with the journal's own moment, which MLflow takes for the
same figure when it comes twice.
"""

import json
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow.client import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag

from avocet.domain.evaluation import Evaluation, Outcome, unpack_outcomes
from training_job.records.journal import FINISHED, KEPT, MEASURED, STARTED
from training_job.records.pictures import draw_confusion, draw_reliability
from training_job.records.tables import classification_report, confusion_table, model_card, weakest_species

EXPERIMENT = "avocet"
RUN_NAME_TAG = "avocet.run"
VERSION_TAG = "avocet.model_version"
# What an hour of the machine costs; a machine of one's own costs nothing here.
PRICE_PARAMETER = "usd_per_hour"

_DIGEST_LETTERS = 36  # MLflow's limit
_SPLITS = ("validation", "test")
_ANSWERS_SUFFIX = ".photos.jsonl.gz"


@dataclass
class RunCopy:
    """One run in MLflow and the folder it is copied from.

    Attributes:
        client: Of the tracking server.
        folder: The run's folder, with its journal and files.
        code_version: The commit it ran at; empty when unknown.
        photo_link: Where a photo can be seen, ``{photo_id}`` standing for its id.
    """

    client: MlflowClient
    folder: Path
    code_version: str = ""
    photo_link: str = ""
    run_id: str = ""
    _started: Mapping[str, Any] = field(default_factory=dict)

    def copy(self, event: Mapping[str, Any]) -> bool:
        """Copy one event, in the journal's order; return whether it was the last one.

        Raises:
            MlflowException: The server did not take it; copy it again later.
        """
        kind = event["event"]
        if kind == STARTED:
            self._start(event)
        elif kind == MEASURED:
            metrics = [Metric(name, value, event["at_ms"], event["step"]) for name, value in event["metrics"].items()]
            self.client.log_batch(self.run_id, metrics=metrics, synchronous=True)
        elif kind == KEPT:
            path = self.folder / event["path"]
            if path.is_file():
                self.client.log_artifact(self.run_id, str(path), artifact_path="bundle")
        elif kind == FINISHED:
            self._finish(event)
            return True
        return False

    def _start(self, event: Mapping[str, Any]) -> None:
        self._started = event
        experiment_id = _experiment(self.client)
        name = event["run_name"]
        found = self.client.search_runs([experiment_id], f"tags.`{RUN_NAME_TAG}` = '{name}'", max_results=1)
        run = (
            found[0]
            if found
            else self.client.create_run(
                experiment_id, start_time=event["at_ms"], run_name=name, tags={RUN_NAME_TAG: name}
            )
        )
        self.run_id = run.info.run_id
        self.client.log_batch(
            self.run_id,
            params=[Param(key, str(value)) for key, value in {**event["parameters"], **_environment()}.items()],
            tags=[
                RunTag("mlflow.source.git.commit", self.code_version),
                RunTag("avocet.snapshot_id", event["snapshot_id"]),
            ],
            synchronous=True,
        )
        counts = json.dumps({"photos": event["photos"]})
        dataset = Dataset(
            name="avocet",
            digest=event["snapshot_id"][:_DIGEST_LETTERS] or "none",
            source_type="avocet-snapshot",
            source=json.dumps({"snapshot_id": event["snapshot_id"]}),
            profile=counts,
        )
        self.client.log_inputs(self.run_id, [DatasetInput(dataset, [])])

    def _finish(self, event: Mapping[str, Any]) -> None:
        self._keep_derived()
        self.client.set_tag(self.run_id, "avocet.reason", event["reason"] or "-")
        started_ms = self._started.get("at_ms", event["at_ms"])
        took_s = (event["at_ms"] - started_ms) / 1000
        price = float(self._started.get("parameters", {}).get(PRICE_PARAMETER, 0))
        totals = {"wall_clock_s": took_s, "cost_usd": took_s / 3600 * price}
        self.client.log_batch(
            self.run_id, metrics=[Metric(*total, event["at_ms"], 0) for total in totals.items()], synchronous=True
        )
        status = "FINISHED" if event["is_good"] else "FAILED"
        self.client.set_terminated(self.run_id, status=status, end_time=event["at_ms"])

    def _keep_derived(self) -> None:
        """Draw and tabulate what the run's answers amount to."""
        answers = {split: self._answers(split) for split in _SPLITS}
        by_split = {split: Evaluation.of(outcomes) for split, outcomes in answers.items() if outcomes}
        with tempfile.TemporaryDirectory() as made:
            for split, sums in by_split.items():
                folder = Path(made, split)
                folder.mkdir()
                (folder / "confusion_matrix.csv").write_text(confusion_table(sums), "utf-8")
                (folder / "classification_report.txt").write_text(classification_report(sums), "utf-8")
                weakest = weakest_species(sums, answers[split], photo_link=self.photo_link)
                (folder / "weakest_species.md").write_text(weakest, "utf-8")
                draw_confusion(sums, folder / "confusion_matrix.png")
                draw_reliability(sums, folder / "reliability.png")
                figures = {
                    f"{split}_accuracy": sums.accuracy.value,
                    f"{split}_top3": sums.top3.value,
                    f"{split}_macro_f1": sums.macro_f1,
                    f"{split}_loss": sums.log_loss,
                    f"{split}_calibration_error": sums.calibration_error,
                }
                at_ms = int(self._started.get("at_ms", 0))
                self.client.log_batch(
                    self.run_id, metrics=[Metric(*figure, at_ms, 0) for figure in figures.items()], synchronous=True
                )
            manifest = self.folder / "bundle.json"
            if manifest.is_file():
                described = json.loads(manifest.read_text("utf-8"))
                Path(made, "MODEL_CARD.md").write_text(model_card(described, self._started, by_split), "utf-8")
                self.client.set_tag(self.run_id, VERSION_TAG, described["model_version"])
            self.client.log_artifacts(self.run_id, made)

    def _answers(self, split: str) -> tuple[Outcome, ...]:
        path = self.folder / f"{split}{_ANSWERS_SUFFIX}"
        return unpack_outcomes(path.read_bytes()) if path.is_file() else ()


def _experiment(client: MlflowClient) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id if found else client.create_experiment(EXPERIMENT))


def _environment() -> dict[str, str]:
    return {"python": platform.python_version(), "machine": platform.machine()}
