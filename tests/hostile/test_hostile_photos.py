"""Whatever arrives: a picture or a ``PhotoError``, in at most 512 MB and 5 s, and the process lives on.

A seeded sample by default; with AVOCET_FULL=1 the whole campaign.
"""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from avocet.domain import imaging
from tests.hostile import generate, measuring

FULL = os.environ.get("AVOCET_FULL") == "1"
SEED = int(os.environ.get("AVOCET_SEED", "20261123"))


def assert_kept(findings: measuring.Findings, at_least: int) -> None:
    assert findings.broken == []
    assert sum(findings.outcomes.values()) >= 2 * at_least
    assert findings.outcomes["decoded"] > 0
    assert findings.outcomes["unreadable-photo"] > 0


@pytest.mark.timeout(900)
def test_every_bomb_lie_and_polyglot_is_answered_within_bounds() -> None:
    assert_kept(measuring.run(generate.built_cases()), at_least=500)


@pytest.mark.timeout(900)
def test_photos_cut_off_anywhere_are_answered() -> None:
    assert_kept(measuring.run(generate.truncations(60 if FULL else 4)), at_least=100)


@pytest.mark.timeout(3600)
def test_mutated_photos_are_answered() -> None:
    count = 20_000 if FULL else 400
    assert_kept(measuring.run(generate.mutations(SEED, count)), at_least=count)


def test_the_campaign_notices_a_photo_that_should_have_been_taken() -> None:
    findings = measuring.run([generate.Case("garbage", b"\xff\xd8\xff garbage", sound=True)])
    assert len(findings.broken) == 2


def test_the_campaign_notices_a_process_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "WORKER", ["-c", "import os; os.read(0, 8); os.abort()"])
    findings = measuring.run([generate.Case("deadly", b"x")])
    assert findings.broken == ["deadly: the process ended with code -6"]


def test_the_campaign_notices_time_and_memory() -> None:
    findings = measuring.Findings()
    result = {"outcome": "decoded", "cause": "", "cpu_s": 5.1, "peak_bytes": 600 * 1024 * 1024}
    measuring.judge(findings, generate.Case("greedy", b""), "model", result)
    assert len(findings.broken) == 2


def test_the_same_seed_makes_the_same_files() -> None:
    assert list(generate.mutations(3, 20)) == list(generate.mutations(3, 20))
    assert list(generate.mutations(3, 20)) != list(generate.mutations(4, 20))


@settings(max_examples=3_000 if FULL else 150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(generate.sound_photos())),
    changes=st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=8)), max_size=12),
    keep_bytes=st.integers(0, 60_000),
)
@example(name="rgb.png", changes=[], keep_bytes=60_000)
def test_model_and_store_agree_on_what_is_a_photo(name: str, changes: list[tuple[int, bytes]], keep_bytes: int) -> None:
    """What was predicted on can be kept, and what is refused once is refused again."""
    data = bytearray(generate.sound_photos()[name])
    for at, run in changes:
        place = at % len(data)
        data[place : place + len(run)] = run
    data = data[: max(keep_bytes, 12)]
    answers = []
    for use in (imaging.to_model_input, imaging.to_stored_photo):
        try:
            use(bytes(data))
            answers.append("taken")
        except imaging.PhotoError as error:
            answers.append(error.code)
    assert answers[0] == answers[1]
