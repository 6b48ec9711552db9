"""A challenger in the shadow of the champion: both answers to a live photo, as counts that tell nothing of who sent it. Pure.

Nobody sees the challenger's answer, and most photos never get a true name. So what is counted first is agreement, which
says how much would change for people and not which of the two is right. Where somebody named the bird, both are held
against that; but that person had seen the champion's answer and not the challenger's.

It refuses a pair of answers by one and the same version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from avocet.domain.contribution import PHOTO_LIFETIME, PhotoRecord
from avocet.domain.evaluation import Rate
from avocet.domain.prediction import Prediction

SHOWN_DISAGREEMENTS = 50
SHOWN_SPECIES = 20
# As long as the record of a photo that nobody answered: by then the photo itself is surely gone.
KEPT = timedelta(hours=48)

# Scores are added up as whole numbers, so that sums do not depend on the order in which photos come.
_MICRO = 1_000_000
_OTHER_PREFIX = "to#"


@dataclass(frozen=True, slots=True)
class Sample:
    """Which photos a challenger scores too, by what their ids begin with; the same ones however often it is asked."""

    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, setting: str) -> "Sample":
        """Read the beginnings, separated by commas."""
        return cls(tuple(part for part in setting.split(",") if part))

    def holds(self, photo_id: str) -> bool:
        """Whether the photo is one of them."""
        return photo_id.startswith(self.beginnings)

    @property
    def share(self) -> float:
        """The share of all photos, 0-1."""
        return sum(16.0 ** -len(each) for each in self.beginnings)


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two said first."""

    version: str
    species_id: str
    score: float
    is_unfamiliar: bool

    @classmethod
    def of(cls, prediction: Prediction) -> "Side":
        """Keep of a prediction what is compared."""
        first = prediction.first
        return cls(prediction.model_version, first.species_id, first.score, prediction.unfamiliar)


@dataclass(frozen=True, slots=True)
class Shadowed:
    """One photo with both answers.

    Attributes:
        photo_id: Which.
        created_at: When it was sent.
        champion: What people were told.
        challenger: What they were not told.
        in_three: Whether the champion's species is among the challenger's three.
        challenger_ms: How long the challenger's model took.
        named: The species that somebody gave it since; None as long as nobody has.
    """

    photo_id: str
    created_at: datetime
    champion: Side
    challenger: Side
    in_three: bool
    challenger_ms: float
    named: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether both name the same species first."""
        return self.champion.species_id == self.challenger.species_id

    @property
    def gone_at(self) -> datetime:
        """When nothing of it may be left."""
        return self.created_at + KEPT


def compared(record: PhotoRecord, shadow: Prediction, *, challenger_ms: float) -> Shadowed:
    """Put the challenger's answer beside the one on record.

    Raises:
        ValueError: Nothing is on record, or the same version said it.
    """
    told = record.prediction
    if told is None or told.model_version == shadow.model_version:
        raise ValueError("a challenger is compared with another version's answer")
    return Shadowed(
        photo_id=record.photo_id,
        created_at=record.created_at,
        champion=Side.of(told),
        challenger=Side.of(shadow),
        in_three=told.first.species_id in {scored.species_id for scored in shadow.ranked},
        challenger_ms=challenger_ms,
    )


def may_be_scored(record: PhotoRecord, now: datetime) -> bool:
    """Whether a photo was answered, is still its owner's to give, and still there to be looked at."""
    return record.prediction is not None and record.withdrawn_at is None and now < record.created_at + PHOTO_LIFETIME


def name_given(record: PhotoRecord) -> str | None:
    """Return the species that the owner's answer names, once the answer is finished."""
    contribution = record.contribution
    if contribution is None or not contribution.finished or record.withdrawn_at is not None:
        return None
    return contribution.answer.species_id


def counts_of(photo: Shadowed) -> dict[str, int]:
    """Return what one photo adds to the counts of its two versions."""
    kind = "same" if photo.is_same else "other"
    return {
        "photos": 1,
        kind: 1,
        "in_three": int(photo.in_three),
        f"{kind}_champion_micro": _micro(photo.champion.score),
        f"{kind}_challenger_micro": _micro(photo.challenger.score),
        "unfamiliar_champion": int(photo.champion.is_unfamiliar),
        "unfamiliar_challenger": int(photo.challenger.is_unfamiliar),
        "unfamiliar_both": int(photo.champion.is_unfamiliar and photo.challenger.is_unfamiliar),
        "challenger_us": round(1e3 * photo.challenger_ms),
    }


