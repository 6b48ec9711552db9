"""Manage people's accounts: invite, give a role, shut and open; it never leaves the service without an admin.

Each change is noted before its first step, and known to be open until its last: whoever asks again after a crash has it
completed, and it is noted once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from avocet.domain.audit import AuditAction
from avocet.domain.errors import AvocetError
from avocet.domain.roles import Role, role_of
from avocet.usecases.erase_person import AccountNotFoundError, AskForErasure, LastAdminError, require_another_admin
from avocet.usecases.people_ports import Account, AccountPage, ManagedAccounts, Trails
from avocet.usecases.ports import Clock
from avocet.usecases.review_ports import AuditEntry, TrailAhead


class AccountExistsError(AvocetError):
    """The address has an account already."""

    code: ClassVar[str] = "account-exists"
    title: ClassVar[str] = "There is such an account already"


@dataclass(frozen=True, kw_only=True)
class ManageAccounts:
    """What admins do with accounts; each change is noted in the audit trail, by id and never by address."""

    accounts: ManagedAccounts
    erasures: AskForErasure
    notifications: Trails
    trail: TrailAhead
    clock: Clock

    def page(self, limit: int, after: str) -> AccountPage:
        """Return some accounts.

        Raises:
            ValueError: The mark is none of ours.
        """
        return self.accounts.page(limit, after)

    def invite(self, actor_id: str, email: str, role: Role) -> Account:
        """Invite somebody; an invitation that a crash left half made is completed.

        Raises:
            AccountExistsError: The address has an account already.
        """
        account = self.accounts.invite(email)
        is_made = account is not None
        account = account or self.accounts.of_address(email)
        # No role and never a sign-in: somebody died right after the account was made.
        is_half_made = account is not None and account.is_invited and not account.roles
        if account is None or not self._does(
            self._entry(actor_id, AuditAction.INVITE, account.owner_id, role=role),
            partial(self.accounts.put_into, account, role),
            is_due=is_made or is_half_made,
        ):
            raise AccountExistsError("Change that account instead; GET /admin/users lists it.")
        return replace(account, roles=frozenset({role}))

    def change(self, actor_id: str, owner_id: str, *, role: Role | None, is_enabled: bool | None) -> Account:
        """Give a role, shut or open an account; what is None stays.

        Raises:
            AccountNotFoundError: There is none of that id.
            LastAdminError: Nobody would be left to look after the others.
        """
        account = self._found(owner_id)
        loses_admin = (role is not None and role is not Role.ADMIN) or is_enabled is False
        if loses_admin:
            require_another_admin(self.accounts, account)
            # First: a crash in between leaves an admin who hears nothing, never somebody else who does.
            self.notifications.forget(owner_id)
        if role is not None:
            self._does(
                self._entry(actor_id, AuditAction.ROLE, owner_id, role=role),
                partial(self._give, account, role),
                is_due=role is not role_of(account.roles),
            )
        if is_enabled is not None:
            self._does(
                self._entry(actor_id, AuditAction.ENABLE if is_enabled else AuditAction.DISABLE, owner_id),
                partial(self.accounts.open if is_enabled else self.accounts.shut, account),
                is_due=is_enabled is not account.is_enabled,
            )
        if loses_admin and Role.ADMIN in account.roles and not self._has_admin():
            # Two admins took each other's rights at the same moment: each gives back what they took.
            self.accounts.put_into(account, Role.ADMIN)
            self.accounts.open(account)
            raise LastAdminError("The other admin went at the same moment; make somebody else an admin first.")
        return self._found(owner_id)

    def erase(self, actor_id: str, owner_id: str) -> None:
        """Have somebody erased, with everything they gave.

        Raises:
            AccountNotFoundError: There is none of that id.
            LastAdminError: Nobody would be left to look after the others.
        """
        entry = self._entry(actor_id, AuditAction.ERASE, owner_id)

        def note() -> None:
            # It never ends: an erasure cannot be taken back, and asking again for it is no second one.
            if not self.trail.is_begun(entry):
                self.trail.begin(entry)

        self.erasures(owner_id, first=note)

    def _give(self, account: Account, role: Role) -> None:
        # The new one first: a crash in between leaves somebody with two roles, never with none.
        self.accounts.put_into(account, role)
        for other in account.roles - {role}:
            self.accounts.take_out_of(account, other)

    def _has_admin(self) -> bool:
        return any(each.is_enabled for each in self.accounts.admins())

    def _found(self, owner_id: str) -> Account:
        account = self.accounts.find(owner_id)
        if account is None:
            raise AccountNotFoundError("Check the id; GET /admin/users lists them all.")
        return account

    def _does(self, entry: AuditEntry, act: Callable[[], None], *, is_due: bool) -> bool:
        """Note something and do it, if it is due or was begun before; return whether it was."""
        is_begun = self.trail.is_begun(entry)
        if not is_due and not is_begun:
            return False
        if not is_begun:
            self.trail.begin(entry)
        act()
        self.trail.end(entry.subject_id)
        return True

    def _entry(self, actor_id: str, action: AuditAction, owner_id: str, **facts: str) -> AuditEntry:
        return AuditEntry(self.clock(), actor_id, action, owner_id, facts)
