"""Getting in and out through the page."""

import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.deployed.cloud import Cloud, Person
from tests.web.visit import PHONE, Screen, Visit

Opened = Callable[..., Visit]
# The emulator takes this one for every code that a mail would have brought.
CODE = "123456"


def _new_person(cloud: Cloud) -> Person:
    return Person(cloud, f"{uuid.uuid4().hex[:12]}@example.org", f"Aa1!{uuid.uuid4().hex}")


def _fill_in_sign_up(page: Page, person: Person) -> None:
    page.fill("[name=email]", person.username)
    page.fill("[name=password]", person.password)
    page.check("[name=accept]")
    page.click("button[type=submit]")


def test_a_new_person_signs_up_and_the_terms_are_on_record(visit: Opened, screen: Screen, cloud: Cloud) -> None:
    here, person = visit(screen), _new_person(cloud)
    here.page.get_by_role("link", name="Sign in").click()
    here.page.get_by_role("link", name="Create an account").click()
    _fill_in_sign_up(here.page, person)
    expect(here.page.locator(".avatar, [name=code]")).to_be_visible()
    if here.page.locator("[name=code]").is_visible():
        here.page.fill("[name=code]", CODE)
        here.page.click("button[type=submit]")
    expect(here.page.locator(".avatar")).to_be_visible()
    key = {"owner_id": {"S": person.owner_id}}
    kept = cloud.aws("dynamodb").get_item(TableName=cloud.outputs["PeopleTableName"], Key=key)["Item"]
    assert kept["terms_version"]["S"] == "2026-11"
    assert kept["licence"]["S"] == "CC-BY-4.0"


def test_who_has_no_account_is_told_what_one_is_for_and_gets_one(visit: Opened) -> None:
    here = visit(PHONE, locale="fr-FR")
    here.go("account")
    expect(here.page.locator("main")).to_contain_text("Avec un compte, vos photos sont identifiées")
    here.page.locator("main").get_by_role("link", name="Créer un compte").click()
    expect(here.page.locator("[name=accept]")).to_be_visible()


def test_nobody_signs_up_without_accepting_the_terms(visit: Opened, cloud: Cloud) -> None:
    here, person = visit(PHONE), _new_person(cloud)
    here.go("sign-up")
    here.page.fill("[name=email]", person.username)
    here.page.fill("[name=password]", person.password)
    here.page.click("button[type=submit]")
    expect(here.page.locator("#accept-error")).to_be_visible()
    expect(here.page.locator("[name=accept]")).to_be_focused()
    here.page.get_by_role("link", name="terms of contribution").click()
    expect(here.page.locator("main")).to_contain_text("Creative Commons Attribution 4.0")


def test_a_weak_password_is_told_before_it_is_sent(visit: Opened) -> None:
    here = visit(PHONE)
    here.go("sign-up")
    here.page.fill("[name=email]", "weak@example.org")
    here.page.fill("[name=password]", "password")
    here.page.check("[name=accept]")
    here.page.click("button[type=submit]")
    expect(here.page.locator("[name=password]")).to_be_focused()
    expect(here.page.locator(".field__error")).to_contain_text("too easy to guess")


def test_a_wrong_password_is_said_in_words(visit: Opened, person: Person) -> None:
    here = visit(PHONE)
    here.go("sign-in")
    here.page.fill("[name=email]", person.username)
    here.page.fill("[name=password]", "Wrong-password-1")
    here.page.click("button[type=submit]")
    expect(here.page.get_by_role("alert")).to_have_text("The e-mail or the password is not right.")


def test_a_sign_in_lasts_over_a_reload_and_ends_with_a_sign_out(visit: Opened, cloud: Cloud) -> None:
    here = visit(PHONE)
    here.sign_in(cloud.sign_up())
    here.page.reload()
    expect(here.page.locator(".avatar")).to_be_visible()
    here.page.locator(".avatar").click()
    here.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(here.page.get_by_role("link", name="Sign in")).to_be_visible()
    here.page.reload()
    expect(here.page.get_by_role("link", name="Sign in")).to_be_visible()


def test_only_the_refresh_token_is_kept_by_the_browser(visit: Opened, person: Person) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    kept = here.page.evaluate("Object.keys({...localStorage, ...sessionStorage})")
    assert kept == ["avocet.refresh"]
    assert here.context.cookies() == []


def test_a_forgotten_password_is_replaced(visit: Opened, cloud: Cloud) -> None:
    here, person = visit(PHONE), cloud.sign_up()
    person.password = f"New1!{uuid.uuid4().hex}"
    here.go("sign-in")
    here.page.fill("[name=email]", person.username)
    here.page.get_by_role("link", name="Forgotten your password?").click()
    here.page.click("button[type=submit]")
    here.page.fill("[name=code]", CODE)
    here.page.fill("[name=password]", person.password)
    here.page.click("button[type=submit]")
    expect(here.page.locator(".sheet")).to_contain_text("Your password is changed")
    here.fill_in_sign_in(person)
    expect(here.page.locator(".avatar")).to_be_visible()


def test_signing_out_everywhere_asks_for_the_end_of_every_session(visit: Opened, cloud: Cloud) -> None:
    """The emulator goes on renewing tokens afterwards, so only what the page asks for can be looked at here."""
    here = visit(PHONE)
    here.sign_in(cloud.sign_up())
    here.page.locator(".avatar").click()
    here.page.get_by_role("button", name="Sign out on all devices").click()
    expect(here.page.locator(".sheet")).to_contain_text("signed out on all devices")
    asked = [one.headers.get("x-amz-target", "") for one in here.requests if one.method == "POST"]
    assert "AWSCognitoIdentityProviderService.GlobalSignOut" in asked
    assert here.page.evaluate("localStorage.length") == 0


def test_somebody_invited_chooses_a_password_and_accepts_the_terms_with_their_first_photo(
    visit: Opened, cloud: Cloud, photo: bytes
) -> None:
    email, temporary, own = f"{uuid.uuid4().hex[:12]}@example.org", f"Tt1!{uuid.uuid4().hex}", f"Aa1!{uuid.uuid4().hex}"
    answer = cloud.person("admin").post("/admin/users", json={"email": email, "role": "reviewer"})
    assert answer.status_code == 201, answer.text
    # The invitation's letter would have brought the temporary password.
    cloud.aws("cognito-idp").admin_set_user_password(
        UserPoolId=cloud.outputs["UserPoolId"], Username=email, Password=temporary, Permanent=False
    )
    here = visit(PHONE)
    here.go("sign-in")
    here.fill_in_sign_in(Person(cloud, email, temporary))
    here.page.fill("[name=response]", own)
    here.page.click("button[type=submit]")
    expect(here.page.locator(".avatar")).to_be_visible()
    here.choose(photo)
    here.expect_answered()
    here.page.get_by_test_id("feedback-right").click()
    asked = here.card.get_by_test_id("accept-terms")
    expect(asked.get_by_role("heading")).to_be_focused()
    expect(asked).to_contain_text("licence CC BY 4.0")
    asked.get_by_role("button", name="Accept and give this photo").click()
    here.expect_thanks("received")
