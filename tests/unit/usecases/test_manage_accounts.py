"""Looking after people without ever being locked out."""

from dataclasses import dataclass, field, replace

import pytest

from avocet.domain.roles import Role
from avocet.usecases.erase_person import AccountNotFoundError, AskForErasure, LastAdminError
from avocet.usecases.manage_accounts import AccountExistsError, ManageAccounts
from avocet.usecases.people_ports import Account, AccountPage, DataRequest
from avocet.usecases.review_ports import AuditEntry
from tests.made.accounts import MemoryAccounts, account
from tests.made.memory import START


class Pool(MemoryAccounts):
    """A pool that admins may change."""

    def page(self, limit: int, after: str) -> AccountPage:
        return AccountPage(list(self.held.values())[:limit])

    def invite(self, email: str) -> Account | None:
        if any(each.email == email for each in self.held.values()):
            return None
        self.held[email] = replace(account(email), email=email, roles=frozenset(), is_invited=True)
        return self.held[email]

    def of_address(self, email: str) -> Account | None:
        return next((each for each in self.held.values() if each.email == email), None)

    def put_into(self, account: Account, role: str) -> None:
        held = self.held[account.owner_id]
        self.held[account.owner_id] = replace(held, roles=held.roles | {role})

    def take_out_of(self, account: Account, role: str) -> None:
        held = self.held[account.owner_id]
        self.held[account.owner_id] = replace(held, roles=held.roles - {role})

    def open(self, account: Account) -> None:
        self.held[account.owner_id] = replace(self.held[account.owner_id], is_enabled=True)


@dataclass
class Told:
    """Whoever is told something."""

    entries: list[AuditEntry] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    begun: dict[str, object] = field(default_factory=dict)

    def forget(self, owner_id: str) -> None:
        self.forgotten.append(owner_id)

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    def is_begun(self, entry: AuditEntry) -> bool:
        return self.begun.get(entry.subject_id) == (entry.actor_id, entry.action, entry.facts)

    def begin(self, entry: AuditEntry) -> None:
        self.note(entry)
        self.begun[entry.subject_id] = (entry.actor_id, entry.action, entry.facts)

    def end(self, subject_id: str) -> None:
        self.begun.pop(subject_id, None)

    def newest(self, limit: int) -> list[AuditEntry]:
        return self.entries[-limit:]

    def send(self, request: DataRequest, owner_id: str, *, after_s: int = 0) -> None:
        self.requests.append(owner_id)


def office(pool: Pool) -> tuple[ManageAccounts, Told]:
    told = Told()
    return ManageAccounts(
        accounts=pool,
        erasures=AskForErasure(accounts=pool, requests=told),
        notifications=told,
        trail=told,
        clock=lambda: START,
    ), told


@pytest.mark.parametrize("body", [{"role": Role.USER, "is_enabled": None}, {"role": None, "is_enabled": False}])
def test_whoever_is_no_admin_any_more_is_told_no_more(body):
    manage, told = office(Pool.of(account("root", "admin"), account("ann", "admin")))
    manage.change("root", "ann", **body)
    manage.change("root", "root", role=Role.ADMIN, is_enabled=True)
    assert told.forgotten == ["ann"]


def test_a_role_replaces_the_one_before_and_is_noted_without_an_address():
    pool = Pool.of(account("root", "admin"), account("ann"))
    manage, told = office(pool)
    assert manage.change("root", "ann", role=Role.REVIEWER, is_enabled=None).roles == {"reviewer"}
    assert [(each.action, each.subject_id, dict(each.facts)) for each in told.entries] == [
        ("role", "ann", {"role": "reviewer"})
    ]


@pytest.mark.parametrize("body", [{"role": Role.USER, "is_enabled": None}, {"role": None, "is_enabled": False}])
def test_the_last_admin_stays_and_a_disabled_one_does_not_count(body):
    pool = Pool.of(account("root", "admin"), account("gone", "admin", is_enabled=False))
    manage, told = office(pool)
    with pytest.raises(LastAdminError):
        manage.change("root", "root", **body)
    with pytest.raises(LastAdminError):
        manage.erase("root", "root")
    assert pool.held["root"] == account("root", "admin")
    assert (told.entries, told.requests) == ([], [])


