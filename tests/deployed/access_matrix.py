"""Who may do what: one row for each endpoint, one column for each kind of caller. Every endpoint joins this table.

`test_access.py` sends each of these requests and fails when the deployed API has an endpoint that is missing here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Caller(StrEnum):
    """Kinds of callers; the last four have sound ID tokens of this very pool."""

    NOBODY = "nobody"  # no token at all
    GARBAGE = "garbage"  # something that is no token
    FORGED = "forged"  # a sound token whose claims were changed afterwards
    UNSIGNED = "unsigned"  # changed claims, and an algorithm called none
    ACCESS_TOKEN = "access token"  # sound, but not the kind that says who one is
    EXPIRED = "expired"
    OTHER_POOL = "other pool"
    USER = "user"  # signed in, but what is asked for is somebody else's
    OWNER = "owner"
    REVIEWER = "reviewer"  # signed in, and what is asked for is somebody else's
    ADMIN = "admin"  # signed in, and what is asked for is somebody else's


OUTSIDERS = frozenset(Caller) - {Caller.USER, Caller.OWNER, Caller.REVIEWER, Caller.ADMIN}

Expected = Mapping[Caller, int]


def public(status: int = 200) -> Expected:
    """Answer everybody alike, whatever token they bring."""
    return dict.fromkeys(Caller, status)


def signed_in(status: int) -> Expected:
    """Answer whoever has an account."""
    return {caller: 401 if caller in OUTSIDERS else status for caller in Caller}


def owner_only(status: int, others: int = 404) -> Expected:
    """Answer the owner; to everybody else it is not even there, administrators included."""
    return {**signed_in(others), Caller.OWNER: status}


def admin_only(status: int) -> Expected:
    """Answer administrators."""
    return {**signed_in(403), Caller.ADMIN: status}


def reviewers(status: int) -> Expected:
    """Answer reviewers, and administrators, who may do what they may."""
    return {**admin_only(status), Caller.REVIEWER: status}


@dataclass(frozen=True)
class Things:
    """What the owner has, for paths and bodies to name.

    Attributes:
        photo: Bytes of a photo.
        upload_id: A photo that was uploaded and not identified yet.
        prediction_id: A prediction.
        given_id: A photo that feedback was given on.
    """

    photo: bytes
    upload_id: str
    prediction_id: str
    given_id: str


@dataclass(frozen=True)
class Row:
    """One endpoint, asked in one way.

    Attributes:
        method: HTTP method.
        path: As in the OpenAPI document.
        expected: Status by caller.
        values: What to put into the path's braces.
        options: What else to send, as for `httpx.Client.request`.
        way: Tells apart the rows of one endpoint.
    """

    method: str
    path: str
    expected: Expected
    values: Callable[[Things], Mapping[str, str]] = field(default=lambda _: {})
    options: Callable[[Things], Mapping[str, Any]] = field(default=lambda _: {})
    way: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.way})" if self.way else "")


def _prediction(things: Things) -> Mapping[str, str]:
    return {"id": things.prediction_id}


def _photo(things: Things) -> Mapping[str, str]:
    return {"id": things.prediction_id}


def _nobody(_things: Things) -> Mapping[str, str]:
    return {"id": "00000000-0000-4000-8000-000000000000"}


_SNAPSHOT = {"id": "0" * 64}
_CORRECTION = {"json": {"species_id": "pied-avocet"}}

MATRIX = (
    Row("GET", "/status", public()),
    Row("GET", "/stats", public()),
    Row("GET", "/openapi.json", public()),
    Row("GET", "/species", public(), options=lambda _: {"params": {"query": "avocet"}}),
    Row("GET", "/species/{id}", public(), values=lambda _: {"id": "pied-avocet"}),
    Row("POST", "/uploads", signed_in(201), options=lambda _: {"json": {"size_bytes": 1000}}),
    Row(
        "POST",
        "/predictions",
        signed_in(201),
        options=lambda things: {"content": things.photo, "headers": {"Content-Type": "image/jpeg"}},
        way="inline",
    ),
    Row(
        "POST",
        "/predictions",
        owner_only(201),
        options=lambda things: {"json": {"upload_id": things.upload_id}},
        way="by upload",
    ),
    Row("GET", "/predictions/{id}", owner_only(200), values=_prediction),
    Row(
        "POST",
        "/predictions/{id}/feedback",
        owner_only(200),
        values=_prediction,
        options=lambda _: {"json": {"feedback": "unknown"}},
    ),
    Row(
        "PUT",
        "/admin/species/names",
        admin_only(200),
        options=lambda _: {
            "params": {"lang": "fr"},
            "content": b"scientific,english,french\nStruthio molybdophanes,Somali Ostrich,Autruche de Somalie\n",
            "headers": {"Content-Type": "text/csv"},
        },
    ),
    Row(
        "POST",
        "/contributions/{id}/correction",
        owner_only(200),
        values=_photo,
        options=lambda _: _CORRECTION,
    ),
    Row("GET", "/me/contributions", signed_in(200)),
    Row("DELETE", "/me/contributions/{id}", owner_only(200), values=lambda things: {"id": things.given_id}),
    Row("PUT", "/me/terms", signed_in(200), options=lambda _: {"json": {"terms_version": "2026-11"}}),
    Row("GET", "/me/export", signed_in(202)),
    Row("DELETE", "/me", signed_in(422), options=lambda _: {"json": {"confirmation": "no"}}),
    Row("POST", "/admin/species/names", admin_only(200), options=lambda _: {"json": {"species_ids": ["mallard"]}}),
    Row("GET", "/admin/review", reviewers(200)),
    Row(
        "POST",
        "/admin/review/{id}",
        reviewers(404),
        values=lambda _: {"id": "f" * 32},
        options=lambda _: {"json": {"action": "accept"}},
    ),
    Row(
        "GET",
        "/admin/review/{id}/look-alikes",
        reviewers(404),
        values=lambda _: {"id": "f" * 32},
        options=lambda _: {"params": {"species": "mallard"}},
    ),
    Row("GET", "/admin/audit", admin_only(200)),
    Row("GET", "/admin/users", admin_only(200)),
    Row("POST", "/admin/users", admin_only(422), options=lambda _: {"json": {"email": "nobody"}}),
    Row("PATCH", "/admin/users/{id}", admin_only(404), values=_nobody, options=lambda _: {"json": {"role": "user"}}),
    Row("DELETE", "/admin/users/{id}", admin_only(404), values=_nobody),
    Row("GET", "/admin/users/{id}/trust", admin_only(404), values=_nobody),
    Row("GET", "/admin/notifications", admin_only(200)),
    Row("PUT", "/admin/notifications", admin_only(422), options=lambda _: {"json": {"kinds": ["weather"]}}),
    Row("GET", "/admin/jobs", admin_only(200)),
    Row("POST", "/admin/jobs", admin_only(202), options=lambda _: {"json": {"kind": "verify"}}),
    Row("DELETE", "/admin/jobs/{id}", admin_only(404), values=lambda _: {"id": "nothing"}),
    Row("GET", "/admin/jobs/{id}/log", admin_only(404), values=lambda _: {"id": "nothing"}),
    Row("GET", "/admin/jobs/{id}/learning-curve", admin_only(404), values=lambda _: {"id": "nothing"}),
    Row("GET", "/admin/jobs/{id}", admin_only(404), values=lambda _: {"id": "nothing"}),
    Row("GET", "/admin/dead-letters", admin_only(200)),
    Row("POST", "/admin/dead-letters/{id}", admin_only(404), values=_nobody),
    Row("DELETE", "/admin/dead-letters/{id}", admin_only(404), values=_nobody),
    Row("GET", "/admin/drift-reports", admin_only(200)),
    Row("GET", "/admin/drift-reports/{id}", admin_only(404), values=lambda _: {"id": "999999999999"}),
    Row("GET", "/admin/dataset", admin_only(200)),
    Row("GET", "/admin/dataset/labels", admin_only(200)),
    Row(
        "PUT",
        "/admin/dataset/labels/{id}",
        admin_only(404),
        values=lambda _: {"id": "f" * 32},
        options=lambda _: _CORRECTION,
    ),
    Row("POST", "/admin/species", admin_only(422), options=lambda _: {"json": {"scientific": "Avis"}}),
    Row("GET", "/admin/dataset/snapshots/{id}", admin_only(404), values=lambda _: _SNAPSHOT),
    Row("POST", "/admin/dataset/known", admin_only(200), options=lambda _: {"json": {"source": "x", "photos": []}}),
    Row(
        "POST",
        "/admin/dataset/photos",
        admin_only(422),
        options=lambda _: {
            "params": {"source": "x"},
            "content": b"no zip",
            "headers": {"Content-Type": "application/zip"},
        },
    ),
    Row(
        "POST",
        "/admin/dataset/photos/{id}/correction",
        admin_only(404),
        values=_photo,
        options=lambda _: _CORRECTION,
    ),
    Row("DELETE", "/admin/dataset/photos/{id}", admin_only(202), values=lambda _: {"id": "f" * 32}),
    Row("GET", "/admin/models", admin_only(200)),
    Row("GET", "/admin/models/comparison", admin_only(404), options=lambda _: {"params": {"version": "nothing"}}),
    Row("GET", "/admin/models/champion", admin_only(200)),
    Row("GET", "/admin/models/{version}", admin_only(404), values=lambda _: {"version": "nothing"}),
    Row("GET", "/admin/models/{version}/shadow", admin_only(404), values=lambda _: {"version": "nothing"}),
    Row("GET", "/admin/models/{version}/confusion", admin_only(404), values=lambda _: {"version": "nothing"}),
    Row("GET", "/admin/models/{version}/learning-curve", admin_only(404), values=lambda _: {"version": "nothing"}),
    Row("GET", "/admin/models/{version}/photos", admin_only(404), values=lambda _: {"version": "nothing"}),
    Row(
        "PUT",
        "/admin/models/champion",
        admin_only(404),
        options=lambda _: {"json": {"version": "nothing", "reason": "to see who may"}},
    ),
    Row(
        "POST",
        "/admin/models/rollback",
        admin_only(422),
        options=lambda _: {"json": {"reason": ""}},
    ),
)
