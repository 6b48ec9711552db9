"""The query string of ``GET /species``; each refusal says what to send instead."""

from dataclasses import dataclass

from avocet.domain.name_search import MAX_QUERY_LETTERS, NameKind
from avocet.http.events import Request
from avocet.http.problem import InvalidRequestError

DEFAULT_LIMIT = 10
MAX_LIMIT = 50
LANGUAGES = {"en": NameKind.EN, "fr": NameKind.FR}


@dataclass(frozen=True, slots=True)
class SpeciesQuery:
    """A search; ``language`` is whose names go first, None for none."""

    query: str
    limit: int
    language: NameKind | None


def species_query(request: Request) -> SpeciesQuery:
    """Read the query of ``GET /species``.

    Raises:
        InvalidRequestError: A value is missing or not allowed.
    """
    query = request.query.get("query", "")
    if not query.strip():
        raise InvalidRequestError("query must be at least one letter of a bird's name.")
    if len(query) > MAX_QUERY_LETTERS:
        raise InvalidRequestError(f"query must have at most {MAX_QUERY_LETTERS} letters.")
    limit = request.query.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT)) and 1 <= int(limit) <= MAX_LIMIT):
        raise InvalidRequestError(f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    language = request.query.get("lang")
    if language is not None and language not in LANGUAGES:
        raise InvalidRequestError("lang must be en or fr.")
    return SpeciesQuery(query, int(limit), LANGUAGES[language] if language else None)