def test_two_admins_who_take_each_other_s_rights_at_once_do_not_leave_nobody():
    pool = Pool.of(account("one", "admin"), account("two", "admin"))
    manage, _ = office(pool)
    take_out_of, met = pool.take_out_of, []

    def at_the_same_moment(taken: Account, role: str) -> None:
        take_out_of(taken, role)
        if not met:
            met.append(role)
            take_out_of(pool.held["one"], "admin")

    pool.take_out_of = at_the_same_moment  # type: ignore[method-assign]
    with pytest.raises(LastAdminError):
        manage.change("one", "two", role=Role.USER, is_enabled=None)
    assert pool.admins()


def test_an_erasure_shuts_the_account_and_is_asked_for_once_it_is_certain():
    pool = Pool.of(account("root", "admin"), account("ann"))
    manage, told = office(pool)
    manage.erase("root", "ann")
    assert not pool.held["ann"].is_enabled
    assert told.requests == ["ann"]
    with pytest.raises(AccountNotFoundError):
        manage.erase("root", "nobody")


def test_nobody_is_invited_twice():
    pool = Pool.of(account("root", "admin"))
    manage, _ = office(pool)
    assert manage.invite("root", "new@example.org", Role.REVIEWER).roles == {"reviewer"}
    with pytest.raises(AccountExistsError):
        manage.invite("root", "new@example.org", Role.USER)


class ProcessGoneError(BaseException):
    """The environment was ended."""


def dying(pool: Pool, at: str) -> None:
    """Let the pool do ``at`` once more and nothing after it."""
    does = getattr(pool, at)

    def die(*asked: object) -> None:
        setattr(pool, at, does)
        does(*asked)
        raise ProcessGoneError

    setattr(pool, at, die)


@pytest.mark.parametrize("step", ["invite", "put_into"])
def test_an_invitation_cut_off_half_way_is_completed_by_inviting_again_and_noted_once(step):
    pool = Pool.of(account("root", "admin"))
    manage, told = office(pool)
    dying(pool, step)
    with pytest.raises(ProcessGoneError):
        manage.invite("root", "new@example.org", Role.REVIEWER)
    assert manage.invite("root", "new@example.org", Role.REVIEWER).roles == {"reviewer"}
    assert pool.held["new@example.org"].roles == {"reviewer"}
    assert [each.action for each in told.entries] == ["invite"]


@pytest.mark.parametrize("step", ["put_into", "take_out_of"])
def test_a_role_given_half_way_is_given_whole_by_asking_again_and_noted_once(step):
    pool = Pool.of(account("root", "admin"), account("ann", "user"))
    manage, told = office(pool)
    dying(pool, step)
    with pytest.raises(ProcessGoneError):
        manage.change("root", "ann", role=Role.ADMIN, is_enabled=None)
    for _ in range(2):
        assert manage.change("root", "ann", role=Role.ADMIN, is_enabled=None).roles == {"admin"}
    assert [each.action for each in told.entries] == ["role"]


def test_an_account_shut_half_way_is_shut_whole_and_noted_once():
    pool = Pool.of(account("root", "admin"), account("ann"))
    manage, told = office(pool)
    shut, ended = pool.shut, []

    def shut_and_sign_out(shut_one: Account) -> None:
        shut(shut_one)
        ended.append(shut_one.owner_id)

    pool.shut = shut_and_sign_out  # type: ignore[method-assign]
    dying(pool, "shut")
    with pytest.raises(ProcessGoneError):
        manage.change("root", "ann", role=None, is_enabled=False)
    for _ in range(2):
        manage.change("root", "ann", role=None, is_enabled=False)
    assert ended == ["ann", "ann"], "done again after the crash, and no more after that"
    assert [each.action for each in told.entries] == ["disable"]


def test_an_erasure_asked_for_again_is_noted_once():
    pool = Pool.of(account("root", "admin"), account("ann"))
    manage, told = office(pool)
    manage.erase("root", "ann")
    manage.erase("root", "ann")
    assert [each.action for each in told.entries] == ["erase"]