def species_counts_of(photo: Shadowed) -> dict[str, int]:
    """Return what one photo adds to the counts of the species that the champion named."""
    if photo.is_same:
        return {"photos": 1}
    return {"photos": 1, "other": 1, f"{_OTHER_PREFIX}{photo.challenger.species_id}": 1}


def name_counts_of(photo: Shadowed, species_id: str) -> dict[str, int]:
    """Return what the name that somebody gave a photo adds to the counts of its two versions."""
    champion, challenger = photo.champion.species_id == species_id, photo.challenger.species_id == species_id
    return {
        "named": 1,
        "champion_right": int(champion),
        "challenger_right": int(challenger),
        "only_champion_right": int(champion and not challenger),
        "only_challenger_right": int(challenger and not champion),
    }


@dataclass(frozen=True, slots=True)
class Confidence:
    """The mean scores of both first answers; None where there is no such photo."""

    champion: float | None
    challenger: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the counts of a pair of versions come to.

    Attributes:
        photos: Photos that both answered.
        agreement: Of these, those with the same first species, with its interval.
        in_three: Those whose first species by the champion is among the challenger's three.
        same: Mean scores where they agree.
        other: Mean scores where they do not.
        unfamiliar_champion: Photos the champion says it does not know.
        unfamiliar_challenger: Photos the challenger says it does not know.
        unfamiliar_both: Photos that neither knows.
        challenger_ms: What the challenger's model took for one, on average; None without a photo.
        named: Photos whose bird somebody named since.
        champion_right: Of these, those that the champion had named so.
        challenger_right: Those that the challenger had.
        only_champion_right: Those that the champion alone had.
        only_challenger_right: Those that the challenger alone had.
    """

    photos: int
    agreement: Rate
    in_three: Rate
    same: Confidence
    other: Confidence
    unfamiliar_champion: int
    unfamiliar_challenger: int
    unfamiliar_both: int
    challenger_ms: float | None
    named: int
    champion_right: Rate
    challenger_right: Rate
    only_champion_right: int
    only_challenger_right: int


def figures_of(counts: Mapping[str, int]) -> Figures:
    """Turn the counts of a pair of versions into figures."""

    def count(name: str) -> int:
        return counts.get(name, 0)

    def confidence(kind: str) -> Confidence:
        photos = count(kind)
        return Confidence(
            *(_mean(count(f"{kind}_{side}_micro"), photos, _MICRO) for side in ("champion", "challenger"))
        )

    photos, named = count("photos"), count("named")
    return Figures(
        photos=photos,
        agreement=Rate.of(count("same"), photos),
        in_three=Rate.of(count("in_three"), photos),
        same=confidence("same"),
        other=confidence("other"),
        unfamiliar_champion=count("unfamiliar_champion"),
        unfamiliar_challenger=count("unfamiliar_challenger"),
        unfamiliar_both=count("unfamiliar_both"),
        challenger_ms=_mean(count("challenger_us"), photos, 1_000),
        named=named,
        champion_right=Rate.of(count("champion_right"), named),
        challenger_right=Rate.of(count("challenger_right"), named),
        only_champion_right=count("only_champion_right"),
        only_challenger_right=count("only_challenger_right"),
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a challenger could not score when it was last asked."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DisputedSpecies:
    """A species that the champion named and the challenger, at times, did not.

    Attributes:
        species_id: What the champion said.
        photos: How often.
        other: How often the challenger said something else.
        instead: What it said then most often.
        instead_photos: How often.
    """

    species_id: str
    photos: int
    other: int
    instead: str
    instead_photos: int


def disputed(by_species: Mapping[str, Mapping[str, int]]) -> tuple[DisputedSpecies, ...]:
    """Return the species that are disputed most often, the most disputed first."""
    found = list(_disputed(by_species))
    found.sort(key=lambda each: (-each.other, each.photos, each.species_id))
    return tuple(found[:SHOWN_SPECIES])


def _disputed(by_species: Mapping[str, Mapping[str, int]]) -> Iterable[DisputedSpecies]:
    for species_id, counts in by_species.items():
        instead = {
            name.removeprefix(_OTHER_PREFIX): count for name, count in counts.items() if name.startswith(_OTHER_PREFIX)
        }
        if instead:
            most = min(instead, key=lambda name: (-instead[name], name))
            photos, other = counts.get("photos", 0), counts.get("other", 0)
            yield DisputedSpecies(species_id, photos, other, most, instead[most])


def _micro(score: float) -> int:
    return round(score * _MICRO)


def _mean(total: int, number: int, unit: int) -> float | None:
    return total / unit / number if number else None
