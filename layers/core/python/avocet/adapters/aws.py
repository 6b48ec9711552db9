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
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_stepfunctions.client import SFNClient

_SERVICES = ("dynamodb", "s3", "sns", "stepfunctions")

# Short enough that a call which hangs is retried and still ends before the function that made it does.
_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "max_attempts": 3})

# Making clients of one session from several threads at once is not safe.
_making = Lock()


class _OurServices(Loader):
    """Knows which services there are without walking through the folders of all four hundred, for each client anew."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        return [*_SERVICES]


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
