"""The port of missed changes: everything is told, once, and a poll and a webhook of one change absorb each other."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from evals.retailer.actions import adjust, refund, sell, update_customer, update_variant
from evals.retailer.lightspeed.payloads import webhook as lightspeed_webhook
from evals.retailer.shopify.payloads import webhook as shopify_webhook
from evals.retailer.world import Change
from knowledge.events.event import Event, Topic
from policies.errors import Refused
from tests.contract.connectors.chains import KEYS, Chain
from tools.connectors.lightspeed.events import to_event as from_lightspeed
from tools.connectors.shopify.events import to_event as from_shopify

pytestmark = pytest.mark.anyio
STREAMS = ("orders", "inventory", "customers", "products")


async def drain(chain: Chain, stream: str, cursor: str = "") -> tuple[list[Event], str]:
    """Everything that is new, as a poller reads it."""
    told: list[Event] = []
    while True:
        events, cursor = await chain.platform.changes.since(stream, cursor)
        if not events:
            return told, cursor
        told += events


def heard(chain: Chain, change: Change) -> list[Event]:
    """What our inlet would make of the webhooks of a change."""
    common: dict[str, Any] = {
        "received_at": chain.clock.now(),
        "places": chain.places,
        "keys": KEYS,
        "currency": "USD",
    }
    if chain.name == "shopify":
        sent = shopify_webhook(change, chain.world)
        return [
            from_shopify(topic, json.loads(body, parse_float=Decimal), delivery=f"{topic}-1", **common)
            for topic, body in sent
        ]
    sent = lightspeed_webhook(change, chain.world)
    return [
        from_lightspeed(
            kind, json.loads(parse_qs(body.decode())["payload"][0], parse_float=Decimal), delivery="1", **common
        )
        for kind, body in sent
    ]


def a_sale(chain: Chain) -> None:
    sell(
        chain.world,
        place=chain.shop,
        customer_key=chain.person.key,
        lines=[(chain.sku, 3)],
        channel="pos",
        occurred_at=chain.clock.now(),
    )


def a_count(chain: Chain) -> None:
    adjust(chain.world, chain.sku, chain.shop, -1, None)


def a_customer(chain: Chain) -> None:
    update_customer(chain.world, chain.person)


def a_product(chain: Chain) -> None:
    chain.variant.price += 100
    update_variant(chain.world, chain.variant)


HAPPENS: dict[str, tuple[Callable[[Chain], None], str]] = {
    "orders": (a_sale, "order.created"),
    "inventory": (a_count, "inventory.updated"),
    "customers": (a_customer, "customer.updated"),
    "products": (a_product, "product.updated"),
}


async def test_every_platform_tells_the_same_streams(chain: Chain):
    assert chain.platform.changes.streams == STREAMS


@pytest.mark.parametrize("stream", STREAMS)
async def test_an_empty_cursor_tells_everything_and_the_next_one_nothing(chain: Chain, stream: str):
    told, cursor = await drain(chain, stream)
    assert told
    assert len({event.delivery for event in told}) == len(told)
    assert await drain(chain, stream, cursor) == ([], cursor)


@pytest.mark.parametrize("stream", STREAMS)
async def test_only_what_changed_since_is_told(chain: Chain, stream: str):
    _, cursor = await drain(chain, stream)
    chain.clock.advance_to(chain.clock.now() + timedelta(minutes=5))
    HAPPENS[stream][0](chain)
    told, cursor = await drain(chain, stream, cursor)
    assert told
    assert len({event.resource for event in told}) == 1
    assert await drain(chain, stream, cursor) == ([], cursor)


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_poll_and_a_webhook_of_one_change_tell_of_the_same_version(chain: Chain, stream: str):
    _, cursor = await drain(chain, stream)
    chain.clock.advance_to(chain.clock.now() + timedelta(minutes=5))
    happen, topic = HAPPENS[stream]
    happen(chain)
    change = next(one for one in reversed(chain.changes) if one.topic == topic and one.platform == chain.name)
    webhook = heard(chain, change)[0]
    (poll,) = {event.resource: event for event in (await drain(chain, stream, cursor))[0]}.values()
    assert (poll.resource, poll.lane) == (webhook.resource, webhook.lane)
    if not (stream == "products" and chain.name == "shopify"):  # its variants tell no moment of their last change
        assert poll.version == webhook.version
    assert poll.source == f"poll:{chain.name}"
    assert webhook.source == chain.name


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_poll_after_a_restart_tells_nothing_the_inbox_does_not_know(chain: Chain, stream: str):
    told, cursor = await drain(chain, stream)
    known = {event.delivery for event in told}
    again, _ = await drain(chain, stream, "")
    assert {event.delivery for event in again} <= known
    chain.platform = chain.connect()
    after, _ = await drain(chain, stream, cursor)
    assert {event.delivery for event in after} <= known


async def test_versions_of_one_resource_compare_as_text(chain: Chain):
    _, cursor = await drain(chain, "inventory")
    versions: list[str] = []
    for _ in range(3):
        chain.clock.advance_to(chain.clock.now() + timedelta(minutes=5))
        a_count(chain)
        told, cursor = await drain(chain, "inventory", cursor)
        versions += [event.version for event in told]
    assert versions == sorted(versions)
    assert len(set(versions)) == 3


async def test_a_late_sale_is_told_with_its_own_time(chain: Chain):
    _, cursor = await drain(chain, "orders")
    then = chain.clock.now()
    chain.clock.advance_to(then + timedelta(hours=6))
    sell(chain.world, place=chain.shop, customer_key=None, lines=[(chain.sku, 1)], channel="pos", occurred_at=then)
    told, _ = await drain(chain, "orders", cursor)
    assert [event.occurred_at for event in told] == [then]
    assert heard(chain, next(one for one in chain.changes if one.topic == "order.created"))[0].topic is (
        Topic.ORDER_CREATED
    )


async def test_goods_given_back_belong_to_the_story_of_their_order(chain: Chain):
    a_sale(chain)
    order = chain.made("order.created")[-1]
    sold = heard(chain, chain.changes[0])[0]
    chain.clock.advance_to(chain.clock.now() + timedelta(minutes=5))
    start = len(chain.changes)
    refund(chain.world, order, {chain.sku: 1}, place=chain.shop)
    told = [event for change in chain.changes[start:] for event in heard(chain, change)]
    (back,) = [event for event in told if event.topic is Topic.RETURN_CREATED]
    assert back.correlation == sold.correlation
    assert back.facts["order"] == sold.facts["order"]
    assert [(line["sku"], line["quantity"]) for line in back.facts["lines"]] == [(chain.sku, 1)]
    assert back.facts["refund"] == chain.variant.price
    assert back.lane == chain.shop


async def test_no_stream_and_no_cursor_of_ours_is_refused(chain: Chain):
    with pytest.raises(Refused) as caught:
        await chain.platform.changes.since("gossip", "")
    assert caught.value.code == "stream.unknown"
    with pytest.raises(Refused) as caught:
        await chain.platform.changes.since("orders", "yesterday")
    assert caught.value.code == "cursor.malformed"
