"""The list of species and its names."""

from avocet.domain.name_search import MAX_QUERY_LETTERS
from avocet.http.operations.common import FAMILY, MALFORMED, NAMES
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.formats import SPECIES_ID_PATTERN
from avocet.http.schema.names import Names
from avocet.http.schema.progress import PendingProgress
from avocet.http.schema.species import (
    MAX_NAMED_SPECIES,
    Lineage,
    NamesImported,
    PhotoPlaceholder,
    ReferencePhoto,
    SpeciesDetail,
    SpeciesFound,
    SpeciesList,
    SpeciesNames,
    SpeciesNamesRequest,
)
from avocet.http.species_query import DEFAULT_LIMIT, LANGUAGES, MAX_LIMIT

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="species",
        method="get",
        path="/species",
        summary="Find a bird by name",
        description=(
            "English, French or scientific, as far as it was typed; accents, case, hyphens, the order of the words and small "
            "mistakes do not matter. The best comes first; what the model knows goes before what it does not."
        ),
        parameters=(
            Parameter(
                name="query",
                where="query",
                is_required=True,
                description="What was typed.",
                schema={"type": "string", "minLength": 1, "maxLength": MAX_QUERY_LETTERS, "pattern": "\\S"},
                example="avocette",
            ),
            Parameter(
                name="lang",
                where="query",
                description="Whose names go first among equals.",
                schema={"type": "string", "enum": sorted(LANGUAGES)},
                example="fr",
            ),
            Parameter(
                name="limit",
                where="query",
                description="How many to return at most.",
                schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                example=DEFAULT_LIMIT,
            ),
        ),
        is_public=True,
        successes={
            200: Success(
                description="The birds found; none is an answer too.",
                shape=SpeciesList,
                example=SpeciesList((SpeciesFound("pied-avocet", NAMES, "species", FAMILY, "Avocette élégante"),)),
            )
        },
        problems={422: "`invalid-request`: a parameter is missing or not allowed."},
    ),
    Operation(
        verb="species",
        name="one_species",
        method="get",
        path="/species/{id}",
        summary="What is known of one bird",
        description="An id that was given up answers with the taxon that holds it now.",
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the species.",
                schema={"type": "string", "pattern": SPECIES_ID_PATTERN},
                example="pied-avocet",
            ),
        ),
        is_public=True,
        successes={
            200: Success(
                description="The species.",
                shape=SpeciesDetail,
                example=SpeciesDetail(
                    species_id="pied-avocet",
                    names=NAMES,
                    rank="species",
                    family=FAMILY,
                    lineage=Lineage(
                        order=Names("Charadriiformes", "Shorebirds, Gulls and Auks", "Limicoles, goélands et alcidés"),
                        family=FAMILY,
                        genus=Names("Recurvirostra", None, None),
                    ),
                    parent_id=None,
                    avibase_id="avibase-C73ED2F5",
                    learning="pending",
                    missing_photos=18,
                    progress=PendingProgress(12, 30),
                    reference_photo=ReferencePhoto(
                        "https://clean-bucket.s3.eu-west-1.amazonaws.com/references/pied-avocet.jpg?X-Amz-Expires=3600",
                        "kaggle",
                        None,
                    ),
                    placeholder=PhotoPlaceholder("Recurvirostridae", "shorebird"),
                    lookup={"Wikipedia": "https://en.wikipedia.org/wiki/Recurvirostra_avosetta"},
                ),
            )
        },
        problems={404: "`species-not-found`: the world list holds no such id."},
    ),
    Operation(
        verb="import_names",
        method="put",
        path="/admin/species/names",
        summary="Import a list of names",
        description=(
            "For admins. The body is CSV in UTF-8; its first row names the columns: scientific, english, and the language's. Birds "
            "without a name in that language show the list's from then on (within a minute); every name of the list can be found. "
            "A new list takes the place of the one before."
        ),
        parameters=(
            Parameter(
                name="lang",
                where="query",
                is_required=True,
                description="The language of the names.",
                schema={"type": "string", "enum": ["fr"]},
                example="fr",
            ),
        ),
        takes_csv=True,
        successes={
            200: Success(
                description="What became of the list.",
                shape=NamesImported,
                example=NamesImported(9613, 9601, 8682, 0, (), 12, ("Porphyrio madagascariensis",)),
            )
        },
        problems={
            403: "`admins-only`: the caller is no admin.",
            413: "`list-too-large`: the file is larger than any list of birds.",
            422: "`invalid-request`: lang is missing or not allowed; `unreadable-list`: the body is no such list.",
        },
    ),
    Operation(
        verb="species",
        name="species_names",
        method="post",
        path="/admin/species/names",
        summary="What species are called",
        description=(
            "For admins. Names of many species at once, imported ones included, for lists that hold ids. An id that was renamed or "
            "lumped has the names of what holds it now."
        ),
        body=(SpeciesNamesRequest, SpeciesNamesRequest(("pied-avocet",))),
        successes={
            200: Success(
                description="The names there are.", shape=SpeciesNames, example=SpeciesNames({"pied-avocet": NAMES})
            )
        },
        problems={
            400: MALFORMED,
            403: "`admins-only`: the caller is no admin.",
            422: f"`invalid-request`: species_ids is missing, malformed, or holds more than {MAX_NAMED_SPECIES} ids.",
        },
    ),
)
