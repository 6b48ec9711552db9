"""Status, the API's description, and what Cognito asks."""

import json

import pytest

from avocet.domain.terms import TermsNotAcceptedError
from tests.functions.conftest import MODEL_VERSION
from tests.made.events import PAGE_ORIGIN, event


def test_status_says_whether_birds_can_be_named(cloud, function):
    status = function("status")
    assert json.loads(status(event("GET", "/status"), None)["body"])["status"] == "no-model"
    cloud.point_to(MODEL_VERSION)
    body = json.loads(status(event("GET", "/status"), None)["body"])
    assert (body["status"], body["model_version"]) == ("ready", MODEL_VERSION)


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
