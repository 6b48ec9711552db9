"""Who calls."""

import pytest

from avocet.http.identity import caller_of, groups_of
from avocet.http.problem import UnauthenticatedError


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        ("[admin]", {"admin"}),
        ("[admin user]", {"admin", "user"}),
        ("[admin, user]", {"admin", "user"}),
        ("admin,user", {"admin", "user"}),
        ("admin user", {"admin", "user"}),
        ("admin", {"admin"}),
        (["admin", "user"], {"admin", "user"}),
        ('["admin","user"]', {"admin", "user"}),
        ("[]", set()),
        ("", set()),
        (None, set()),
        ("administrators", {"administrators"}),
    ],
)
def test_the_groups_claim_is_read_in_every_form_it_comes_in(claim, groups):
    assert groups_of(claim) == groups


def test_a_caller_is_the_tokens_subject():
    caller = caller_of({"sub": "s", "token_use": "id", "cognito:groups": "[user]", "custom:terms_version": "2026-11"})
    assert (caller.owner_id, caller.groups, caller.terms_version) == ("s", {"user"}, "2026-11")
    assert caller_of({"sub": "s", "token_use": "id"}).terms_version is None


@pytest.mark.parametrize(
    "claims",
    [{}, {"sub": "", "token_use": "id"}, {"token_use": "id"}, {"sub": "s"}, {"sub": "s", "token_use": "access"}],
)
def test_without_an_id_token_and_a_subject_nobody_is_in(claims):
    with pytest.raises(UnauthenticatedError):
        caller_of(claims)
