"""A platform as a whole: its locations, its health, its token and its budget, whatever goes wrong."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from policies.errors import Misconfigured, Unavailable
from tests.contract.connectors.chains import QUICK, Chain, open_chain
from tools.connectors.http import retry_after
from tools.platform import Capability

pytestmark = pytest.mark.anyio
BOTH = ["shopify", "lightspeed"]


def tokens(chain: Chain) -> int:
    """How many requests for a token there were."""
    return sum("token" in request.url.path for request in chain.requests)


async def test_its_locations_are_those_the_retailer_listed(chain: Chain):
    told = await chain.platform.places()
    assert {one.platform_id for one in told} == {place.platform_id for place in chain.places.on(chain.name)}
    assert all(one.active and one.name for one in told)


async def test_it_says_what_it_can_do(chain: Chain):
    assert {Capability.DISCOUNT_CODES, Capability.DRAFT_TRANSFERS, Capability.POLLING} <= chain.platform.capabilities
    assert (Capability.COMPARE_AND_SWAP in chain.platform.capabilities) is (chain.name == "shopify")


async def test_health_tells_what_is_left(chain: Chain):
    health = await chain.platform.health()
    assert health["reachable"]
    assert 0 < health["budget"]["left"] <= health["budget"]["size"]


async def test_health_of_a_platform_that_is_down_is_told_not_raised(chain: Chain):
    chain.faults.down = True
    health = await chain.platform.health()
    assert (health["reachable"], health["trouble"]) == (False, f"{chain.name}.unavailable")


async def test_many_callers_share_one_token(chain: Chain):
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(chain.platform.places())
    assert tokens(chain) == 1


async def test_a_token_is_renewed_before_it_expires(chain: Chain):
    await chain.platform.places()
    chain.clock.advance_to(chain.clock.now() + timedelta(hours=23, minutes=57))
    await chain.platform.places()
    assert tokens(chain) == 2


async def test_a_token_the_platform_forgot_is_replaced(chain: Chain):
    await chain.platform.places()
    access = chain.state.tokens
    access._expires.clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the platform forgets
    await chain.platform.places()
    assert tokens(chain) == 2


async def test_an_app_that_was_removed_is_an_operators_matter(chain: Chain):
    if chain.name == "shopify":
        object.__setattr__(chain.settings, "client_secret", "another secret that Shopify now expects")
    chain.state.tokens.revoke_all()
    with pytest.raises(Misconfigured) as caught:
        await chain.platform.places()
    assert caught.value.code == f"{chain.name}.credentials"


async def test_a_restarted_process_goes_on_with_the_stored_token(chain: Chain):
    await chain.platform.places()
    other = chain.connect()
    await other.places()
    assert tokens(chain) == (2 if chain.name == "shopify" else 1)  # Shopify's tokens are free; Lightspeed's rotate


async def test_a_few_failures_are_ridden_out(chain: Chain):
    await chain.platform.places()
    chain.faults.fail_next = 2
    assert await chain.platform.places()


async def test_a_platform_that_stays_down_is_unavailable_after_a_few_tries(chain: Chain):
    await chain.platform.places()
    before = len(chain.requests)
    chain.faults.down = True
    with pytest.raises(Unavailable) as caught:
        await chain.platform.places()
    assert caught.value.code == f"{chain.name}.unavailable"
    assert len(chain.requests) - before == 3


def throttled(chain: Chain) -> int:
    """How many of our requests came too fast."""
    if chain.name == "shopify":
        return sum(b"THROTTLED" in response.content for response in chain.responses)
    return sum(response.status_code == 429 for response in chain.responses)


@pytest.mark.parametrize("name", BOTH)
async def test_the_budget_keeps_us_from_coming_too_fast(name: str):
    small: dict[str, Any] = {"bucket_size": 101.0, "restore_rate": 5.0} if name == "shopify" else {"registers": 0}
    async with open_chain(name, **small) as chain:
        for _ in range(8 if name == "shopify" else 60):
            await chain.platform.places()
        assert chain.watch.seconds > 0
        assert throttled(chain) <= (0 if name == "shopify" else 1)  # Lightspeed counts in windows and tells no end


async def test_when_others_use_up_the_budget_we_wait_as_long_as_we_are_told(chain: Chain):
    await chain.platform.places()
    if chain.name == "shopify":
        chain.state.bucket.take(chain.state.bucket.status()["currentlyAvailable"])
    else:
        for _ in range(chain.state.allowance.limit):
            chain.state.allowance.take()
    assert await chain.platform.places()
    assert throttled(chain) == 1
    assert chain.watch.seconds >= (0.9 if chain.name == "shopify" else 300)


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_a_date_to_come_back_at_is_understood(chain: Chain):
    assert retry_after("Mon, 23 Nov 2026 15:02:00 GMT", chain.clock.now) == 120
    assert retry_after("7") == 7
    assert retry_after("soon") is None


@pytest.mark.parametrize("name", BOTH)
async def test_a_missing_scope_is_an_operators_matter(name: str):
    async with open_chain(name, scopes=frozenset({"read_products", "products:read"})) as chain:
        with pytest.raises(Misconfigured) as caught:
            await chain.platform.places()
        assert caught.value.code == f"{name}.scope"


async def test_every_request_has_an_id_and_a_client_that_is_ours_to_close(chain: Chain):
    await chain.platform.places()
    assert all(len(request.headers["x-request-id"]) == 32 for request in chain.requests)
    await chain.platform.close()
    assert not chain.client.is_closed  # it was lent


async def test_an_answer_that_takes_too_long_is_not_waited_for(chain: Chain):
    await chain.platform.places()
    chain.faults.slow_s = QUICK.answer_s + 60
    async with asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await chain.platform.places()
