"""What somebody is told by e-mail, as the API takes and shows it."""

from avocet.domain.notifications import Language, NoticeKind, NotificationChoice
from avocet.http.events import Request, json_object
from avocet.http.problem import InvalidRequestError
from avocet.http.schema.notifications import NotificationsView
from avocet.usecases.choose_notifications import ChosenNotifications

_KINDS = ", ".join(NoticeKind)
_LANGUAGES = " or ".join(Language)


def notification_choice(request: Request) -> NotificationChoice:
    """Read the body of ``PUT /admin/notifications``.

    Raises:
        BadRequestError: It is not a JSON object.
        InvalidRequestError: A value is missing or malformed.
    """
    body = json_object(request.body)
    kinds, language = body.get("kinds"), body.get("language")
    if not isinstance(kinds, list) or not all(isinstance(each, str) and each in set(NoticeKind) for each in kinds):
        raise InvalidRequestError(f"kinds must be a list of some of {_KINDS}; an empty one for no mail.")
    if not isinstance(language, str) or language not in set(Language):
        raise InvalidRequestError(f"language must be {_LANGUAGES}.")
    return NotificationChoice(frozenset(NoticeKind(each) for each in kinds), Language(language))


def notifications_view(chosen: ChosenNotifications) -> NotificationsView:
    """Show a choice; its kinds in their usual order."""
    return NotificationsView(
        kinds=tuple(kind for kind in NoticeKind if kind in chosen.choice.kinds),
        language=chosen.choice.language,
        email=chosen.address,
        delivery=chosen.delivery,
    )
