"""What the functions around people and their data share, made once per process on first use; nothing here needs numpy."""

from functools import cache

from avocet.adapters import system
from avocet.adapters.accounts_cognito import CognitoAccounts
from avocet.adapters.aws import cognito_client, dynamodb_client, s3_client, sns_client, sqs_client
from avocet.adapters.data_requests import DataRequestQueue
from avocet.adapters.exports_s3 import S3Exports
from avocet.adapters.links import S3Links
from avocet.adapters.mailing_list import TopicSubscriptions
from avocet.adapters.notification_choices import DynamoNotificationChoices
from avocet.adapters.objects import S3Objects
from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.domain.jobs import JobKind
from avocet.domain.jobs import Request as JobRequest
from avocet.http import learning_wiring
from avocet.http.wiring import people, records, settings, trust_book
from avocet.usecases.accept_terms import AcceptTerms
from avocet.usecases.accept_terms_later import AcceptTermsLater
from avocet.usecases.choose_notifications import ChooseNotifications, StopNotifications
from avocet.usecases.doubt_labels import DoubtLabels
from avocet.usecases.erase_person import AskForErasure, ErasePerson
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.export_own_data import AskForExport, MakeExport
from avocet.usecases.list_contributions import ListContributions
from avocet.usecases.withdraw_contribution import WithdrawContribution

_BY_ITSELF = "system"


@cache
def accounts() -> CognitoAccounts:
    """Return the pool of accounts."""
    settings().require("user_pool_id")
    return CognitoAccounts(cognito_client(), settings().user_pool_id)


@cache
def exports() -> S3Exports:
    """Return where exports lie."""
    settings().require("uploads_bucket")
    return S3Exports(s3_client(), settings().uploads_bucket)


@cache
def notification_choices() -> DynamoNotificationChoices:
    """Return what people chose to be told."""
    settings().require("notices_table")
    return DynamoNotificationChoices(dynamodb_client(), settings().notices_table)


@cache
def mailing_list() -> TopicSubscriptions:
    """Return the addresses that the admins' letters go to."""
    settings().require("admin_topic")
    return TopicSubscriptions(sns_client(), settings().admin_topic)


@cache
def choose_notifications() -> ChooseNotifications:
    """Return how somebody chooses what they are told."""
    return ChooseNotifications(
        accounts=accounts(),
        choices=notification_choices(),
        mailing_list=mailing_list(),
        has_inbox_only=settings().has_inbox_only == "yes",
    )


@cache
def stop_notifications() -> StopNotifications:
    """Return how that ends."""
    return StopNotifications(choices=notification_choices(), mailing_list=mailing_list())


@cache
def requests() -> DataRequestQueue:
    """Return the way to whoever fulfils requests."""
    settings().require("data_requests_queue")
    return DataRequestQueue(sqs_client(), settings().data_requests_queue)


@cache
def original_objects() -> S3Objects:
    """Return the bucket of photos as they came."""
    settings().require("uploads_bucket")
    return S3Objects(s3_client(), settings().uploads_bucket)


@cache
def export_links() -> S3Links:
    """Return what makes links to exports."""
    settings().require("uploads_bucket")
    return S3Links(s3_client(), settings().uploads_bucket)


@cache
def photo_links() -> S3Links:
    """Return what makes links to contributed photos."""
    settings().require("raw_bucket")
    return S3Links(s3_client(), settings().raw_bucket)


@cache
def list_contributions() -> ListContributions:
    """Return the list of one's own contributions."""
    return ListContributions(
        own_photos=records(),
        photos=learning_wiring.dataset_photos(),
        standings=learning_wiring.standings(),
        heads=learning_wiring.heads(),
        links=photo_links(),
    )


@cache
def withdraw_contribution() -> WithdrawContribution:
    """Return the way to take a contribution back."""
    return WithdrawContribution(
        records=records(),
        photos=learning_wiring.dataset_photos(),
        raw_objects=learning_wiring.raw_objects(),
        original_objects=original_objects(),
        erase=ErasePhotos(clean_objects=learning_wiring.clean_objects()),
        ask_for_refresh=_ask_for_refresh,
        clock=system.now,
    )


@cache
def ask_for_export() -> AskForExport:
    """Return who takes the wish for an export."""
    return AskForExport(exports=exports(), requests=requests(), clock=system.now)


@cache
def make_export() -> MakeExport:
    """Return who makes it."""
    return MakeExport(
        own_photos=records(),
        photos=learning_wiring.dataset_photos(),
        people=people(),
        accounts=accounts(),
        trust=trust_book(),
        notifications=notification_choices(),
        raw_objects=learning_wiring.raw_objects(),
        exports=exports(),
    )


@cache
def accept_terms_later() -> AcceptTermsLater:
    """Return who takes an acceptance of terms after the sign-up."""
    return AcceptTermsLater(people=people(), accounts=accounts(), accept=AcceptTerms(people=people(), clock=system.now))


@cache
def ask_for_erasure() -> AskForErasure:
    """Return who takes the wish to be forgotten."""
    return AskForErasure(accounts=accounts(), requests=requests())


@cache
def doubt_labels() -> DoubtLabels:
    """Return who has a person's unreviewed labels looked at again."""
    return DoubtLabels(own_photos=records(), records=records())


@cache
def erase_person() -> ErasePerson:
    """Return who carries it out."""
    return ErasePerson(
        own_photos=records(),
        records=records(),
        forget_record=records().delete,
        forget_shadow=DynamoShadowBook(dynamodb_client(), settings().photos_table).forget,
        raw_objects=learning_wiring.raw_objects(),
        original_objects=original_objects(),
        erase=ErasePhotos(clean_objects=learning_wiring.clean_objects()),
        marks=learning_wiring.clean_objects(),
        ask_for_refresh=_ask_for_refresh,
        exports=exports(),
        trails=(people(), trust_book(), stop_notifications()),
        accounts=accounts(),
        requests=requests(),
    )


def _ask_for_refresh() -> None:
    learning_wiring.jobs().request(JobRequest(JobKind.REFRESH, _BY_ITSELF))
