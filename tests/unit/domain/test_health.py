"""Alarms in people's words."""

import pytest

from avocet.domain.health import ALARMS, alarm_changed
from avocet.domain.notifications import NoticeKind


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_is_wrong_and_is_one_fault_however_often_it_rings(name: str) -> None:
    ringing = alarm_changed(f"avocet-prod-{name}", is_ringing=True, reason="3 datapoints")
    over = alarm_changed(f"avocet-prod-{name}", is_ringing=False, reason="")
    assert ringing.kind is over.kind is NoticeKind.HEALTH
    assert ringing.fault == f"alarm-{name}"
    assert "3 datapoints" in ringing.text.fr
    assert not over.fault
    assert ringing.subject.en in over.subject.en


def test_an_alarm_without_words_is_told_by_its_name() -> None:
    assert "alarm something-else" in alarm_changed("something-else", is_ringing=True, reason="x").subject.en
