"""Brings what is not infrastructure into a deployed place: the page with its addresses, and the starter model."""

import contextlib
import hashlib
import json
import mimetypes
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from avocet.adapters.registry import DynamoModelAliases, DynamoModelRegistry
from avocet.domain.models import AlreadyChampionError, Change, Decision, promoted
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.register_model import described
from local.aws import Place
from local.deployment import Outputs
from local.steps import SetupError

ROOT = Path(__file__).resolve().parent.parent
_DIST = ROOT / "web/dist"
_STARTER = ROOT / "models/starter"
_BUNDLE_FILES = ("model.onnx", "self_test.npz", "bundle.json")
_SHIPPED = "shipped starter"
# Where the page's own policy, which the build writes, leaves room for the addresses that only a deployment knows.
_ORIGINS_MARK = b"__CONNECT_ORIGINS__"
_IMAGES_MARK = b"__IMAGE_ORIGINS__"


@dataclass(frozen=True)
class Addresses:
    """The exact addresses that a browser needs, besides the page's own.

    Attributes:
        inbox_url: The mailbox; empty where real mail is sent.
        runs_url: What a run's id is put behind to see its record in MLflow; empty where none is kept.
    """

    api_url: str
    cognito_url: str
    client_id: str
    region: str
    uploads_url: str
    photos_url: str
    pictures_url: str
    inbox_url: str
    runs_url: str
    is_embedded: bool


def addresses(place: Place, outputs: Outputs) -> Addresses:
    """Return where the services of ``place`` answer a browser."""
    buckets = (outputs.uploads_bucket, outputs.raw_bucket, outputs.clean_bucket)
    if place.endpoint is not None:
        cognito = place.endpoint
        uploads, photos, pictures = (f"{place.endpoint}/{bucket}" for bucket in buckets)
    else:
        cognito = f"https://cognito-idp.{place.region}.amazonaws.com"
        uploads, photos, pictures = (f"https://{bucket}.s3.{place.region}.amazonaws.com" for bucket in buckets)
    return Addresses(
        api_url=outputs.api_url,
        cognito_url=cognito,
        client_id=outputs.client_id,
        region=place.region,
        uploads_url=uploads,
        photos_url=photos,
        pictures_url=pictures,
        inbox_url=f"{place.endpoint}/_avocet/inbox" if place.endpoint else "",
        # The laptop's MLflow is somewhere else after each start; the emulator knows where.
        runs_url=f"{place.endpoint}/_avocet/runs/" if place.endpoint else _runs_of(outputs.tracking_url),
        is_embedded=place.endpoint is not None,
    )


def _runs_of(tracking_url: str) -> str:
    return f"{tracking_url.rstrip('/')}/#/runs/" if tracking_url else ""


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
    """Put the starter model into the models bucket, register it, and make it champion where none was chosen.

    A champion that people chose is never touched. A starter that an earlier release shipped is replaced by this one's.

    Returns:
        Its version; None when none is shipped.
    """
    if not all((_STARTER / name).is_file() for name in _BUNDLE_FILES):
        return None
    files = {name: (_STARTER / name).read_bytes() for name in _BUNDLE_FILES}
    dynamodb = place.client("dynamodb")
    registry = DynamoModelRegistry(dynamodb, outputs.models_table)
    aliases = DynamoModelAliases(dynamodb, outputs.models_table)
    now = datetime.now(tz=UTC)
    starter = replace(described(files, registered_at=now), figures=_figures(files["bundle.json"]))
    if registry.find(starter.version) is None:
        s3 = place.client("s3")
        for name, data in files.items():
            s3.put_object(Bucket=outputs.models_bucket, Key=f"bundles/{starter.version}/{name}", Body=data)
        registry.register(starter)
    standing = aliases.read()
    if standing.tenure is not None and standing.tenure.chosen_by != _SHIPPED:
        return starter.version
    with contextlib.suppress(StaleRecordError, AlreadyChampionError):
        decision = Decision(_SHIPPED, now, "It came with this release.")
        aliases.move(promoted(standing, starter.version, decision, change=Change.SHIPPED), over=standing)
    return starter.version


def _figures(manifest: bytes) -> dict[str, float]:
    """Return what the starter's makers measured, in the registry's words."""
    metrics = json.loads(manifest)["metrics"]
    names = {
        "validation_accuracy": "top1",
        "top3": "top3",
        "ece": "expected_calibration_error",
        "validation_photos": "held_out_photos",
    }
    return {ours: float(metrics[theirs]) for ours, theirs in names.items() if theirs in metrics}


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
            **({"inboxUrl": to.inbox_url} if to.inbox_url else {}),
            **({"runsUrl": to.runs_url} if to.runs_url else {}),
        },
        indent=2,
    ).encode()
    page = files["index.html"]
    for mark in (_ORIGINS_MARK, _IMAGES_MARK):
        if mark not in page:
            raise SetupError(f"the built page has no {mark.decode()} in its content security policy")
    services = " ".join(
        dict.fromkeys(map(_origin, filter(None, (to.api_url, to.cognito_url, to.uploads_url, to.inbox_url))))
    )
    page = page.replace(_ORIGINS_MARK, services.encode())
    images = " ".join(dict.fromkeys(map(_origin, (to.photos_url, to.pictures_url))))
    files["index.html"] = page.replace(_IMAGES_MARK, images.encode())
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
