"""Claims that mean nothing here give no rights, and their values are never repeated."""

from typing import Any

import pytest

from policies.errors import Refused
from policies.vocabulary.actor import Door, Role
from policies.vocabulary.ids import LocationId
from server.oauth.grant import SCOPES, ClaimNames, read_grant

PLACES = frozenset({LocationId("STORE_1"), LocationId("STORE_2")})
GOOD: dict[str, Any] = {
    "sub": "auth0|5f7c8ec7",
    "role": "associate",
    "locations": ["STORE_1"],
    "scope": "tillhand:shop",
    "client_id": "helper",
    "iat": 1,
    "exp": 2,
}


def refusal(**changed: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        read_grant({**GOOD, **changed}, ClaimNames(), PLACES)
    assert not any(str(value) in refused.value.message for value in changed.values() if len(str(value)) > 3)
    return refused.value.code, refused.value.field


@pytest.mark.parametrize("role", [role for role in Role if role.person or role is Role.REGISTER])
def test_every_role_of_a_person_and_a_register_can_be_granted(role: Role):
    assert read_grant({**GOOD, "role": role.value}, ClaimNames(), PLACES).role is role
    assert read_grant({**GOOD, "role": [role.value]}, ClaimNames(), PLACES).role is role


@pytest.mark.parametrize(
    "role", ["", "Manager", "admin", "offers_specialist", None, 7, [], ["manager", "auditor"], [["manager"]], {}]
)
def test_a_role_that_is_not_exactly_one_of_a_persons_gives_none(role: Any):
    assert refusal(role=role) == ("oauth.claim", "role")


@pytest.mark.parametrize(
    "places", [None, [], "", "STORE_9", ["STORE_1", "STORE_9"], ["*", "STORE_1"], [7], {"STORE_1": 1}, [["STORE_1"]]]
)
def test_locations_that_are_not_all_known_give_none(places: Any):
    assert refusal(locations=places) == ("oauth.claim", "locations")


def test_a_star_is_every_location_and_one_code_may_stand_alone():
    assert read_grant({**GOOD, "locations": "*"}, ClaimNames(), PLACES).locations is None
    assert read_grant({**GOOD, "locations": "STORE_2"}, ClaimNames(), PLACES).locations == {"STORE_2"}


@pytest.mark.parametrize(
    "subject",
    [
        None,
        "",
        7,
        "ada@example.com",
        "a b",
        "a/b",
        "x" * 129,
        "specialist:offers",
        "operator:local",
        "-a",
        "ä",
        ["ada"],
    ],
)
def test_a_subject_is_a_stable_name_and_no_actor_of_the_house(subject: Any):
    assert refusal(sub=subject) == ("oauth.claim", "sub")


@pytest.mark.parametrize(
    "scope", [None, "", "openid email", "tillhand:", "tillhand:everything", 7, ["tillhand:shop", 7]]
)
def test_without_a_scope_of_ours_or_with_one_that_does_not_exist_nothing_opens(scope: Any):
    assert refusal(scope=scope) == ("access.scope", "scope")


def test_scopes_narrow_to_their_toolsets_as_text_or_list():
    for scope in (" ".join((*SCOPES, "openid")), [*SCOPES, "openid"]):
        grant = read_grant({**GOOD, "scope": scope}, ClaimNames(), PLACES)
        assert {f"tillhand:{name}" for name in grant.toolsets} == set(SCOPES)


@pytest.mark.parametrize("model", ["False", 0, None, []])
def test_only_a_plain_false_says_that_no_model_asks(model: Any):
    assert refusal(model=model) == ("oauth.claim", "model")


def test_a_register_is_no_model_and_an_unnamed_program_is_an_assistant():
    register = read_grant({**GOOD, "role": "register"}, ClaimNames(), PLACES).actor(Door.CHECKOUT)
    unnamed = read_grant({**GOOD, "client_id": ""}, ClaimNames(), PLACES).actor(Door.MCP)

    assert (register.id, register.model, register.on_behalf_of) == ("auth0|5f7c8ec7", False, "")
    assert (unnamed.id, unnamed.on_behalf_of) == ("assistant/auth0|5f7c8ec7", "auth0|5f7c8ec7")


@pytest.mark.parametrize("client", ["a@b.example", "a/b", 7, None])
def test_a_program_has_an_ordinary_name(client: Any):
    assert refusal(client_id=client) == ("oauth.claim", "client_id")


def test_claims_have_the_names_the_operator_gave_them():
    names = ClaimNames(role="https://till.example.com/role", scope="scp")
    told = {**GOOD, "role": "operator", "https://till.example.com/role": "auditor", "scp": ["tillhand:decisions"]}

    grant = read_grant(told, names, PLACES)

    assert (grant.role, grant.toolsets) == (Role.AUDITOR, {"decisions"})
