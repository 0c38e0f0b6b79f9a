"""The issuer's keys: fetched when needed, kept when it is gone, and never asked for at a stranger's pace."""

import json

import anyio
import pytest

from policies.errors import Unavailable
from server.oauth.issuer_keys import ASK_AGAIN, FRESH_FOR, TRY_AGAIN, IssuerKeys, read_key_set
from tests.issuer import key_set, public

pytestmark = pytest.mark.anyio


class Provider:
    """Publishes keys, or does not answer; counts how often it was asked. Its clock is the test's."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked = 0
        self.time = 1000.0

    async def fetch(self) -> bytes:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        if not self.names:
            raise Unavailable("gone", code="document.unavailable")
        return key_set(*self.names)

    def keys(self) -> IssuerKeys:
        return IssuerKeys(self.fetch, lambda: self.time)


async def test_keys_are_fetched_once_for_all_who_ask():
    provider = Provider("ES256", "RS256")
    keys = provider.keys()

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(keys.find, "ES256")
    found = await keys.find("RS256")

    assert found is not None
    assert (found.algorithm, provider.asked) == ("RS256", 1)


async def test_an_unknown_key_is_asked_for_at_most_once_a_minute():
    provider = Provider("ES256-old")
    keys = provider.keys()
    await keys.find("ES256-old")
    provider.names = ("ES256-new",)

    provider.time += ASK_AGAIN - 1
    early = await keys.find("ES256-new")
    provider.time += 1
    late = await keys.find("ES256-new")
    for guess in range(50):
        assert await keys.find(f"guess-{guess}") is None

    assert early is None
    assert late is not None
    assert await keys.find("ES256-old") is None
    assert provider.asked == 2


async def test_a_withdrawn_key_opens_nothing_once_the_keys_were_read_again():
    provider = Provider("ES256-old", "ES256-new")
    keys = provider.keys()
    await keys.find("ES256-old")
    provider.names = ("ES256-new",)

    provider.time += FRESH_FOR
    await keys.find("ES256-new")  # answered at once, and the keys are read again beside
    with anyio.fail_after(5):
        while await keys.find("ES256-old") is not None:
            await anyio.lowlevel.checkpoint()

    assert provider.asked == 2


async def test_keys_that_were_had_are_used_while_the_issuer_does_not_answer():
    provider = Provider("ES256")
    keys = provider.keys()
    await keys.find("ES256")
    provider.names = ()

    provider.time += FRESH_FOR * 10

    assert await keys.find("ES256") is not None
    assert await keys.find("ES256-other") is None


async def test_without_ever_a_key_nobody_is_judged_and_the_issuer_is_not_hammered():
    provider = Provider()
    keys = provider.keys()

    for _ in range(20):
        with pytest.raises(Unavailable, match="not known yet"):
            await keys.find("ES256")
    provider.names = ("ES256",)
    asked = provider.asked
    provider.time += TRY_AGAIN

    assert asked == 1
    assert await keys.find("ES256") is not None


@pytest.mark.parametrize(
    "left_out",
    [
        public("RS256-weak"),
        public("ES384"),
        public("ES256", use="enc"),
        public("ES256", alg="HS256"),
        public("ES256", kid=""),
        public("ES256", x="broken"),
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"},
        {"kid": "no kind"},
        "no key",
    ],
)
def test_only_public_signing_keys_of_the_three_kinds_are_taken(left_out: object):
    told = json.dumps({"keys": [left_out, public("EdDSA")]}).encode()

    assert {name: key.algorithm for name, key in read_key_set(told).items()} == {"EdDSA": "EdDSA"}
    with pytest.raises(ValueError, match="no key with an id"):
        read_key_set(json.dumps({"keys": [left_out]}).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff"])
def test_what_is_no_key_set_is_refused(body: bytes):
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own errors too
        read_key_set(body)
