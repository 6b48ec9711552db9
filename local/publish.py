"""Brings what is not infrastructure into a deployed place: the page with its addresses, and the starter model."""

import hashlib
import json
import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from local.aws import Place
from local.deployment import Outputs
from local.steps import SetupError

ROOT = Path(__file__).resolve().parent.parent
_DIST = ROOT / "web/dist"
_STARTER = ROOT / "models/starter"
_BUNDLE_FILES = ("model.onnx", "self_test.npz", "bundle.json")
_POINTER = "#champion"
_SHIPPED = "shipped starter"
# Where the page's own policy, which the build writes, leaves room for the addresses that only a deployment knows.
_ORIGINS_MARK = b"__CONNECT_ORIGINS__"


@dataclass(frozen=True)
class Addresses:
    """The exact addresses that a browser needs, besides the page's own."""

    api_url: str
    cognito_url: str
    client_id: str
    region: str
    uploads_url: str
    is_embedded: bool


def addresses(place: Place, outputs: Outputs) -> Addresses:
    """Return where the services of ``place`` answer a browser."""
    if place.endpoint is not None:
        cognito, uploads = place.endpoint, f"{place.endpoint}/{outputs.uploads_bucket}"
    else:
        cognito = f"https://cognito-idp.{place.region}.amazonaws.com"
        uploads = f"https://{outputs.uploads_bucket}.s3.{place.region}.amazonaws.com"
    return Addresses(
        api_url=outputs.api_url,
        cognito_url=cognito,
        client_id=outputs.client_id,
        region=place.region,
        uploads_url=uploads,
        is_embedded=place.endpoint is not None,
    )


def has_page() -> bool:
    """Whether the page is built."""
    return (_DIST / "index.html").is_file()


def publish_page(place: Place, outputs: Outputs) -> bool:
    """Put the built page and its configuration into its bucket; return whether anything had to be put.

    Files whose names carry a digest may be kept by browsers for ever; the page itself and its configuration may not.
    """
    if not has_page():
        return False
    files = _page_files(addresses(place, outputs))
    release = hashlib.sha256(
        b"".join(name.encode() + b"\0" + hashlib.sha256(content).digest() for name, content in sorted(files.items()))
    ).hexdigest()
    s3 = place.client("s3")
    if _release_of(s3, outputs.page_bucket) == release:
        return False
    # The page last: it is what names the other files.
    for name, content in sorted(files.items(), key=lambda item: item[0] == "index.html"):
        s3.put_object(
            Bucket=outputs.page_bucket,
            Key=name,
            Body=content,
            ContentType=_content_type(name),
            CacheControl="public, max-age=31536000, immutable" if name.startswith("assets/") else "no-cache",
            Metadata={"release": release},
        )
    if place.endpoint is None:
        place.client("cloudfront").create_invalidation(
            DistributionId=outputs.distribution_id,
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": release},
        )
    return True


def publish_starter(place: Place, outputs: Outputs) -> str | None:
    """Put the starter model into the models bucket and make it champion where none was chosen; return its version.

    A champion that people chose is never touched. A starter that an earlier release shipped is replaced by this one's.
    """
    if not all((_STARTER / name).is_file() for name in _BUNDLE_FILES):
        return None
    bundle = json.loads((_STARTER / "bundle.json").read_text())
    version = str(bundle["model_version"])
    table, dynamodb = outputs.models_table, place.client("dynamodb")
    pointer = dynamodb.get_item(TableName=table, Key={"version": {"S": _POINTER}}, ConsistentRead=True).get("Item")
    if pointer is not None and pointer["champion"]["S"] == version:
        return version
    s3 = place.client("s3")
    for name in _BUNDLE_FILES:
        s3.put_object(
            Bucket=outputs.models_bucket, Key=f"bundles/{version}/{name}", Body=(_STARTER / name).read_bytes()
        )
    now = datetime.now(tz=UTC).isoformat(timespec="seconds")
    dynamodb.put_item(
        TableName=table,
        Item={
            "version": {"S": version},
            "source": {"S": _SHIPPED},
            "recipe": {"S": str(bundle["recipe"])},
            "created_on": {"S": str(bundle["created_on"])},
            "registered_at": {"S": now},
        },
    )
    try:
        dynamodb.update_item(
            TableName=table,
            Key={"version": {"S": _POINTER}},
            UpdateExpression="SET champion = :version, chosen_by = :shipped, chosen_at = :now ADD revision :one",
            ConditionExpression="attribute_not_exists(champion) OR chosen_by = :shipped",
            ExpressionAttributeValues={
                ":version": {"S": version},
                ":shipped": {"S": _SHIPPED},
                ":now": {"S": now},
                ":one": {"N": "1"},
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
    return version


def _page_files(to: Addresses) -> dict[str, bytes]:
    files = {str(path.relative_to(_DIST)): path.read_bytes() for path in _DIST.rglob("[!.]*") if path.is_file()}
    files["config.json"] = json.dumps(
        {
            "apiUrl": to.api_url,
            "cognitoUrl": to.cognito_url,
            "clientId": to.client_id,
            "region": to.region,
            "uploadsOrigin": _origin(to.uploads_url),
            "embedded": to.is_embedded,
        },
        indent=2,
    ).encode()
    page = files["index.html"]
    if _ORIGINS_MARK not in page:
        raise SetupError(f"the built page has no {_ORIGINS_MARK.decode()} in its content security policy")
    services = " ".join(dict.fromkeys(map(_origin, (to.api_url, to.cognito_url, to.uploads_url))))
    files["index.html"] = page.replace(_ORIGINS_MARK, services.encode())
    return files


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _content_type(name: str) -> str:
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def _release_of(s3: object, bucket: str) -> str | None:
    try:
        head = s3.head_object(Bucket=bucket, Key="index.html")  # type: ignore[attr-defined]
    except ClientError:
        return None
    return head["Metadata"].get("release")  # type: ignore[no-any-return]
