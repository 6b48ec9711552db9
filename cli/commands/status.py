"""`avocet status`: which Avocet this is, what serves there, how fast it answers, and who one is."""

import time
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from cli import output
from cli.client import ApiClient, Json
from cli.errors import SignInError
from cli.identity import Identity
from cli.surroundings import Surroundings

# The first answer may have to wake a function; the median of a few is what people will feel.
_ROUND_TRIPS = 5


def status(
    context: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show which Avocet this is, its model, how fast it answers, and who you are."""
    surroundings: Surroundings = context.obj
    with surroundings.connect() as connection:
        deployment = connection.deployment
        answer, first_ms, usual_ms = _timed(connection.api)
        person = _person(connection.identity)
    document: Json = {
        "deployment": {
            "kind": "embedded" if deployment.is_embedded else "hosted",
            "origin": deployment.origin,
            "api_url": deployment.api_url,
            "page_url": deployment.page_url or None,
        },
        "person": person,
        "round_trip_ms": {"first": first_ms, "median": usual_ms},
        "status": answer,
    }
    if json_:
        output.write_json(document)
        return
    table = output.table("", "")
    table.show_header = False
    for label, value in _lines(document):
        table.add_row(output.cell(label, "bold"), output.cell(value))
    output.out().print(table)


def _timed(api: ApiClient) -> tuple[Json, float, float]:
    """Return the API's status, and how long it took at first and usually, in ms."""
    durations_ms = []
    answer: Json = {}
    for _ in range(_ROUND_TRIPS):
        started_s = time.perf_counter()
        answer = api.get("/status", public=True)
        durations_ms.append(round((time.perf_counter() - started_s) * 1000, 1))
    return answer, durations_ms[0], sorted(durations_ms)[_ROUND_TRIPS // 2]


def _person(identity: Identity) -> Json | None:
    try:
        claims = identity.claims()
    except SignInError:
        return None
    groups = claims.get("cognito:groups") or []
    return {"name": claims.get("email") or claims.get("cognito:username"), "groups": groups}


def _lines(document: Json) -> Iterator[tuple[str, str]]:
    deployment, person, times = document["deployment"], document["person"], document["round_trip_ms"]
    yield "Avocet", f"{deployment['kind']} ({deployment['origin']})"
    yield "API", deployment["api_url"]
    if deployment["page_url"]:
        yield "Page", deployment["page_url"]
    if person is None:
        yield "You", "not signed in; run `avocet login`"
    else:
        groups = ", ".join(map(str, person["groups"]))
        yield "You", f"{person['name']} ({groups})" if groups else str(person["name"])
    yield "Answers in", f"{times['median']:.0f} ms, the first in {times['first']:.0f} ms"
    # The API decides what is worth telling; whatever it adds later is shown without a new command line.
    yield from _flattened(document["status"])


def _flattened(answer: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in answer.items():
        label = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping) and value.keys() == {"en", "fr"}:
            # A text in both languages; the command line speaks English.
            yield label[:1].upper() + label[1:], str(value["en"])
        elif isinstance(value, Mapping):
            yield from _flattened(value, prefix=f"{label} ")
        elif isinstance(value, list):
            if value:
                yield label[:1].upper() + label[1:], ", ".join(map(str, value))
        elif value is not None:
            yield label[:1].upper() + label[1:], str(value)
