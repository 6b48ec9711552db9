"""Getting in: nobody without an account, and no account without the terms."""

import pytest

from tests.deployed.cloud import TERMS, Cloud, Person, SignInRefusedError, succeeded


def test_a_new_person_gets_in_and_the_terms_are_on_record(cloud: Cloud) -> None:
    person = cloud.sign_up()
    key = {"owner_id": {"S": person.owner_id}}
    kept = cloud.aws("dynamodb").get_item(TableName=cloud.outputs["PeopleTableName"], Key=key)["Item"]
    assert kept["terms_version"]["S"] == TERMS["custom:terms_version"]
    assert kept["licence"]["S"] == TERMS["custom:licence"]
    assert kept["accepted_at"]["S"]


def test_nobody_signs_up_without_the_terms(cloud: Cloud) -> None:
    with pytest.raises(SignInRefusedError) as refused:
        cloud.sign_up(**{"custom:terms_version": ""})
    assert refused.value.kind == "UserLambdaValidationException"


def test_nobody_signs_up_to_terms_that_were_never_offered(cloud: Cloud) -> None:
    with pytest.raises(SignInRefusedError):
        cloud.sign_up(**{"custom:terms_version": "1999-01"})


def test_a_weak_password_is_refused(cloud: Cloud) -> None:
    with pytest.raises(SignInRefusedError) as refused:
        cloud.ask_cognito("SignUp", Username="weak@example.org", Password="password")
    assert refused.value.kind in {"InvalidPasswordException", "InvalidParameterException"}


def test_a_wrong_password_and_an_unknown_name_look_the_same(cloud: Cloud, owner: Person) -> None:
    refusals = []
    for username in (owner.username, "nobody@example.org"):
        with pytest.raises(SignInRefusedError) as refused:
            cloud.sign_in(username, "Wrong-password-1")
        refusals.append((refused.value.kind, refused.value.message))
    assert refusals[0] == refusals[1]


def test_nobody_makes_themselves_an_administrator(cloud: Cloud, owner: Person) -> None:
    assert "admin" not in str(cloud.claims(owner.id_token).get("cognito:groups", ""))


def test_the_demo_accounts_have_their_roles(cloud: Cloud) -> None:
    assert "admin" in cloud.claims(cloud.person("admin").id_token)["cognito:groups"]
    assert "admin" not in cloud.claims(cloud.person("user").id_token).get("cognito:groups", [])


def test_a_renewed_token_opens_the_same_doors(cloud: Cloud, owner: Person, photo: bytes) -> None:
    answer = cloud.ask_cognito(
        "InitiateAuth",
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": owner.tokens["RefreshToken"]},
    )
    token = answer["AuthenticationResult"]["IdToken"]
    prediction_id = owner.predict(photo)["prediction_id"]
    succeeded(cloud.request("GET", f"/predictions/{prediction_id}", token=token))
