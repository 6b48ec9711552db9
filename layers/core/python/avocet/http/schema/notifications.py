"""What an admin is told by e-mail, in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.notifications import Delivery, Language, NoticeKind


@dataclass(frozen=True, slots=True)
class NotificationsChoice:
    """What one wants to be told by e-mail."""

    kinds: tuple[NoticeKind, ...] = field(metadata={"max_length": 5, "description": "What about; none for no mail."})
    language: Language = field(metadata={"description": "Of the messages."})


@dataclass(frozen=True, slots=True)
class NotificationsView:
    """What one is told by e-mail."""

    kinds: tuple[NoticeKind, ...]
    language: Language
    email: str = field(metadata={"description": "Where it goes.", "examples": ["somebody@example.org"]})
    delivery: Delivery = field(
        metadata={
            "description": (
                "off: nothing was chosen; email: mail goes out; unconfirmed: it begins once the link in the first mail is "
                "followed; ended: it was ended by a link in a mail, or never confirmed, and begins anew with the next "
                "choice; inbox: no mail leaves this place, its inbox hears everything."
            )
        }
    )
