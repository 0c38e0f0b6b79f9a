"""The port of orders: an order read is the event it would have been."""

import pytest

from evals.retailer.actions import sell
from knowledge.events.event import Topic
from knowledge.events.families import OrderFacts
from tests.contract.connectors.chains import Chain

pytestmark = pytest.mark.anyio


async def test_an_order_is_read_as_the_event_it_would_have_been(chain: Chain):
    order = sell(
        chain.world,
        place=chain.shop,
        customer_key=chain.person.key,
        lines=[(chain.sku, 2)],
        channel="pos",
        occurred_at=chain.clock.now(),
        transaction="TXN_7",
    )
    event = await chain.platform.orders.get(f"{chain.name}:order:{order.id}")
    assert event is not None
    facts = OrderFacts.model_validate(event.facts)
    assert (facts.order, facts.location, facts.channel) == (f"{chain.name}:order:{order.id}", chain.shop, "pos")
    assert (facts.total, facts.currency) == (order.total, "USD")
    assert [(line.sku, line.quantity, line.unit_price) for line in facts.lines] == [(chain.sku, 2, chain.variant.price)]
    assert facts.customer
    assert event.topic in {Topic.ORDER_CREATED, Topic.ORDER_UPDATED}
    assert (event.lane, event.source, event.resource) == (chain.shop, f"poll:{chain.name}", facts.order)
    assert event.occurred_at == order.occurred_at


async def test_reading_an_order_twice_is_one_delivery(chain: Chain):
    order = next(one for one in chain.world.orders.values() if one.platform == chain.name)
    first = await chain.platform.orders.get(f"{chain.name}:order:{order.id}")
    again = await chain.platform.orders.get(f"{chain.name}:order:{order.id}")
    assert first == again is not None


@pytest.mark.parametrize("name", ["1", "00000000-0000-4000-8000-000000000000"])
async def test_an_order_the_platform_does_not_have_is_none(chain: Chain, name: str):
    assert await chain.platform.orders.get(f"{chain.name}:order:{name}") is None


async def test_an_order_of_the_other_platform_is_none(chain: Chain):
    assert await chain.platform.orders.get("replay:order:1") is None


@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_an_online_order_to_be_collected_names_both_its_places(chain: Chain):
    order = sell(
        chain.world,
        place="ONLINE",
        customer_key=chain.person.key,
        lines=[(chain.sku, 1)],
        channel="online",
        occurred_at=chain.clock.now(),
        pickup_place=chain.shop,
    )
    event = await chain.platform.orders.get(f"shopify:order:{order.id}")
    assert event is not None
    facts = OrderFacts.model_validate(event.facts)
    assert (facts.channel, facts.location, facts.pickup_location) == ("online", "ONLINE", chain.shop)
    assert not facts.fulfilled


@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_an_order_with_more_lines_than_fit_on_a_list_comes_whole(chain: Chain):
    skus = list(chain.world.variants)[:30]
    for sku in skus:
        chain.world.levels[sku, chain.shop].on_hand = 50
    chain.clock.advance_to(chain.clock.now().replace(hour=16))
    sell(
        chain.world,
        place=chain.shop,
        customer_key=None,
        lines=[(sku, 1) for sku in skus],
        channel="pos",
        occurred_at=chain.clock.now(),
    )
    events, cursor = await chain.platform.changes.since("orders", "")
    longest = 0
    while events:
        longest = max(longest, *(len(event.facts["lines"]) for event in events))
        events, cursor = await chain.platform.changes.since("orders", cursor)
    assert longest == 30
