"""A small, seeded campaign against the dataset: wrong labels stay out, honest people get in."""

import pytest

from benchmarks.poisoning import SAMPLE, Sample, run, starter
from tests.unit.sample import needs_sample


@needs_sample
@pytest.mark.parametrize("has_champion", [True, False])
def test_a_campaign_of_wrong_labels_stays_out_and_honest_photos_come_in(has_champion: bool) -> None:
    sample = Sample.read(SAMPLE, species=12)
    outcomes = run(sample, starter() if has_champion else None, seed=3, scale=0.03, honest_photos=25)
    assert len(outcomes) == 5
    if not has_champion:
        # Whoever earned trust with three photos to send is past everything but the champion; a thousand are caught.
        outcomes = [outcome for outcome in outcomes if "earned trust" not in outcome.name]
    poison = sum(outcome.poison for outcome in outcomes)
    assert sum(outcome.at_last for outcome in outcomes) <= 0.05 * poison, outcomes
    honest = sum(outcome.honest for outcome in outcomes)
    assert sum(outcome.honest_held for outcome in outcomes) <= 0.03 * honest, outcomes
    # The attack is real: without the defences most of it gets in.
    assert sum(outcome.undefended for outcome in outcomes) > 0.6 * poison, outcomes
    if has_champion:
        assert sum(outcome.honest_at_once for outcome in outcomes) > 0.5 * honest, outcomes
