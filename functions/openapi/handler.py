"""GET /openapi.json: the API's description, as generated at build time."""

from functools import cache
from importlib import resources
from typing import Any

from avocet.http.edge import serve
from avocet.http.events import Request, Response
from avocet.settings import Settings


@cache
def _document() -> str:
    return resources.files("avocet.http").joinpath("openapi.json").read_text(encoding="utf-8")


def _answer(_request: Request) -> Response:
    return Response(200, _document(), headers={"Cache-Control": "public, max-age=300"})


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer API Gateway."""
    return serve(event, _answer, page_origin=Settings.from_environment().page_origin)
