"""Clients of AWS services, made on first use and kept.

Straight from botocore: boto3's resources and transfer manager are imported with it, cost a quarter more of the cold
start, and nothing here uses them.
"""

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker.client import SageMakerClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

    from avocet.adapters.photo_stream import Streams

# The layers carry the descriptions of these alone.
SERVICES = (
    "cognito-idp",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sns",
    "sqs",
    "stepfunctions",
)

# Short enough that a call which hangs is retried and still ends before the function that made it does.
_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "max_attempts": 3})

# Making clients of one session from several threads at once is not safe.
_making = Lock()


class _OurServices(Loader):
    """Knows which services there are without walking through the folders of all four hundred, for each client anew."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        return [*SERVICES]


@cache
def _session() -> botocore.session.Session:
    session = botocore.session.get_session()
    session.register_component("data_loader", _OurServices())
    return session


@cache
def dynamodb_client() -> "DynamoDBClient":
    """Return the DynamoDB client of this process."""
    with _making:
        return cast("DynamoDBClient", _session().create_client("dynamodb", config=_CONFIG))


@cache
def streams_client() -> "Streams":
    """Return the client of this process for the tables' streams."""
    with _making:
        return cast("Streams", _session().create_client("dynamodbstreams", config=_CONFIG))


@cache
def s3_client() -> "S3Client":
    """Return the S3 client of this process."""
    with _making:
        config = _CONFIG.merge(Config(signature_version="s3v4"))
        return cast("S3Client", _session().create_client("s3", config=config))


@cache
def sns_client() -> "SNSClient":
    """Return the SNS client of this process."""
    with _making:
        return cast("SNSClient", _session().create_client("sns", config=_CONFIG))


@cache
def stepfunctions_client() -> "SFNClient":
    """Return the Step Functions client of this process."""
    with _making:
        return cast("SFNClient", _session().create_client("stepfunctions", config=_CONFIG))


@cache
def events_client() -> "EventBridgeClient":
    """Return the EventBridge client of this process."""
    with _making:
        return cast("EventBridgeClient", _session().create_client("events", config=_CONFIG))


@cache
def sqs_client() -> "SQSClient":
    """Return the SQS client of this process."""
    with _making:
        return cast("SQSClient", _session().create_client("sqs", config=_CONFIG))


@cache
def lambda_client() -> "LambdaClient":
    """Return the Lambda client of this process."""
    with _making:
        return cast("LambdaClient", _session().create_client("lambda", config=_CONFIG))


@cache
def cognito_client() -> "CognitoIdentityProviderClient":
    """Return the client of this process for the pool of accounts."""
    with _making:
        return cast("CognitoIdentityProviderClient", _session().create_client("cognito-idp", config=_CONFIG))


@cache
def secretsmanager_client() -> "SecretsManagerClient":
    """Return the Secrets Manager client of this process."""
    with _making:
        return cast("SecretsManagerClient", _session().create_client("secretsmanager", config=_CONFIG))


@cache
def sagemaker_client() -> "SageMakerClient":
    """Return the SageMaker client of this process."""
    with _making:
        return cast("SageMakerClient", _session().create_client("sagemaker", config=_CONFIG))


@cache
def logs_client() -> "CloudWatchLogsClient":
    """Return the client of this process for CloudWatch's logs."""
    with _making:
        return cast("CloudWatchLogsClient", _session().create_client("logs", config=_CONFIG))


def region() -> str:
    """Return the region this process works in."""
    return str(sagemaker_client().meta.region_name)
