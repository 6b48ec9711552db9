"""Runs the campaigns: one fault at one call, the request repeated as a client or a queue would, then the count of harm."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from moto.core.model_instances import model_data

from tests.faults.campaigns import CAMPAIGNS, MODULES, SLOW
from tests.faults.clouds import Campaigns, Cloud, Trial, cloud
from tests.faults.injection import Fault, ProcessGoneError, Seam, armed

# How far the clock of the environment that tries again is off; leases and uploads must bear that.
_CLOCKS = (timedelta(), timedelta(minutes=10), timedelta(minutes=-10))
_TRIES = 3
_INTERNALS = ("Traceback", "botocore", "ClientError", "ThrottlingException", "a fault of the cloud", "slow down")


@dataclass(frozen=True, order=True)
class Attempt:
    """One fault to try."""

    verb: str
    situation: str
    call: int
    fault: str
    clock_off_s: float

    def __str__(self) -> str:
        clock = f", clock off by {self.clock_off_s:+.0f} s" if self.clock_off_s else ""
        return f"{self.verb} ({self.situation}): {self.fault} at call {self.call}{clock}"


@dataclass
class Tally:
    """What a function's campaign came to."""

    tried: int = 0
    survived: int = 0
    lost: int = 0
    doubled: int = 0
    unreached: int = 0
    complaints: list[str] = field(default_factory=list)


def attempts(here: Cloud, campaigns: Campaigns) -> Iterator[Attempt]:
    """Every fault there is to try: each call of an undisturbed run, each fault, and after a death each clock."""
    for verb, situations in campaigns.items():
        for situation, prepare in situations.items():
            trial = prepare(here)
            here.start_cold()
            with armed(Seam()) as seam:
                trial.ask()
            for call in range(len(seam.calls)):
                for fault in Fault:
                    for clock in _CLOCKS if fault is Fault.DIED_AFTER else _CLOCKS[:1]:
                        yield Attempt(verb, situation, call, fault.value, clock.total_seconds())


def run(
    *,
    sample: int | None = None,
    seed: int = 0,
    only: str = "",
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Tally]:
    """Try every fault, or for each function a seeded ``sample`` of that many; return what each function came to."""
    tallies: dict[str, Tally] = {}
    for module in MODULES:
        campaigns = {verb: situations for verb, situations in module.items() if only in ("", verb)}
        if not campaigns:
            continue
        with cloud() as here:
            chosen = _chosen(sorted(attempts(here, campaigns)), sample, seed)
            for number, attempt in enumerate(chosen):
                progress(number, len(chosen))
                _try(here, attempt, tallies.setdefault(attempt.verb, Tally()))
    return tallies


def _chosen(all_of_them: Sequence[Attempt], sample: int | None, seed: int) -> Sequence[Attempt]:
    if sample is None:
        return all_of_them
    draw = random.Random(seed)
    chosen: list[Attempt] = []
    for verb in sorted({each.verb for each in all_of_them}):
        own = [each for each in all_of_them if each.verb == verb]
        chosen += draw.sample(own, min(-(-sample // 2) if verb in SLOW else sample, len(own)))
    return chosen


def _forget_copies() -> None:
    """Let go of what moto lists because it once made it: copies of whole tables, gigabytes after some hundred trials.

    The photos' list stays: by it moto closes them in the end.
    """
    for service, models in model_data.items():
        if service != "s3":
            for model in models.values():
                vars(model)["instances_tracked"].clear()


def _try(here: Cloud, attempt: Attempt, tally: Tally) -> None:
    _forget_copies()
    trial = CAMPAIGNS[attempt.verb][attempt.situation](here)
    here.start_cold()
    with armed(Seam(attempt.call, Fault(attempt.fault))) as seam:
        complaints = _asked(trial)
    if len(seam.calls) <= attempt.call:
        # Something that is kept for longer than a function lives made the call needless: nothing was tried.
        tally.unreached += 1
        if not _is_done(trial):
            tally.complaints.append(f"{attempt}: fails where nothing went wrong")
        return
    here.off_by = timedelta(seconds=attempt.clock_off_s)
    try:
        if not any(_is_done(trial) for _ in range(_TRIES)):
            complaints.append("asking again does not help")
        # Once more: what is done and comes a second time changes nothing.
        if not _is_done(trial):
            complaints.append("what was done is refused when it comes again")
    finally:
        here.off_by = timedelta()
    harm = trial.harm()
    if harm.lost or harm.doubled:
        complaints.append(f"{harm.lost} lost, {harm.doubled} doubled")
    tally.tried += 1
    tally.survived += not complaints
    tally.lost += harm.lost
    tally.doubled += harm.doubled
    tally.complaints += [f"{attempt}: {complaint}" for complaint in complaints]


def _asked(trial: Trial) -> list[str]:
    """Ask under the fault; what is answered must be an answer, or a problem that tells nothing of the inside."""
    try:
        answer = trial.ask()
    except (ProcessGoneError, Exception):  # noqa: BLE001 - a function of a queue or a schedule fails by raising
        return []
    if answer["statusCode"] < 400:
        return []
    problem = json.loads(answer["body"])
    told = [word for word in _INTERNALS if word in answer["body"]]
    complaints = [f"the answer tells of {word!r}" for word in told]
    if problem.get("status") != answer["statusCode"]:
        complaints.append("the answer is no problem document")
    return complaints


def _is_done(trial: Trial) -> bool:
    return bool(trial.ask()["statusCode"] < 300)
