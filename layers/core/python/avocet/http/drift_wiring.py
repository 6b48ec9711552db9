"""The drift check as its function runs it: real buckets and tables, and the champion's bundle loaded once per process."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from avocet.adapters import system
from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.dynamodb import DynamoChampionPointer
from avocet.adapters.objects import S3Objects
from avocet.adapters.onnx import load_bundle
from avocet.adapters.registry import DynamoModelRegistry
from avocet.adapters.s3 import S3Bundles
from avocet.adapters.sightings import DynamoSightings
from avocet.http.grown_list import grown_world_list
from avocet.http.learning_wiring import clean_objects
from avocet.http.wiring import records, settings
from avocet.usecases.check_drift import CheckDrift
from avocet.usecases.ports import Classifier
from avocet.usecases.watch_live import WatchLive


@cache
def check() -> CheckDrift:
    """Return the check."""
    settings().require("models_bucket", "models_table", "photos_table")
    return CheckDrift(
        clean=clean_objects(),
        models=S3Objects(s3_client(), settings().models_bucket),
        pointer=DynamoChampionPointer(dynamodb_client(), settings().models_table),
        made_from=_made_from,
        classifier=_classifier,
        world_list=grown_world_list(),
        live=WatchLive(
            sightings=DynamoSightings(dynamodb_client(), settings().photos_table),
            tallies=records().tallies,
            objects=S3Objects(s3_client(), settings().models_bucket),
            clock=system.now,
        ),
        clock=system.now,
    )


@cache
def _classifier(version: str) -> Classifier:
    # Kept: a warm function scores one shard after the other with the same champion.
    with TemporaryDirectory() as folder:
        S3Bundles(s3_client(), settings().models_bucket).fetch(version, Path(folder))
        return load_bundle(Path(folder), grown_world_list(), self_test_images=1)


def _made_from(version: str) -> str | None:
    model = DynamoModelRegistry(dynamodb_client(), settings().models_table).find(version)
    return (model.snapshot_id or None) if model else None
