"""Accounts, and how far their labels are trusted, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.review import Action
from avocet.domain.roles import Role
from avocet.domain.trust import Standing
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class UserView:
    """Somebody's account."""

    user_id: str = field(metadata={"examples": ["5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f"]})
    email: str = field(metadata={"examples": ["somebody@example.org"]})
    role: Role
    is_enabled: bool = field(metadata={"description": "Whether they may sign in."})
    status: str = field(metadata={"description": "In the pool's own words.", "examples": ["CONFIRMED"]})
    created_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})


@dataclass(frozen=True, slots=True)
class UserList:
    """A page of accounts."""

    items: tuple[UserView, ...]
    next: str | None = field(metadata={"description": "Send it as `cursor` for the next page; null on the last."})


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody to invite; they are told by e-mail."""

    email: str = field(metadata={"max_length": 254, "examples": ["somebody@example.org"]})
    role: Role | None = field(default=None, metadata={"description": "user unless said otherwise."})


@dataclass(frozen=True, slots=True)
class UserChange:
    """What to change; what is left out stays."""

    role: Role | None = None
    is_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class TrustReviewer:
    """A reviewer, and how many of the person's labels they had a say in."""

    reviewer_id: str
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class TrustJudgement:
    """What a review said of one label."""

    photo_id: str = field(metadata={"examples": [PHOTO_ID_EXAMPLE]})
    species_id: str = field(metadata={"description": "What the person had said."})
    was_right: bool
    action: Action | None = field(metadata={"description": "What was decided; null when it is not known any more."})
    counts_as: str | None = field(
        metadata={"description": "What the photo counts as; null when it was rejected, or is not known any more."}
    )
    reason: str | None = field(metadata={"description": "Why the photo was in review."})
    reviewers: tuple[str, ...] = field(metadata={"description": "Whose words led to it."})
    at: str | None = field(
        metadata={
            "description": "When; null when the audit trail's newest entries do not say.",
            "examples": [TIMESTAMP_EXAMPLE],
        }
    )


@dataclass(frozen=True, slots=True)
class TrustView:
    """Where a person stands with their labels; only reviewers' decisions about others' labels count."""

    user_id: str
    standing: Standing
    right: int = field(metadata={"description": "Labels that a reviewer found right, of the newest 200 judged."})
    wrong: int
    recent_mistakes: int = field(metadata={"description": "Wrong ones among the latest 20."})
    proven_species: tuple[str, ...] = field(metadata={"description": "Species that they named rightly."})
    needed_photos: int = field(metadata={"description": "So many right labels earn trust,"})
    needed_species: int = field(metadata={"description": "of so many species,"})
    mistakes_allowed: int = field(metadata={"description": "with no more mistakes than that among the latest 20."})
    allowance: int = field(metadata={"description": "Photos of one refresh that enter without a second opinion."})
    reviewers: tuple[TrustReviewer, ...]
    latest: tuple[TrustJudgement, ...] = field(metadata={"description": "The newest first; at most 20."})
