"""What was given up on is never lost by tending it, wherever that dies; erasures are never thrown away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from avocet.domain.dead_letters import DeadLetter, NoLetterError, NotDiscardableError, NotReplayableError
from avocet.usecases.review_ports import AuditEntry
from avocet.usecases.tend_dead_letters import TendDeadLetters
from tests.made.memory import START


class GoneError(Exception):
    """The environment died."""


def letter(letter_id: str = "a", *, addressee: str = "data-requests", about: str = "export") -> DeadLetter:
    return DeadLetter(letter_id, "serving", addressee, about, START, "failed every time it was tried")


@dataclass
class Box:
    """Letters, who got them, and the trail; dies at its ``dies_at``-th step, before or after the effect."""

    lying: dict[str, DeadLetter]
    sent: list[str] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    begun: dict[str, AuditEntry] = field(default_factory=dict)
    dies_at: int = -1
    dies_after: bool = False
    steps: int = 0

    def letters(self) -> Sequence[DeadLetter]:
        return list(self.lying.values())

    def take(self, letter_id: str) -> "Held | None":
        return Held(self, self.lying[letter_id]) if letter_id in self.lying else None

    def note(self, entry: AuditEntry) -> None:
        self.step(lambda: self.entries.append(entry))

    def is_begun(self, entry: AuditEntry) -> bool:
        return self.begun.get(entry.subject_id) == entry

    def begin(self, entry: AuditEntry) -> None:
        self.step(lambda: (self.entries.append(entry), self.begun.update({entry.subject_id: entry})))

    def end(self, subject_id: str) -> None:
        self.step(lambda: self.begun.pop(subject_id))

    def newest(self, limit: int) -> list[AuditEntry]:
        return self.entries[-limit:]

    def step(self, do: Callable[[], object]) -> None:
        is_last = self.steps == self.dies_at
        self.steps += 1
        if is_last and not self.dies_after:
            raise GoneError
        do()
        if is_last:
            raise GoneError


@dataclass
class Held:
    box: Box
    letter: DeadLetter

    def send_back(self) -> None:
        self.box.step(lambda: self.box.sent.append(self.letter.letter_id))

    def remove(self) -> None:
        self.box.step(lambda: self.box.lying.pop(self.letter.letter_id))


def tending(*letters: DeadLetter) -> tuple[TendDeadLetters, Box]:
    box = Box({each.letter_id: each for each in letters})
    return TendDeadLetters(box=box, trail=box, clock=lambda: START), box


def test_a_letter_is_sent_again_taken_out_and_put_on_record():
    tend, box = tending(letter("a"), letter("b"))
    assert tend.replay("admin", "a").about == "export"
    assert box.sent == ["a"]
    assert [each.letter_id for each in tend.list()] == ["b"]
    (entry,) = box.entries
    assert (entry.actor_id, entry.action, entry.subject_id) == ("admin", "replay", "a")


@pytest.mark.parametrize("dies_after", [False, True])
@pytest.mark.parametrize("dies_at", range(3))
def test_dying_anywhere_in_a_replay_loses_no_letter_and_leaves_it_on_record(dies_at: int, dies_after: bool):
    tend, box = tending(letter("a"))
    box.dies_at, box.dies_after = dies_at, dies_after
    with pytest.raises(GoneError):
        tend.replay("admin", "a")
    assert "a" in box.sent or "a" in box.lying
    if "a" in box.lying:
        tend.replay("admin", "a")
    assert "a" in box.sent
    assert not box.lying
    assert [entry.action for entry in box.entries][:1] == ["replay"]


@pytest.mark.parametrize("dies_after", [False, True])
@pytest.mark.parametrize("dies_at", range(3))
def test_nothing_is_thrown_away_without_a_record_and_none_is_recorded_twice(dies_at: int, dies_after: bool):
    tend, box = tending(letter("a"))
    box.dies_at, box.dies_after = dies_at, dies_after
    with pytest.raises(GoneError):
        tend.discard("admin", "a")
    assert "a" in box.lying or [entry.action for entry in box.entries] == ["discard"]
    if "a" in box.lying:
        tend.discard("admin", "a")
    assert not box.lying
    assert [entry.action for entry in box.entries] == ["discard"]


def test_the_wish_to_be_erased_is_never_thrown_away():
    tend, box = tending(letter("a", about="erase"))
    with pytest.raises(NotDiscardableError):
        tend.discard("admin", "a")
    assert box.lying
    tend.replay("admin", "a")
    assert box.sent == ["a"]


def test_what_nobody_knows_whose_it_was_is_not_sent_anywhere_but_can_be_thrown_away():
    tend, box = tending(letter("a", addressee="", about=""))
    with pytest.raises(NotReplayableError):
        tend.replay("admin", "a")
    assert not box.sent
    tend.discard("admin", "a")
    assert not box.lying


def test_a_letter_that_is_not_there_is_said_not_to_be():
    tend, _ = tending()
    for act in (tend.replay, tend.discard):
        with pytest.raises(NoLetterError):
            act("admin", "a")
