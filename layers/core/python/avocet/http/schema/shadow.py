"""What a challenger said unseen, beside the champion, in the API's JSON."""

from dataclasses import dataclass, field
from typing import Literal

from avocet.http.schema.formats import TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names


@dataclass(frozen=True, slots=True)
class ShareView:
    """A share of photos with its 95 % interval (Wilson)."""

    value: float = field(metadata={"ge": 0, "le": 1, "description": "0 where there is no photo."})
    low: float
    high: float
    trials: int = field(metadata={"ge": 0, "description": "Of how many photos."})


@dataclass(frozen=True, slots=True)
class ConfidenceView:
    """The mean scores of both first answers; null where there is no such photo."""

    champion: float | None
    challenger: float | None


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What one of the two said first."""

    species_id: str
    names: Names
    score: float
    unfamiliar: bool


@dataclass(frozen=True, slots=True)
class ShadowDisagreement:
    """A photo that both named, and not alike."""

    prediction_id: str
    created_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    champion: ShadowAnswer = field(metadata={"description": "What the person was told."})
    challenger: ShadowAnswer = field(metadata={"description": "What nobody was told."})
    named: str | None = field(metadata={"description": "The species that its owner gave it since."})


@dataclass(frozen=True, slots=True)
class ShadowSpecies:
    """A species that the champion named and the challenger, at times, did not."""

    species_id: str
    names: Names
    photos: int = field(metadata={"ge": 0, "description": "How often the champion said it."})
    other: int = field(metadata={"ge": 0, "description": "How often the challenger then said something else."})
    instead: str = field(metadata={"description": "What that was most often."})
    instead_names: Names
    instead_photos: int


@dataclass(frozen=True, slots=True)
class ShadowAgainst:
    """A version's answers beside those of one champion, on people's own photos."""

    champion: str
    is_champion_now: bool
    last_scored_at: str | None = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    photos: int = field(metadata={"ge": 0, "description": "Photos that both answered."})
    agreement: ShareView = field(metadata={"description": "Those with the same first species."})
    in_three: ShareView = field(
        metadata={"description": "Those whose first species by the champion is among the challenger's three."}
    )
    same: ConfidenceView = field(metadata={"description": "Where they agree."})
    other: ConfidenceView = field(metadata={"description": "Where they do not."})
    unfamiliar_champion: int
    unfamiliar_challenger: int
    unfamiliar_both: int
    challenger_ms: float | None = field(
        metadata={"description": "What the challenger's model took for a photo, on average."}
    )
    named: int = field(
        metadata={
            "ge": 0,
            "description": "Photos whose owner named the bird since. They had seen the champion's answer and not the "
            "challenger's, which speaks for the champion.",
        }
    )
    champion_right: ShareView
    challenger_right: ShareView
    only_champion_right: int
    only_challenger_right: int
    p_value: float | None = field(
        metadata={
            "description": "How likely the two differ this much among the named photos when both are equally good "
            "(exact McNemar test); null without one that a single one of them had right."
        }
    )
    species: tuple[ShadowSpecies, ...] = field(metadata={"description": "The most disputed first, 20 at most."})
    disagreements: tuple[ShadowDisagreement, ...] = field(
        metadata={"description": "The latest first, 50 at most; each is gone two days after its photo was sent."}
    )


@dataclass(frozen=True, slots=True)
class ShadowTrouble:
    """Why the challenger could not score when it was last asked."""

    reason: str
    at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})


@dataclass(frozen=True, slots=True)
class ShadowView:
    """What a version said of people's own photos, unseen by them."""

    version: str
    state: Literal["scoring", "not_challenger", "off"] = field(
        metadata={"description": "Whether it scores further photos: the challenger does, unless no share is taken."}
    )
    share: float = field(metadata={"ge": 0, "le": 1, "description": "The share of photos that are taken."})
    trouble: ShadowTrouble | None
    against: tuple[ShadowAgainst, ...] = field(metadata={"description": "Beside each champion, the present one first."})
