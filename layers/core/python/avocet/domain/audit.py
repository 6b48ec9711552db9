"""What the audit trail calls what people decided; it refuses nothing. Whoever shows the trail has words for each of these."""

from enum import StrEnum


class AuditAction(StrEnum):
    """Something that somebody decided about others' photos, accounts or letters."""

    ACCEPT = "accept"  # reviews
    CORRECT = "correct"
    REJECT = "reject"
    SKIP = "skip"
    UNDO = "undo"
    INVITE = "invite"  # accounts
    ROLE = "role"
    ENABLE = "enable"
    DISABLE = "disable"
    ERASE = "erase"
    REPLAY = "replay"  # dead letters
    DISCARD = "discard"
