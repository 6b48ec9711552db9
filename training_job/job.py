"""The training job's entry, as SageMaker's script mode starts it: reads its hyperparameters, trains, leaves the model.

    SM_HPS='{"recipe": "head", ...}' SM_MODEL_DIR=... SM_OUTPUT_DIR=... python -m training_job.job

What lies in ``SM_MODEL_DIR`` at the end is the output; a reason why it failed goes to ``SM_OUTPUT_DIR/failure``. It refuses
recipes it does not know.
"""

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from avocet.adapters.aws import s3_client
from avocet.adapters.objects import S3Objects
from avocet.adapters.s3 import BUNDLE_FILES
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.errors import AvocetError
from avocet.domain.training import FullSettings, Recipe
from avocet.usecases.read_snapshot import open_snapshot
from training_job.bundle import ParityError
from training_job.head_recipe import TooFewSpeciesError, train_head
from training_job.records.journal import Journal
from training_job.refusals import DiskFullError, DivergedError, NoPretrainedWeightsError
from training_job.report import Report
from training_job.surgery import ForeignGraphError
from training_job.teller import CurveTeller, StatusTeller

_MAX_REASON_LETTERS = 400
# What a person can act on is told in a sentence; anything else is a defect and leaves its trace in the log.
_REFUSALS = (
    AvocetError,
    TooFewSpeciesError,
    ForeignGraphError,
    ParityError,
    DivergedError,
    DiskFullError,
    NoPretrainedWeightsError,
)


class UnknownRecipeError(ValueError):
    """No such recipe is written here."""


class MissingChampionError(ValueError):
    """The champion's bundle is not in the models bucket."""


def run(hyperparameters: dict[str, str], *, out: Path, journal: Journal, report: Report) -> str:
    """Train as ``hyperparameters`` say; return the model version."""
    recipe = hyperparameters.get("recipe", Recipe.HEAD)
    if recipe not in set(Recipe):
        raise UnknownRecipeError(f"this job knows the recipes {', '.join(Recipe)}, not {recipe!r}")
    clean = S3Objects(s3_client(), os.environ["AVOCET_CLEAN_BUCKET"])
    models = S3Objects(s3_client(), os.environ["AVOCET_MODELS_BUCKET"])
    report.say(
        f"recipe {recipe}, snapshot {hyperparameters['snapshot_id'][:12]}, champion {hyperparameters['champion']}"
    )
    snapshot = open_snapshot(clean, hyperparameters["snapshot_id"])
    champion = {}
    for name in BUNDLE_FILES:
        data = models.get(f"bundles/{hyperparameters['champion']}/{name}")
        if data is None:
            raise MissingChampionError(f"the champion's {name} is missing")
        champion[name] = data
    run_name = os.environ.get("TRAINING_JOB_NAME") or out.name
    created_on = datetime.now(tz=UTC).date()
    # The journal lies on the training's own disk, and with the model at the end: no server can stop or slow a training.
    if recipe == Recipe.HEAD:
        return train_head(
            snapshot,
            champion,
            models=models,
            world_list=world_list(),
            out=out,
            run_name=run_name,
            created_on=created_on,
            tracking=journal,
            report=report,
        )
    report.say("starting TensorFlow")
    # In its own environment only; the head recipe does without.
    from training_job.full_recipe import Workplace, train_full

    with tempfile.TemporaryDirectory(prefix="avocet-photos-") as scratch:
        return train_full(
            snapshot,
            champion,
            FullSettings.of(hyperparameters),
            models=models,
            world_list=world_list(),
            place=Workplace(Path(scratch), Path(os.environ.get("AVOCET_CHECKPOINTS") or scratch), out),
            run_name=run_name,
            created_on=created_on,
            tracking=journal,
            report=report,
        )


def _teller() -> StatusTeller | None:
    """Return who keeps the status object; beside a worker that is the worker."""
    if os.environ.get("AVOCET_TELLS_STATUS") != "yes":
        return None
    return StatusTeller(S3Objects(s3_client(), os.environ["AVOCET_MODELS_BUCKET"]), os.environ["TRAINING_JOB_NAME"])


def main() -> int:
    """Train; return the exit code."""
    teller, report = _teller(), Report()
    if name := os.environ.get("TRAINING_JOB_NAME"):
        report.on_curve = CurveTeller(S3Objects(s3_client(), os.environ["AVOCET_MODELS_BUCKET"]), name)
    if teller:
        report.on_reached = teller.reached
    out = Path(os.environ["SM_MODEL_DIR"])
    journal = Journal(out)
    try:
        run(json.loads(os.environ["SM_HPS"]), out=out, journal=journal, report=report)
    except (*_REFUSALS, UnknownRecipeError, MissingChampionError) as error:
        report.say(f"refused: {error}")
        journal.finished(is_good=False, reason=str(error))
        reason = str(error)[:_MAX_REASON_LETTERS]
        (Path(os.environ["SM_OUTPUT_DIR"]) / "failure").write_text(reason, "utf-8")
        if teller:
            teller.refused(reason)
        return 1
    journal.finished(is_good=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
