"""Status, the API's description, and what Cognito asks."""

import json
from datetime import UTC, datetime

import pytest

from avocet.domain.drift import DriftState
from avocet.domain.notifications import Words
from avocet.domain.service_state import LastCheck
from avocet.domain.terms import TermsNotAcceptedError
from avocet.settings import LAST_CHECK_KEY
from tests.functions.conftest import MODEL_VERSION
from tests.made.events import PAGE_ORIGIN, event


def test_status_says_whether_birds_can_be_named(cloud, function):
    status = function("status")
    assert json.loads(status(event("GET", "/status"), None)["body"])["status"] == "no-model"
    cloud.point_to(MODEL_VERSION)
    body = json.loads(status(event("GET", "/status"), None)["body"])
    assert (body["status"], body["model_version"]) == ("ready", MODEL_VERSION)
    assert body["message"] == {"en": "Birds can be named.", "fr": "Les oiseaux peuvent être identifiés."}
    assert (body["running"], body["model"]["state"]) == ([], None)


def test_status_tells_what_the_last_check_of_the_model_found(cloud, function):
    cloud.point_to(MODEL_VERSION)
    sentence = Words("As good as it was.", "Aussi bon qu'avant.")
    last = LastCheck("000000000001", datetime.now(UTC).isoformat(), MODEL_VERSION, DriftState.STEADY, sentence)
    cloud.s3.put_object(Bucket="models", Key=LAST_CHECK_KEY, Body=last.to_json())
    model = json.loads(function("status")(event("GET", "/status"), None)["body"])["model"]
    assert (model["state"], model["is_watched"], model["sentence"]["fr"]) == ("steady", True, "Aussi bon qu'avant.")


def test_the_description_is_served_to_the_page(cloud, function):
    answer = function("openapi")(event("GET", "/openapi.json"), None)
    assert answer["headers"]["Access-Control-Allow-Origin"] == PAGE_ORIGIN
    assert json.loads(answer["body"])["openapi"] == "3.1.0"


def sign_up(source: str = "PreSignUp_SignUp", **attributes: str):
    return {
        "triggerSource": source,
        "request": {"userAttributes": {"email": "a@example.org", **attributes}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }


def test_nobody_signs_up_without_the_terms(function):
    pre_sign_up = function("pre_sign_up")
    for attributes in ({}, {"custom:terms_version": ""}, {"custom:terms_version": "1999"}):
        with pytest.raises(TermsNotAcceptedError):
            pre_sign_up(sign_up(**attributes), None)
    accepted = sign_up(**{"custom:terms_version": "2026-11"})
    assert pre_sign_up(accepted, None)["response"]["autoConfirmUser"] is False


def test_an_invitation_needs_none_yet(function):
    invited = sign_up("PreSignUp_AdminCreateUser")
    assert function("pre_sign_up")(invited, None) == invited


def test_where_no_mail_arrives_a_sign_up_needs_no_code(function, monkeypatch):
    monkeypatch.setenv("AVOCET_CONFIRM_SIGN_UPS", "yes")
    response = function("pre_sign_up")(sign_up(**{"custom:terms_version": "2026-11"}), None)["response"]
    assert (response["autoConfirmUser"], response["autoVerifyEmail"]) == (True, True)


def test_a_person_without_terms_gets_a_token_but_no_record(cloud, function):
    token = {
        "triggerSource": "TokenGeneration_Authentication",
        "request": {"userAttributes": {"sub": "s"}},
        "response": {},
    }
    assert function("pre_token")(token, None) == token
    assert cloud.dynamodb.scan(TableName="people")["Items"] == []


@pytest.mark.parametrize(
    ("set_up", "needed", "groups"),
    [
        ([], "yes", ["reviewer"]),
        (["SMS_MFA"], "yes", ["reviewer"]),
        (["SOFTWARE_TOKEN_MFA"], "yes", ["admin", "reviewer"]),
        ([], "", None),
    ],
)
def test_an_admin_without_a_second_factor_gets_a_token_that_does_not_say_so(
    cloud, function, monkeypatch, set_up, needed, groups
):
    from botocore.stub import Stubber

    from avocet.adapters.aws import cognito_client

    monkeypatch.setenv("AVOCET_ADMINS_NEED_SECOND_FACTOR", needed)
    token = {
        "userPoolId": "us-east-1_pool",
        "userName": "ada",
        "request": {
            "userAttributes": {"sub": "s"},
            "groupConfiguration": {"groupsToOverride": ["admin", "reviewer"]},
        },
        "response": {},
    }
    with Stubber(cognito_client()) as pool:
        if needed:
            asked = {"UserPoolId": "us-east-1_pool", "Username": "ada"}
            pool.add_response("admin_get_user", {"Username": "ada", "UserMFASettingList": set_up}, asked)
        said = function("pre_token")(token, None)["response"].get("claimsOverrideDetails")
    assert said == (groups and {"groupOverrideDetails": {"groupsToOverride": groups}})


def test_whoever_is_no_admin_is_not_looked_up(cloud, function, monkeypatch):
    monkeypatch.setenv("AVOCET_ADMINS_NEED_SECOND_FACTOR", "yes")
    request = {"userAttributes": {"sub": "s"}, "groupConfiguration": {"groupsToOverride": ["reviewer"]}}
    token = {"userPoolId": "us-east-1_pool", "userName": "bea", "request": request, "response": {}}
    assert function("pre_token")(token, None) == token


def test_an_alarm_is_told_to_the_admins_whatever_it_looks_like(monkeypatch, function):
    from avocet.domain.notifications import Notice
    from avocet.http import learning_wiring

    told: list[Notice] = []

    occasions: list[str] = []

    class Notifier:
        def write(self, notice: Notice, occasion: str) -> list[Notice]:
            occasions.append(occasion)
            return [notice]

        def send(self, letters: list[Notice]) -> None:
            told.extend(letters)

    monkeypatch.setattr(learning_wiring, "notifier", Notifier)
    said = {"AlarmName": "avocet-dev-throttles", "NewStateValue": "ALARM", "NewStateReason": "7 > 0"}
    messages = {"m-1": json.dumps(said), "m-2": "AWS Budget Notification"}
    records = [{"Sns": {"MessageId": name, "Message": text}} for name, text in messages.items()]
    assert function("tell_alarm")({"Records": records}, None) == {"told": 2}
    assert [notice.fault for notice in told] == ["alarm-throttles", "alarm-daily-cost"]
    assert occasions == ["alarm-m-1", "alarm-m-2"], "a message that SNS sends again is known by its id"
