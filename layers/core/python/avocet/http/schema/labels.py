"""Labels that name no species by themselves, and taxa that admins add, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.label_cases import LabelState
from avocet.domain.taxonomy import Rank
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, SPECIES_ID_PATTERN
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class ProposedTaxon:
    """What a label may mean."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    names: Names


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label that named no species by itself."""

    label_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    source: str = field(metadata={"examples": ["kaggle"]})
    label: str = field(metadata={"examples": ["AVOCETT"]})
    scientific: str = field(metadata={"description": "As the set gives it; may be empty, outdated or another bird's."})
    photos: int = field(metadata={"ge": 0, "description": "Photos that came under it; all are kept."})
    state: LabelState
    species_id: str | None = field(metadata={"description": "What its photos show, once that is settled."})
    awaits_refresh: bool = field(metadata={"description": "The next refresh carries the decision out."})
    proposals: tuple[ProposedTaxon, ...] = field(metadata={"description": "What it may mean, the likeliest first."})


@dataclass(frozen=True, slots=True)
class LabelList:
    """Labels that needed a person; the open ones with most photos first."""

    labels: tuple[LabelView, ...]


@dataclass(frozen=True, slots=True)
class LabelDecision:
    """What the photos under a label show: `species_id`, or `left_out` where they show no bird."""

    species_id: str | None = field(default=None, metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class TaxonRequest:
    """A taxon that the world list does not hold."""

    scientific: str = field(metadata={"min_length": 1, "max_length": 100, "examples": ["Recurvirostra nova"]})
    en: str = field(metadata={"min_length": 1, "max_length": 100, "description": "The id is made of it."})
    family: str = field(metadata={"description": "Its family's scientific name.", "examples": ["Recurvirostridae"]})
    rank: Rank = "species"
    fr: str | None = field(default=None, metadata={"max_length": 100})
    parent_id: str | None = field(
        default=None,
        metadata={"pattern": SPECIES_ID_PATTERN, "description": "Of a subspecies or a breed: its species."},
    )


@dataclass(frozen=True, slots=True)
class TaxonAdded:
    """A taxon that photos can be named by from now on."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["new-avocet"]})
    names: Names
    rank: Rank
    family: str
    parent_id: str | None
