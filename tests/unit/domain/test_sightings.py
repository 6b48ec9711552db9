"""What people send, then and now: a change is seen, chance is not, and how often chance is taken for one is known."""

import random

import pytest
from scipy import stats

from avocet.domain.shifts import LEVEL, MIN_PHOTOS, same_distribution_p, shifts
from avocet.domain.sightings import Sighting, photos_in, places_of, summed


def photos(rng: random.Random, count: int, *, darker: float = 0.0, unfamiliar: float = 0.05) -> dict[str, int]:
    return summed(
        [
            places_of(
                Sighting(
                    species_id=f"species-{int(rng.expovariate(0.05))}",
                    score=rng.betavariate(6, 1.2),
                    is_unfamiliar=rng.random() < unfamiliar,
                    brightness=max(0.0, rng.gauss(118 - darker, 30)),
                    side_px=rng.choice((640, 1280, 1280, 4032)),
                )
            )
            for _ in range(count)
        ]
    )


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng, alarms, checks = random.Random(3), 0, 150
    for _ in range(checks):
        found = shifts(photos(rng, 500), photos(rng, 300))
        alarms += any(each.is_shifted for each in found)
    # Three standard deviations above the promised rate.
    assert alarms <= checks * LEVEL + 3 * (checks * LEVEL) ** 0.5


@pytest.mark.parametrize(
    ("changes", "feature"), [({"darker": 40.0}, "brightness"), ({"unfamiliar": 0.3}, "unfamiliar photos")]
)
def test_a_change_is_seen_and_named(changes: dict[str, float], feature: str) -> None:
    rng = random.Random(4)
    found = shifts(photos(rng, 500), photos(rng, 400, **changes))
    assert [each.feature for each in found if each.is_shifted] == [feature]


def test_a_handful_of_photos_says_nothing() -> None:
    rng = random.Random(5)
    assert shifts(photos(rng, 500), photos(rng, MIN_PHOTOS - 1)) == ()
    assert photos_in(photos(rng, 7)) == 7


def test_the_test_is_the_textbook_s() -> None:
    first, second = [30, 50, 20, 11], [18, 70, 31, 25]
    expected = stats.chi2_contingency([first, second], correction=False).pvalue
    assert same_distribution_p(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("side_px", [1, 226, 227, 10_000, 0])
def test_any_size_falls_into_a_bin(side_px: int) -> None:
    assert len(places_of(Sighting("x", 1.0, is_unfamiliar=False, brightness=255.0, side_px=side_px))) == 5
