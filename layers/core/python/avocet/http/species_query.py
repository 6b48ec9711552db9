"""What is asked about species; each refusal says what to send instead."""

from dataclasses import dataclass

from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import MAX_QUERY_LETTERS
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.species import MAX_NAMED_SPECIES

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


def names_request(request: Request) -> list[str]:
    """Read the body of ``POST /admin/species/names``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: It holds no list of ids, or a longer one than is answered at once.
    """
    species_ids = json_object(request.body).get("species_ids")
    if not isinstance(species_ids, list) or not all(isinstance(each, str) for each in species_ids):
        raise InvalidRequestError("species_ids must be a list of ids.")
    if len(species_ids) > MAX_NAMED_SPECIES:
        raise InvalidRequestError(f"species_ids must hold at most {MAX_NAMED_SPECIES} ids.")
    return species_ids
