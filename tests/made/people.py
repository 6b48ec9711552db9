"""People who have photos named and answer, each with undisturbed or disturbed ports."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from avocet.domain.contribution import Feedback, PhotoRecord
from avocet.domain.prediction import Prediction, ScoredSpecies
from avocet.settings import FEEDBACK_LEASE_S, SETTLE_LEASE_S
from avocet.usecases.give_feedback import ContributionSteps, GiveFeedback
from avocet.usecases.settle_contributions import SettleContributions, Settlement
from tests.made.bundles import BLUE, GREEN, RED
from tests.made.events import ALICE, TERMS
from tests.made.memory import (
    MemoryOriginals,
    MemoryPeople,
    MemoryRaw,
    MemoryRecords,
    MemoryWorldList,
    Seam,
    World,
    nothing_happens,
)
from tests.made.photos import jpeg

SPARROW = "house-sparrow"
WORLD_LIST = MemoryWorldList.of(RED, GREEN, BLUE, SPARROW)
PREDICTION = Prediction(
    model_version="starter-00000001",
    ranked=(ScoredSpecies(RED, 0.8), ScoredSpecies(GREEN, 0.15), ScoredSpecies(BLUE, 0.05)),
    coarser=None,
    unfamiliar=False,
)
PHOTO = jpeg()


@dataclass(frozen=True)
class Said:
    """An answer as a client sends it."""

    feedback: Feedback
    species_id: str | None = None

    @property
    def folder(self) -> str:
        return {Feedback.CONFIRMED: RED, Feedback.UNKNOWN: "unknown"}.get(self.feedback) or str(self.species_id)


CONFIRMED = Said(Feedback.CONFIRMED)
UNKNOWN = Said(Feedback.UNKNOWN)
TO_GREEN = Said(Feedback.CORRECTED, GREEN)
TO_SPARROW = Said(Feedback.CORRECTED, SPARROW)
TO_RED = Said(Feedback.CORRECTED, RED)  # another answer than confirmed, the same place
ANSWERS = (CONFIRMED, UNKNOWN, TO_GREEN, TO_SPARROW, TO_RED)


def a_named_photo(world: World, owner_id: str = ALICE) -> str:
    """Put a photo with its prediction into the world, as predict leaves it."""
    photo_id = world.new_id()
    world.originals[photo_id] = PHOTO
    MemoryRecords(world).add(PhotoRecord(photo_id, owner_id, world.now, prediction=PREDICTION))
    return photo_id


def steps(world: World, seam: Seam = nothing_happens) -> ContributionSteps:
    return ContributionSteps(
        records=MemoryRecords(world, seam),
        originals=MemoryOriginals(world, seam),
        raw=MemoryRaw(world, seam),
        clock=world.clock,
    )


def answer(
    world: World,
    photo_id: str,
    said: Said,
    *,
    seam: Seam = nothing_happens,
    owner_id: str = ALICE,
    claimed_terms: str | None = TERMS,
) -> PhotoRecord:
    """Give feedback, through ports with that seam."""
    give = GiveFeedback(
        steps=steps(world, seam),
        people=MemoryPeople(world, seam),
        world_list=WORLD_LIST,
        new_id=world.new_id,
        lease=timedelta(seconds=FEEDBACK_LEASE_S),
    )
    return give(owner_id, photo_id, feedback=said.feedback, species_id=said.species_id, claimed_terms=claimed_terms)


def settle(world: World, *, seam: Seam = nothing_happens) -> Settlement:
    """Sweep, through ports with that seam."""
    sweep = SettleContributions(steps=steps(world, seam), new_id=world.new_id, lease=timedelta(seconds=SETTLE_LEASE_S))
    return sweep(time_left_s=lambda: 100.0, reserve_s=1.0)


def let_leases_lapse(world: World) -> None:
    world.pass_time(seconds=max(FEEDBACK_LEASE_S, SETTLE_LEASE_S) + 1)


def lies_only_under(world: World, photo_id: str, said: Said) -> bool:
    return world.raw_keys(photo_id) == [f"{said.folder}/{photo_id}.jpg"]


def outcome_of(outcome: Any) -> str:
    return type(outcome).__name__
