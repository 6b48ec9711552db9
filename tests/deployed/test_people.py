"""Admins and the people they look after, on the deployed stack."""

import uuid

import pytest

from tests.deployed.cloud import Cloud, Person, SignInRefusedError, problem, succeeded
from tests.deployed.waiting import until


def change(cloud: Cloud, admin: Person, user_id: str, **body: object) -> dict[str, object]:
    return succeeded(cloud.request("PATCH", f"/admin/users/{user_id}", token=admin.id_token, json=body))


def test_somebody_becomes_a_reviewer_is_shut_out_comes_back_and_is_erased(cloud: Cloud, admin: Person) -> None:
    person = cloud.sign_up()
    user_id = cloud.claims(person.id_token)["sub"]
    assert person.get("/admin/review").status_code == 403
    assert change(cloud, admin, user_id, role="reviewer")["role"] == "reviewer"
    again = Person(cloud, person.username, person.password)
    succeeded(again.get("/admin/review"))
    assert again.get("/admin/users").status_code == 403

    assert change(cloud, admin, user_id, is_enabled=False)["is_enabled"] is False
    with pytest.raises(SignInRefusedError):
        cloud.sign_in(person.username, person.password)
    assert change(cloud, admin, user_id, is_enabled=True, role="user")["role"] == "user"
    assert cloud.sign_in(person.username, person.password)

    noted = [each["action"] for each in succeeded(admin.get("/admin/audit"))["items"] if each["subject_id"] == user_id]
    assert sorted(noted) == ["disable", "enable", "role", "role"]
    succeeded(cloud.request("DELETE", f"/admin/users/{user_id}", token=admin.id_token), 202)

    def gone() -> bool:
        everybody = succeeded(admin.get("/admin/users", params={"limit": 100}))["items"]
        return all(each["user_id"] != user_id for each in everybody)

    until(gone, within_s=300)


def test_the_last_admin_cannot_lock_everybody_out(cloud: Cloud, admin: Person) -> None:
    own_id = cloud.claims(admin.id_token)["sub"]
    for body in ({"role": "user"}, {"is_enabled": False}):
        answer = cloud.request("PATCH", f"/admin/users/{own_id}", token=admin.id_token, json=body)
        problem(answer, 409, "last-admin")
    problem(cloud.request("DELETE", f"/admin/users/{own_id}", token=admin.id_token), 409, "last-admin")
    meant = {"json": {"confirmation": "erase-everything"}}
    problem(cloud.request("DELETE", "/me", token=admin.id_token, **meant), 409, "last-admin")
    succeeded(admin.get("/admin/users"))


def test_whoever_is_invited_is_there_once(cloud: Cloud, admin: Person) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    invited = succeeded(admin.post("/admin/users", json={"email": email, "role": "reviewer"}), 201)
    assert (invited["email"], invited["role"]) == (email, "reviewer")
    problem(admin.post("/admin/users", json={"email": email}), 409, "account-exists")
    succeeded(cloud.request("DELETE", f"/admin/users/{invited['user_id']}", token=admin.id_token), 202)
