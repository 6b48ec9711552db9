"""Accounts, trust and notifications."""

from dataclasses import replace

from avocet.domain.notifications import Delivery, Language, NoticeKind
from avocet.domain.review import Action
from avocet.domain.roles import Role
from avocet.domain.trust import Standing
from avocet.http.operations.common import CURSOR, MALFORMED, limit
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.erasure import ErasureBegun
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE
from avocet.http.schema.notifications import NotificationsChoice, NotificationsView
from avocet.http.schema.users import (
    Invitation,
    TrustJudgement,
    TrustReviewer,
    TrustView,
    UserChange,
    UserList,
    UserView,
)

_NOTIFICATIONS = NotificationsView(
    (NoticeKind.DRIFT, NoticeKind.HEALTH), Language.EN, "somebody@example.org", Delivery.EMAIL
)

_USER = UserView(
    "5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
    "somebody@example.org",
    Role.REVIEWER,
    is_enabled=True,
    status="CONFIRMED",
    created_at=TIMESTAMP_EXAMPLE,
)

_TRUST = TrustView(
    user_id=_USER.user_id,
    standing=Standing.EARNING,
    right=4,
    wrong=1,
    recent_mistakes=1,
    proven_species=("mallard", "pied-avocet"),
    needed_photos=10,
    needed_species=5,
    mistakes_allowed=2,
    allowance=0,
    reviewers=(TrustReviewer("0b1d7c1e-6c2f-4d0b-8a7e-3f6b7c8d9e0f", right=4, wrong=1),),
    latest=(
        TrustJudgement(
            photo_id=PHOTO_ID_EXAMPLE,
            species_id="pied-avocet",
            was_right=False,
            action=Action.CORRECT,
            counts_as="black-winged-stilt",
            reason="new-contributor",
            reviewers=("0b1d7c1e-6c2f-4d0b-8a7e-3f6b7c8d9e0f",),
            at=TIMESTAMP_EXAMPLE,
        ),
    ),
)

_USER_ID = Parameter(
    name="id",
    where="path",
    description="The id of the account.",
    schema={"type": "string"},
    example="5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
)

_NO_ACCOUNT = "`no-account`: there is none of that id."

_LAST_ADMIN = "`last-admin`: nobody would be left; make somebody else an admin first."

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="users",
        name="list_users",
        method="get",
        path="/admin/users",
        summary="Everybody's accounts",
        description="For admins.",
        parameters=(
            replace(CURSOR, schema={"type": "string", "maxLength": 4096}),
            limit("accounts"),
        ),
        successes={200: Success(description="A page of them.", shape=UserList, example=UserList((_USER,), None))},
        problems={
            403: "`admins-only`: the caller is no admin.",
            422: "`invalid-request`: cursor or limit is not allowed.",
        },
    ),
    Operation(
        verb="users",
        name="invite_user",
        method="post",
        path="/admin/users",
        summary="Invite somebody",
        description="They get an e-mail with a password for the first visit. For admins.",
        body=(Invitation, Invitation("somebody@example.org", Role.REVIEWER)),
        successes={201: Success(description="Invited.", shape=UserView, example=_USER)},
        problems={
            400: MALFORMED,
            403: "`admins-only`: the caller is no admin.",
            409: "`account-exists`: that address has an account already.",
            422: "`invalid-request`: a value is missing or malformed.",
        },
    ),
    Operation(
        verb="users",
        name="change_user",
        method="patch",
        path="/admin/users/{id}",
        summary="Change a role, shut or open an account",
        description="A change of role holds from the next token on, within 15 minutes. For admins.",
        parameters=(_USER_ID,),
        body=(UserChange, UserChange(Role.REVIEWER, is_enabled=True)),
        successes={200: Success(description="Changed.", shape=UserView, example=_USER)},
        problems={
            400: MALFORMED,
            403: "`admins-only`: the caller is no admin.",
            404: _NO_ACCOUNT,
            409: _LAST_ADMIN,
            422: "`invalid-request`: a value is missing or malformed.",
        },
    ),
    Operation(
        verb="users",
        name="erase_user",
        method="delete",
        path="/admin/users/{id}",
        summary="Erase somebody and everything they gave",
        description="As if they had asked for it themselves; it cannot be undone. For admins.",
        parameters=(_USER_ID,),
        successes={202: Success(description="Begun.", shape=ErasureBegun, example=ErasureBegun())},
        problems={403: "`admins-only`: the caller is no admin.", 404: _NO_ACCOUNT, 409: _LAST_ADMIN},
    ),
    Operation(
        verb="users",
        name="read_trust",
        method="get",
        path="/admin/users/{id}/trust",
        summary="Where somebody stands with their labels, and why",
        description=(
            "Trust rests on what reviewers decided about the person's labels, and on nothing else: agreeing with the model "
            "lets a photo in but proves nothing. For admins."
        ),
        parameters=(_USER_ID,),
        successes={200: Success(description="Where they stand.", shape=TrustView, example=_TRUST)},
        problems={403: "`admins-only`: the caller is no admin.", 404: _NO_ACCOUNT},
    ),
    Operation(
        verb="users",
        name="read_notifications",
        method="get",
        path="/admin/notifications",
        summary="What one is told by e-mail",
        description="One's own choice. For admins.",
        successes={200: Success(description="The choice.", shape=NotificationsView, example=_NOTIFICATIONS)},
        problems={403: "`admins-only`: the caller is no admin.", 404: _NO_ACCOUNT},
    ),
    Operation(
        verb="users",
        name="choose_notifications",
        method="put",
        path="/admin/notifications",
        summary="Choose what one is told by e-mail",
        description=(
            "Mail goes to the verified address of one's account, and begins once the link in its first mail is followed. "
            "Doing it again changes nothing; whoever stops being an admin is told no more. For admins."
        ),
        body=(NotificationsChoice, NotificationsChoice((NoticeKind.DRIFT, NoticeKind.HEALTH), Language.EN)),
        successes={200: Success(description="Chosen.", shape=NotificationsView, example=_NOTIFICATIONS)},
        problems={
            400: MALFORMED,
            403: "`admins-only`: the caller is no admin.",
            404: _NO_ACCOUNT,
            409: (
                "`address-unverified`: nobody has shown yet that the address is theirs. "
                "`address-unconfirmed`: the link in the first mail has yet to be followed."
            ),
            422: "`invalid-request`: kinds or language is not allowed.",
        },
    ),
)
