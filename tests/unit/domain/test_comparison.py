"""Two models on the same photos: noise is called noise, and what is no noise is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from avocet.domain.advice import Advice, Verdict
from avocet.domain.comparison import Comparison, Side, compare, mcnemar
from avocet.domain.evaluation import Evaluation, MismatchedEvaluationsError, Outcome, loss_of
from avocet.domain.prediction import ScoredSpecies

SPECIES = tuple(f"bird-{number:02}" for number in range(20))


def answers(random: np.random.Generator, photos: int, accuracy: float, *, at: dict[str, float] | None = None) -> Side:
    """A model that is right so often, and at some species more or less often."""
    outcomes = []
    for number in range(photos):
        true = SPECIES[number % len(SPECIES)]
        right = random.random() < (at or {}).get(true, accuracy)
        answer = true if right else SPECIES[(number + 1) % len(SPECIES)]
        score = 0.9 if right else 0.6
        ranked = (ScoredSpecies(answer, score), ScoredSpecies(SPECIES[(number + 2) % len(SPECIES)], 0.05))
        loss = loss_of(score if right else 0.1)
        outcomes.append(Outcome(f"photo-{number:04}", true, ranked, loss, familiarity=1.0, is_familiar=True))
    return Side(frozenset(SPECIES), outcomes)


def verdicts(comparison: Comparison) -> dict[str, Verdict]:
    return {name: each.verdict for name, each in comparison.everything.differences.items()}


def test_a_model_compared_with_itself_differs_in_nothing():
    side = answers(np.random.default_rng(1), 200, 0.8)
    compared = compare(side, side)
    assert set(verdicts(compared).values()) == {Verdict.NOISE}
    assert (compared.won, compared.lost) == ([], [])
    assert compared.advice is Advice.EITHER
    assert "noise" in compared.reason.en
    assert "hasard" in compared.reason.fr


def test_the_values_are_those_of_the_evaluation():
    random = np.random.default_rng(2)
    champion, challenger = answers(random, 200, 0.8), answers(random, 200, 0.7)
    found = compare(champion, challenger).everything.differences
    for side, name in ((champion, "champion"), (challenger, "challenger")):
        counted = Evaluation.of(side.outcomes)
        expected = {
            "accuracy": counted.accuracy.value,
            "top3": counted.top3.value,
            "macro_f1": counted.macro_f1,
            "log_loss": counted.log_loss,
            "calibration_error": counted.calibration_error,
        }
        assert {measure: getattr(each, name) for measure, each in found.items()} == pytest.approx(expected)


@pytest.mark.parametrize(("photos", "can_tell"), [(1, False), (3, False), (5, False), (6, True), (40, True)])
def test_a_handful_of_photos_proves_nothing_however_much_they_agree(photos, can_tell):
    random = np.random.default_rng(5)
    compared = compare(answers(random, photos, 0.0), answers(random, photos, 1.0))
    accuracy = compared.everything.differences["accuracy"]
    assert (accuracy.champion, accuracy.challenger, accuracy.low) == (0.0, 1.0, 1.0)
    assert accuracy.verdict is verdicts(compared)["log_loss"] is (Verdict.BETTER if can_tell else Verdict.NOISE)
    assert compared.advice is (Advice.PROMOTE if can_tell else Advice.EITHER)


def test_few_photos_that_differ_among_many_prove_nothing_either():
    # Resampled, five right answers more among 400 are hardly ever none; by chance all five fall to one side once in 16.
    both = answers(np.random.default_rng(6), 400, 1.0)
    worse = answers(np.random.default_rng(7), 5, 0.0)
    five_wrong = Side(both.outputs, [*worse.outcomes, *both.outcomes[5:]])
    accuracy = compare(five_wrong, both).everything.differences["accuracy"]
    assert accuracy.low > 0
    assert accuracy.verdict is Verdict.NOISE


def test_two_equally_good_models_are_told_apart_about_as_rarely_as_promised():
    random = np.random.default_rng(3)
    false_alarms = sum(
        verdicts(compare(answers(random, 200, 0.8), answers(random, 200, 0.8)))["accuracy"] is not Verdict.NOISE
        for _ in range(20)
    )
    # 5 % are promised: five of twenty would come three times in a thousand runs, and this run is seeded.
    assert false_alarms <= 4


def test_a_better_model_is_found_and_a_worse_one_kept_out():
    random = np.random.default_rng(4)
    good, bad = answers(random, 400, 0.9), answers(random, 400, 0.7)
    up, down = compare(bad, good), compare(good, bad)
    assert (up.advice, verdicts(up)["accuracy"], verdicts(up)["log_loss"]) == (
        Advice.PROMOTE,
        Verdict.BETTER,
        Verdict.BETTER,
    )
    assert (down.advice, verdicts(down)["accuracy"], verdicts(down)["log_loss"]) == (
        Advice.KEEP,
        Verdict.WORSE,
        Verdict.WORSE,
    )


def test_one_ruined_species_speaks_against_a_model_that_is_better_elsewhere():
    random = np.random.default_rng(5)
    champion = answers(random, 800, 0.8, at={"bird-07": 1.0})
    challenger = answers(random, 800, 0.95, at={"bird-07": 0.0})
    compared = compare(champion, challenger)
    assert verdicts(compared)["accuracy"] is Verdict.BETTER
    assert compared.lost[0].species_id == "bird-07"
    assert compared.lost[0].verdict is Verdict.WORSE
    assert compared.advice is Advice.KEEP


def test_a_species_only_the_challenger_knows_speaks_for_it_where_it_names_it():
    random = np.random.default_rng(6)
    new = "bird-03"
    champion = answers(random, 400, 0.9, at={new: 0.0})
    champion = Side(champion.outputs - {new}, champion.outcomes)
    for recall, advice in ((0.9, Advice.PROMOTE), (0.0, Advice.EITHER)):
        others = {outcome.photo_id: outcome for outcome in champion.outcomes}
        learned = answers(np.random.default_rng(7), 400, 0.9, at={new: recall})
        # The same answers elsewhere, so that nothing but the new species decides.
        mixed = [each if each.species_id == new else others[each.photo_id] for each in learned.outcomes]
        compared = compare(champion, Side(learned.outputs, mixed))
        assert compared.knowledge.only_challenger == {new}
        assert (compared.shared.photos, compared.everything.photos) == (380, 400)
        assert compared.advice is advice


def test_a_model_that_forgot_a_species_is_not_recommended():
    random = np.random.default_rng(8)
    champion, challenger = answers(random, 200, 0.7), answers(random, 200, 0.95)
    compared = compare(champion, Side(challenger.outputs - {"bird-01"}, challenger.outcomes))
    assert compared.knowledge.only_champion == {"bird-01"}
    assert compared.advice is Advice.KEEP


def test_different_photos_are_not_compared():
    side = answers(np.random.default_rng(9), 40, 0.8)
    with pytest.raises(MismatchedEvaluationsError, match="different photos"):
        compare(side, Side(side.outputs, side.outcomes[1:]))
    with pytest.raises(MismatchedEvaluationsError, match="different photos"):
        compare(side, Side(side.outputs, [*side.outcomes, side.outcomes[0]]))


def test_without_a_photo_the_champion_stays():
    nothing = Side(frozenset(SPECIES), [])
    assert compare(nothing, nothing).advice is Advice.KEEP


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_changing_sides_turns_every_difference_round(seed, photos):
    random = np.random.default_rng(seed)
    first, second = answers(random, photos, 0.8), answers(random, photos, 0.6)
    there, back = compare(first, second).everything.differences, compare(second, first).everything.differences
    for name, one in there.items():
        assert (one.low, one.high) == pytest.approx((-back[name].high, -back[name].low))


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_exact_mcnemar_test_is_the_binomial_test(only_first, only_second):
    expected = binomtest(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected)
