"""Keeps record of training runs in MLflow: follows one run's journal, or brings the registry's mirror up to date.

It is a process of its own, with MLflow's environment: neither a training nor a request ever waits for MLflow.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# A server that is down is to be noticed within seconds; the journal waits.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

import boto3
from mlflow.client import MlflowClient
from mlflow.exceptions import MlflowException

from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from training_job.records.journal import Reader
from training_job.records.mirror import mirror
from training_job.records.runs import RunCopy

_LOOK_EVERY_S = 1.0
_RETRY_EVERY_S = 5.0
UNAVAILABLE = 75  # sysexits' EX_TEMPFAIL: try again later


def follow(copy: RunCopy, *, patience_s: float) -> int:
    """Copy a run as it is written, until its last event; return the exit status.

    Gives up once nothing has succeeded or been written for ``patience_s``; the journal can be followed again later.
    """
    reader = Reader(copy.folder)
    last_s = time.monotonic()
    while time.monotonic() - last_s < patience_s:
        try:
            for event in reader.news():
                if copy.copy(event):
                    print(f"recorded as {copy.run_id}", flush=True)
                    return 0
                last_s = time.monotonic()
        except MlflowException as error:
            print(f"MLflow did not take it ({error.error_code}); trying again", file=sys.stderr, flush=True)
            time.sleep(_RETRY_EVERY_S)
        else:
            time.sleep(_LOOK_EVERY_S)
    return UNAVAILABLE


def _mirror(arguments: argparse.Namespace) -> int:
    dynamodb = boto3.client("dynamodb")
    registry = DynamoModelRegistry(dynamodb, arguments.models_table)
    aliases = DynamoModelAliases(dynamodb, arguments.models_table)
    try:
        differences = mirror(
            MlflowClient(arguments.url),
            registry.list(),
            aliases.read(),
            bundle_url=lambda version: f"s3://{arguments.models_bucket}/bundles/{version}",
            note_run=registry.note_run,
        )
    except MlflowException as error:
        print(f"MLflow did not answer ({error.error_code})", file=sys.stderr, flush=True)
        return UNAVAILABLE
    for each in differences:
        print(f"{each.about}: registry {each.registry or '-'}, MLflow {each.mlflow or '-'}: {each.done}", flush=True)
    return 0


def main(words: Sequence[str]) -> int:
    """Do what ``words`` say; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training_job.records", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    following = commands.add_parser("follow", help="copy a run's journal")
    following.add_argument("folder", type=Path)
    following.add_argument("--code-version", default="")
    following.add_argument("--photo-link", default="")
    following.add_argument("--patience-s", type=float, default=600.0)
    mirroring = commands.add_parser("mirror", help="bring MLflow's model registry up to date")
    mirroring.add_argument("--models-table", required=True)
    mirroring.add_argument("--models-bucket", required=True)
    for command in (following, mirroring):
        command.add_argument("--url", required=True, help="of the tracking server")
    arguments = parser.parse_args(words)
    if arguments.command == "mirror":
        return _mirror(arguments)
    copy = RunCopy(
        MlflowClient(arguments.url),
        arguments.folder,
        code_version=arguments.code_version,
        photo_link=arguments.photo_link,
    )
    return follow(copy, patience_s=arguments.patience_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
