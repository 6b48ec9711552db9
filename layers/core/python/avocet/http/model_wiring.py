"""What the functions around models share, made once per process on first use; nothing here needs numpy."""

from functools import cache

from avocet.adapters.aws import dynamodb_client, s3_client
from avocet.adapters.objects import S3Objects
from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.adapters.s3 import S3Bundles
from avocet.http.wiring import settings
from avocet.usecases.evaluation_store import EvaluationStore
from avocet.usecases.learning_curves import LearningCurves
from avocet.usecases.register_model import RegisterModel


@cache
def registry() -> DynamoModelRegistry:
    """Return the model versions."""
    settings().require("models_table")
    return DynamoModelRegistry(dynamodb_client(), settings().models_table)


@cache
def aliases() -> DynamoModelAliases:
    """Return who is champion and who challenges."""
    settings().require("models_table")
    return DynamoModelAliases(dynamodb_client(), settings().models_table, settings().notices_table)


@cache
def register_model() -> RegisterModel:
    """Return the way in which trained models are registered."""
    return RegisterModel(registry=registry(), aliases=aliases())


@cache
def bundles() -> S3Bundles:
    """Return the models' files."""
    settings().require("models_bucket")
    return S3Bundles(s3_client(), settings().models_bucket)


@cache
def evaluations() -> EvaluationStore:
    """Return what models scored."""
    settings().require("models_bucket")
    return EvaluationStore(S3Objects(s3_client(), settings().models_bucket))


@cache
def learning_curves() -> LearningCurves:
    """Return how their trainings went."""
    settings().require("models_bucket")
    return LearningCurves(S3Objects(s3_client(), settings().models_bucket))
