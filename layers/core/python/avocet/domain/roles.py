"""What people may be; whoever has no role of another kind is a user."""

from collections.abc import Collection
from enum import StrEnum


class Role(StrEnum):
    """A role; each may do what the ones before it may."""

    USER = "user"
    REVIEWER = "reviewer"
    ADMIN = "admin"


def groups_in_token(groups: Collection[str], *, has_second_factor: bool) -> list[str]:
    """Return the groups that a token may name: an admin without a second factor is none yet."""
    return sorted(group for group in groups if group != Role.ADMIN or has_second_factor)


def role_of(groups: Collection[str]) -> Role:
    """Return the role that gives the most rights."""
    for role in (Role.ADMIN, Role.REVIEWER):
        if role in groups:
            return role
    return Role.USER
