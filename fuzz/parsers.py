"""Every parser of what comes from outside, except photos: how to call it, what it may refuse with, and sound examples.

Kept apart from the fuzzer itself, which is not to be had for every Python: `tests/hostile/test_hostile_parsers.py` tries
mutations of the same examples anywhere.
"""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from avocet.domain import archives, imports, name_list
from avocet.domain.errors import AvocetError
from avocet.domain.imaging.limits import MAX_BYTES
from avocet.http import (
    bodies,
    dataset_views,
    edge,
    job_views,
    label_views,
    me_views,
    model_views,
    notification_views,
    photo_body,
    review_views,
    species_query,
    user_views,
)
from avocet.http.events import Request, Response, parse_event
from avocet.http.identity import admin_of, caller_of
from avocet.usecases.ports import BrokenBundleError
from avocet.usecases.register_model import described

_REFUSALS = (
    AvocetError,
    archives.BrokenArchiveError,
    archives.BrokenEntryError,
    BrokenBundleError,
)


@dataclass(frozen=True)
class Parser:
    """One parser, or several of one kind.

    Attributes:
        parse: Reads bytes; anything it raises but ``refusals`` is a finding.
        examples: Sound input.
        refusals: What it may raise.
    """

    parse: Callable[[bytes], object]
    examples: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = _REFUSALS


def _request(
    body: bytes = b"", *, query: Mapping[str, str] | None = None, path: Mapping[str, str] | None = None
) -> Request:
    headers = {"content-type": "application/json"}
    return Request("POST", path or {}, query or {}, headers, body, {}, "fuzz")


_BODIES: tuple[Callable[[Request], object], ...] = (
    bodies.upload_request,
    bodies.feedback_request,
    bodies.correction_request,
    bodies.terms_acceptance,
    dataset_views.known_request,
    job_views.job_request,
    label_views.label_decision,
    label_views.taxon_request,
    me_views.require_confirmation,
    model_views.promotion_request,
    model_views.rollback_request,
    notification_views.notification_choice,
    photo_body.prediction_request,
    review_views.review_request,
    user_views.invitation,
    user_views.user_change,
)


def _each(readers: tuple[Callable[[Request], object], ...], request: Request) -> None:
    for read in readers:
        try:
            read(request)
        except AvocetError:
            continue  # one body fits one of them


