"""A pool of accounts in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from avocet.usecases.people_ports import Account


def account(owner_id: str, *roles: str, is_enabled: bool = True) -> Account:
    """An account whose address says whose it is."""
    return Account(
        owner_id=owner_id,
        username=owner_id,
        email=f"{owner_id[:8]}@example.org",
        roles=frozenset(roles or ("user",)),
        is_enabled=is_enabled,
        status="CONFIRMED",
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        attributes={"sub": owner_id},
    )


@dataclass
class MemoryAccounts:
    """The pool."""

    held: dict[str, Account] = field(default_factory=dict)

    @classmethod
    def of(cls, *accounts: Account) -> "MemoryAccounts":
        return cls({each.owner_id: each for each in accounts})

    def find(self, owner_id: str) -> Account | None:
        return self.held.get(owner_id)

    def admins(self) -> Sequence[Account]:
        return [each for each in self.held.values() if "admin" in each.roles]

    def shut(self, account: Account) -> None:
        if account.owner_id in self.held:
            self.held[account.owner_id] = replace(self.held[account.owner_id], is_enabled=False)

    def delete(self, account: Account) -> None:
        self.held.pop(account.owner_id, None)
