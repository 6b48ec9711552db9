"""What `make load` says of memory: a leak is found wherever it is planted, warming up is not taken for one."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.load.memory import Growth, Series

EMULATOR, MB, EVERY_S, ROUND_S, ROUNDS = 1, 1_000_000, 5.0, 75.0, 4
Held = Callable[[float], float]
"""MB of a process by the moment in seconds."""


def series_of(processes: dict[str, list[Held]], *, rounds: int = ROUNDS) -> Series:
    """Rounds of 75 s, looked at every 5 s."""
    series, pid = Series(), EMULATOR
    held: dict[int, Held] = {}
    for name, functions in processes.items():
        for each in functions:
            pid += 1
            series.names[pid], held[pid] = name, each
    for look in range(int(rounds * ROUND_S / EVERY_S) + 1):
        at_s = look * EVERY_S
        sizes = {pid: int(size * MB) for pid, each in held.items() if (size := each(at_s))}
        series.samples.append((at_s, 400 * MB, sizes))
    series.round_ends_s = [ROUND_S * (number + 1) for number in range(rounds)]
    return series


def leaks(series: Series) -> list[str]:
    return [growth.function for growth in series.growths() if growth.is_leak]


def of(series: Series, function: str) -> Growth:
    return next(each for each in series.growths() if each.function == function)


def steady(at_s: float) -> float:
    """A request holds now more, now less; nothing stays."""
    return 180 + 0.5 * math.sin(at_s)


def filling(at_s: float) -> float:
    """Caches fill ever more slowly."""
    return 180 - 60 * math.exp(-at_s / 40)


def stepping(at_step_s: float) -> Held:
    """Something large is needed for the first time."""
    return lambda at_s: 150 if at_s < at_step_s else 190


def leaking(mb_min: float) -> Held:
    return lambda at_s: 180 + mb_min * at_s / 60


def per_round(mb: float) -> Held:
    """Each promotion leaves something behind, and nothing in between."""
    return lambda at_s: 180 + mb * int((at_s + ROUND_S / 2) / ROUND_S)


@pytest.mark.parametrize(
    "processes",
    [
        [steady] * 10,
        [filling] * 10,
        [stepping(at_s) for at_s in range(10, 300, 30)],
        # Far more than is allowed, once for each of ten processes, all in the same round.
        [stepping(180)] * 10,
        [leaking(0.15)] * 10,
    ],
    ids=["steady", "caches fill", "first times at any moment", "first times at once", "less than is allowed"],
)
def test_warming_up_is_no_leak(processes: list[Held]) -> None:
    assert leaks(series_of({"Predict": processes})) == []


@pytest.mark.parametrize(
    "processes",
    [
        [leaking(2.5)] * 10,
        [per_round(3)] * 10,
        [steady] * 9 + [leaking(25)],
        [lambda at_s: filling(at_s) + 2.5 * at_s / 60] * 10,
        [lambda at_s: steady(at_s) + 2.5 * at_s / 60] * 10,
        [leaking(2.5)] * 9 + [stepping(100)],
    ],
    ids=["with every request", "with every promotion", "in one process", "behind warming up", "noisy", "beside a step"],
)
def test_a_leak_is_found(processes: list[Held]) -> None:
    assert leaks(series_of({"Predict": processes, "Feedback": [steady] * 10})) == ["Predict"]


def test_a_leak_in_a_small_function_is_not_lost_among_large_ones() -> None:
    small = {"Models": [lambda at_s: 40 + 2 * at_s / 60]}
    series = series_of({"Predict": [steady] * 40, **small})
    assert leaks(series) == ["Models"]
    assert of(series, "Models").lasting_mb_min == pytest.approx(2)


def test_a_process_counts_from_its_second_round_on() -> None:
    def late(at_s: float) -> float:
        return 0 if at_s < 100 else min(150, 50 + (at_s - 100))

    growth = of(series_of({"RefreshClean": [late]}), "RefreshClean")
    assert growth.rounds_mb_min == ((0,),)
    assert growth.lasting_mb_min is None
    assert not growth.is_leak


def test_who_has_seen_two_rounds_cannot_tell() -> None:
    series = series_of({"Predict": [leaking(50)]}, rounds=2)
    assert not series.can_tell()
    assert leaks(series) == []
    assert series_of({"Predict": [leaking(50)]}, rounds=3).can_tell()


WORKS = """
import sys
kept, largest = [], b""
for line in sys.stdin:
    if not largest:
        largest = b"x" * 30_000_000
    took = b"x" * 2_000_000
    if sys.argv[1] == "leaks":
        kept.append(took)
    print("done", flush=True)
"""


@contextmanager
def processes(*kinds: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """A group of them that the first leads, named as functions of an embedded cloud are."""
    made: list[subprocess.Popen[str]] = []
    try:
        for kind in kinds:
            name = f"avocet-local-serving-{kind.capitalize()}Function0123ABCD-1"
            made.append(
                subprocess.Popen(
                    [sys.executable, "-c", WORKS, kind],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    process_group=made[0].pid if made else 0,
                    env={**os.environ, "AWS_LAMBDA_FUNCTION_NAME": name},
                )
            )
        yield made
    finally:
        for each in made:
            each.communicate()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="without /proc there is nothing to look at")
def test_a_process_that_keeps_what_it_was_given_is_told_from_one_that_does_not() -> None:
    now_s = 0.0
    series = Series(clock_s=lambda: now_s)
    with processes("leads", "leaks", "holds") as (leader, *workers):
        for _round in range(ROUNDS):
            for _look in range(3):
                for worker in workers:
                    assert worker.stdin
                    assert worker.stdout
                    worker.stdin.write("\n")
                    worker.stdin.flush()
                    assert worker.stdout.readline() == "done\n"
                now_s += 20
                series.take(leader.pid)
            series.end_round()
    assert leaks(series) == ["Leaks"]
    assert of(series, "Leaks").lasting_mb_min == pytest.approx(6, abs=1.5)
    assert of(series, "Holds").lasting_mb_min == pytest.approx(0, abs=0.9)