def _queries(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    query = dict.fromkeys(("query", "lang", "limit", "cursor", "source"), text)
    readers = (
        dataset_views.source_in_query,
        me_views.page_limit,
        me_views.page_mark,
        species_query.species_query,
        user_views.user_cursor,
    )
    _each(readers, _request(query=query))
    _each((bodies.photo_id_in_path, label_views.label_id_in_path), _request(path={"id": text}))


def _event(data: bytes) -> None:
    """A whole event through the boundary: whatever stands in it, the answer is an answer and never a fault of ours."""
    value = json.loads(data)
    if not isinstance(value, dict):
        return
    event = {**_EVENT, **{name: each for name, each in value.items() if name in ("headers", "body", "isBase64Encoded")}}
    if not _as_the_gateway_sends(event):
        return
    answer = edge.serve(event, lambda request: Response(200, request.media_type), page_origin="https://page.example")
    if answer["statusCode"] >= 500:
        raise AssertionError(f"answered {answer['statusCode']}")


def _as_the_gateway_sends(event: Mapping[str, object]) -> bool:
    headers, body = event["headers"], event["body"]
    return (
        (headers is None or (isinstance(headers, dict) and all(isinstance(each, str) for each in headers.values())))
        and (body is None or isinstance(body, str))
        and isinstance(event["isBase64Encoded"], bool)
    )


def _claims(data: bytes) -> None:
    value = json.loads(data)
    if isinstance(value, dict):
        event = {**_EVENT, "requestContext": {"authorizer": {"claims": value}}}
        claims = parse_event(event, "fuzz").claims
        for read in (caller_of, admin_of):
            try:
                read(claims)
            except AvocetError:
                continue


def _zip_directory(data: bytes) -> None:
    file = archives.RangedFile(lambda start, end: data[start:end], len(data))
    directory = archives.read_directory(file)
    for entry in (*directory.photos, *((directory.names,) if directory.names else ())):
        try:
            archives.unpack(entry, memoryview(data)[entry.start : entry.end], entry.start, max_bytes=1_000_000)
        except archives.BrokenEntryError:
            continue


def _batch(data: bytes) -> None:
    for photo in imports.unpack_batch(data):
        if len(photo.data) > MAX_BYTES:
            raise AssertionError("more came out than may")


def _zip(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, content in files:
            made.writestr(name, content)
    return stream.getvalue()


_EVENT: Mapping[str, object] = {
    "resource": "/predictions",
    "httpMethod": "POST",
    "headers": {"Content-Type": "image/jpeg", "X-Correlation-Id": "one-of-mine"},
    "requestContext": {"requestId": "gateway"},
    "body": base64.b64encode(b"photo").decode(),
    "isBase64Encoded": True,
}
_MANIFEST = json.dumps(
    [{"file": "0.jpg", "name": "AVOCET/1", "label": "AVOCET", "scientific": "RECURVIROSTRA"}]
).encode()
_JSON_BODIES = (
    {"size_bytes": 3},
    {"feedback": "corrected", "species_id": "pied-avocet"},
    {"source": "kaggle", "photos": [{"label": "AVOCET", "sha256": "0" * 64}]},
    {"kind": "train", "parameters": {"recipe": "head"}},
    {
        "scientific": "Columba livia",
        "english": "Fantail",
        "family": "Columbidae",
        "rank": "breed",
        "parent": "rock-dove",
    },
    {"confirmation": "erase-everything"},
    {"version": "challenger", "reason": "better"},
    {"terms_version": "2026-11", "topics": ["drift"], "language": "fr"},
    {"upload_id": "0" * 32, "action": "correct"},
    {"email": "ada@example.org", "role": "reviewer", "is_enabled": False},
)

PARSERS: Mapping[str, Parser] = {
    "bodies": Parser(
        lambda data: _each(_BODIES, _request(data)), tuple(json.dumps(each).encode() for each in _JSON_BODIES)
    ),
    "queries": Parser(_queries, (b"avocette", b"20", b"MjAyNi0xMS0yM1QwOTozMDowMC4wMDAwMDArMDA6MDAg", b"f" * 32)),
    "event": Parser(
        _event,
        (json.dumps(dict(_EVENT)).encode(), b'{"body": "{}", "isBase64Encoded": false, "headers": null}'),
        (*_REFUSALS, ValueError, RecursionError),
    ),
    "claims": Parser(
        _claims,
        (
            b'{"sub": "ada", "token_use": "id", "cognito:groups": "[admin, user]", "custom:terms_version": "2026-11"}',
            b'{"sub": "ada", "token_use": "id", "cognito:groups": ["admin"]}',
        ),
        (*_REFUSALS, ValueError, RecursionError),  # of json itself, which the gateway has read long before
    ),
    "birds-csv": Parser(
        archives.scientific_names,
        (b'class id,filepaths,labels,data set,scientific name\r\n0,train/A/1.jpg,"AVOCET",train,RECURVIROSTRA\r\n',),
        (),
    ),
    "name-list": Parser(
        name_list.read_list,
        ("scientific,english,french\nRecurvirostra avosetta,Pied Avocet,Avocette élégante\n".encode(),),
    ),
    "zip-directory": Parser(
        _zip_directory,
        (
            _zip(("train/AVOCET/001.jpg", b"p" * 200), ("birds.csv", b"labels,scientific name\nAVOCET,R\n")),
            _zip(("train/AVOCET/001.jpg", b"p" * 200), method=zipfile.ZIP_STORED),
        ),
    ),
    "batch": Parser(_batch, (_zip((imports.MANIFEST_NAME, _MANIFEST), ("0.jpg", b"p" * 200)),)),
    "bundle": Parser(
        lambda data: described({"bundle.json": data}, registered_at=datetime(2026, 11, 25, tzinfo=UTC)),
        (
            json.dumps(
                {"model_version": "head-1a2b3c4d", "recipe": "head", "backbone": "b0", "created_on": "2026-11-25"}
                | {"species": ["pied-avocet"], "schema": 1, "files": {"model.onnx": {"sha256": "0" * 64}}}
            ).encode(),
        ),
    ),
}


def find_fault(parser: Parser, data: bytes) -> Exception | None:
    """Return what a parser raised that it may not raise."""
    try:
        parser.parse(data)
    except parser.refusals:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return error
    return None
