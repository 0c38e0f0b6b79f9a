"""A token opens only when everything about it is right."""

import base64
import json
from datetime import timedelta
from typing import Any

import anyio
import jwt
import pytest

from policies.errors import Refused
from policies.vocabulary.actor import Door, Role
from policies.vocabulary.ids import LocationId
from server.oauth.issuer_keys import FRESH_FOR, IssuerKeys
from server.oauth.tokens import KEPT_FOR, LONGEST, LONGEST_LIFE, SKEW, Expected, Tokens
from tests.issuer import ISSUER, NOW, RESOURCE, Issuer, key_set, private_key

pytestmark = pytest.mark.anyio

PLACES = frozenset({LocationId("STORE_1"), LocationId("STORE_2")})
ISSUED = int(NOW.timestamp())


class Desk:
    """Tokens over keys and a clock of the test's."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ("ES256", "RS256", "EdDSA")
        self.now = NOW
        self.time = 1000.0
        self.tokens = Tokens(
            Expected(ISSUER, RESOURCE), IssuerKeys(self._fetch, lambda: self.time), PLACES, lambda: self.now
        )

    async def _fetch(self) -> bytes:
        return key_set(*self.names)

    async def answer(self, token: str) -> str:
        """The code of the refusal, or "" when the token is good."""
        try:
            await self.tokens.grant(token)
        except Refused as error:
            return error.code
        return ""


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("key", ["ES256", "RS256", "EdDSA"])
async def test_a_good_token_is_the_persons_assistant_within_its_scopes(desk: Desk, key: str):
    grant = await desk.tokens.grant(Issuer().token(key=key, locations=["STORE_1"]))
    actor = grant.actor(Door.MCP)

    assert (actor.id, actor.role, actor.locations, actor.model, actor.on_behalf_of, actor.toolsets) == (
        "helper/ada",
        Role.MANAGER,
        frozenset({"STORE_1"}),
        True,
        "ada",
        frozenset({"shop", "approvals"}),
    )


async def test_a_persons_own_hands_are_said_to_be_so_by_the_issuer(desk: Desk):
    actor = (await desk.tokens.grant(Issuer().token(model=False))).actor(Door.MCP)

    assert (actor.id, actor.model, actor.on_behalf_of, actor.locations) == ("ada", False, "", None)


async def test_a_token_is_good_among_several_audiences(desk: Desk):
    assert await desk.tokens.grant(Issuer().token(aud=["https://other.example.com", RESOURCE]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://login.example.com/other"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "https://other.example.com"},
        {"aud": f"{RESOURCE}/"},
        {"aud": [RESOURCE, 7]},
        {"aud": None},
        {"exp": None},
        {"exp": str(ISSUED + 600)},
        {"exp": True},
        {"exp": ISSUED - 1},
        {"iat": None},
        {"iat": ISSUED + SKEW + 1},
        {"nbf": ISSUED + SKEW + 1},
        {"nbf": "now"},
        {"sub": 7},
        {"key": "ES256-unknown"},
        {"key": "ES256-unknown", "header": {"kid": "ES256"}},
        {"key": "RS256", "header": {"kid": "ES256"}},
        {"header": {"kid": None}},
        {"header": {"typ": "dpop+jwt"}},
        {"header": {"crit": ["exp"]}},
        {"exp": float("nan")},
        {"exp": float("inf")},
    ],
)
async def test_one_thing_wrong_is_enough(desk: Desk, wrong: dict[str, Any]):
    assert await desk.answer(Issuer().token(**wrong)) == "credential.unknown"


async def test_a_token_lives_a_day_at_most(desk: Desk):
    assert await desk.tokens.grant(Issuer().token(exp=ISSUED + LONGEST_LIFE))
    assert await desk.answer(Issuer().token(exp=ISSUED + LONGEST_LIFE + 1)) == "credential.unknown"


async def test_an_issuers_clock_may_be_a_little_ahead(desk: Desk):
    assert await desk.tokens.grant(Issuer().token(iat=ISSUED + SKEW, nbf=ISSUED + SKEW))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_no_algorithm_but_the_keys_own_is_used(desk: Desk, algorithm: str):
    # the classic: our public key as the secret of a shared one, or no signature at all
    secret: Any = private_key("ES256").public_key().public_numbers().x.to_bytes(32, "big")
    key: Any = None if algorithm == "none" else secret
    token = jwt.encode(
        {"iss": ISSUER, "aud": RESOURCE, "sub": "ada", "iat": ISSUED, "exp": ISSUED + 600},
        key,
        algorithm,
        headers={"kid": "ES256"},
    )

    assert await desk.answer(token) == "credential.unknown"


async def test_a_changed_token_is_no_token(desk: Desk):
    head, body, signature = Issuer().token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "role": "operator"}).encode()).decode().rstrip("=")

    for token in (f"{head}.{forged}.{signature}", f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature}x.y"):
        assert await desk.answer(token) == "credential.unknown"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 9, "." * 9, "eyJhbGciOiJFUzI1NiJ9..", "x" * LONGEST])
async def test_what_is_no_token_is_refused(desk: Desk, token: str):
    assert await desk.answer(token) == "credential.unknown"


async def test_nobody_reads_a_token_beyond_its_length(desk: Desk):
    empty = len(Issuer().token(pad=""))
    token = Issuer().token(pad="x" * int((LONGEST - empty) * 3 / 4 - 2))

    assert len(token) <= LONGEST
    assert await desk.tokens.grant(token)
    assert await desk.answer(Issuer().token(pad="x" * LONGEST)) == "credential.unknown"


async def test_a_token_expires_to_the_second_though_it_was_seen_before(desk: Desk):
    token = Issuer().token(exp=ISSUED + 5)
    await desk.tokens.grant(token)

    desk.now = NOW + timedelta(seconds=4.999)
    await desk.tokens.grant(token)
    desk.now = NOW + timedelta(seconds=5)

    assert await desk.answer(token) == "credential.unknown"


async def test_a_token_of_a_withdrawn_key_is_remembered_for_seconds_only(desk: Desk):
    token = Issuer().token()
    await desk.tokens.grant(token)
    desk.names = ("RS256",)
    desk.time += FRESH_FOR

    desk.now = NOW + timedelta(seconds=KEPT_FOR - 0.001)
    await desk.tokens.grant(token)  # remembered: no key was looked for
    desk.now = NOW + timedelta(seconds=KEPT_FOR)
    with anyio.fail_after(5):  # the keys are found to be old, and read again beside
        while await desk.answer(token) == "":
            desk.now += timedelta(seconds=KEPT_FOR)
            await anyio.lowlevel.checkpoint()

    assert await desk.answer(token) == "credential.unknown"
