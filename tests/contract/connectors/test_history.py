"""The port of what was before: everything is told once, from any place on, and what is missing is told as well."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from evals.retailer.actions import refund, sell
from evals.retailer.shopify.bulk_runs import BulkRuns
from knowledge.events.event import Event, Topic
from policies.errors import Refused, Unavailable
from tests.contract.connectors.chains import Chain, open_chain
from tests.contract.connectors.test_changes import drain
from tests.contract.connectors.test_documents import VERSIONS, schema_of
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.connectors.shopify.bulk_queries import bulk_queries
from tools.connectors.shopify.platform import ShopifyPlatform
from tools.history import History, LeftOut

pytestmark = pytest.mark.anyio
KINDS = ("products", "customers", "stock", "orders")
STREAM = {"stock": "inventory"}


def history(chain: Chain) -> History:
    assert isinstance(chain.platform, ShopifyPlatform | LightspeedPlatform)
    return chain.platform.history


async def everything(
    chain: Chain, kind: str, place: Mapping[str, Any] | None = None
) -> tuple[list[Event], list[LeftOut], Mapping[str, Any]]:
    """All pages; each place goes through JSON, as a bookmark does."""
    told: list[Event] = []
    left: list[LeftOut] = []
    at = place or {}
    for _ in range(200):
        page = await history(chain).read(kind, json.loads(json.dumps(at)))
        told += page.told
        left += page.left_out
        at = page.place
        if page.done:
            return told, left, at
    raise AssertionError("it never ends")


def said(events: list[Event]) -> dict[str, Any]:
    return {event.resource: event.facts for event in events if event.topic is not Topic.RETURN_CREATED}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_before_is_what_a_poll_from_the_beginning_tells(chain: Chain, kind: str):
    told, left, _ = await everything(chain, kind)
    polled, _ = await drain(chain, STREAM.get(kind, kind))
    if chain.name == "shopify" and kind == "products":  # cut into other pages: the same variants all the same
        skus = [{one["sku"] for event in events for one in event.facts["variants"]} for events in (told, polled)]
        assert skus[0] == skus[1]
    else:
        assert said(told) == said(polled)
    assert told
    assert left == []


async def test_what_came_back_is_told_with_its_order(chain: Chain):
    order = sell(
        chain.world, place=chain.shop, customer_key=chain.person.key, lines=[(chain.sku, 3)], channel="pos",
        occurred_at=chain.clock.now(),
    )  # fmt: skip
    refund(chain.world, order, {chain.sku: 2})
    told, _, _ = await everything(chain, "orders")
    (back,) = [event for event in told if event.topic is Topic.RETURN_CREATED and order.id in event.facts["order"]]
    assert [(line["sku"], line["quantity"]) for line in back.facts["lines"]] == [(chain.sku, 2)]
    assert back.correlation in {event.correlation for event in told if event.topic is not Topic.RETURN_CREATED}


async def test_no_name_and_no_address_is_asked_of_shopify():
    asked = " ".join(bulk_queries().values())
    for field in ("firstName", "lastName", "displayName }", "shippingAddress", "billingAddress", "note"):
        assert field not in asked


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_bulk_query_is_valid_on(kind: str, version: str):
    # every connection has edges; the projection keeps the nodes its operations ask for
    text = bulk_queries("nodes {", "}")[kind]
    assert validate(schema_of(version), parse(text)) == []
    assert 1 <= bulk_queries()[kind].count("edges {") <= 5


@pytest.fixture
async def shopify():
    async with open_chain("shopify") as opened:
        opened.stock(20)
        yield opened


def runs(chain: Chain) -> BulkRuns:
    return chain.state.bulk


async def test_one_operation_runs_at_a_time_and_the_next_waits(shopify: Chain):
    first = await history(shopify).read("products", {})
    second = await history(shopify).read("customers", {})
    assert (first.wait_s > 0, second.wait_s > 0) == (True, True)
    assert second.place["operation"] == ""
    told, _, _ = await everything(shopify, "products", first.place)
    after, _, _ = await everything(shopify, "customers", second.place)
    assert told
    assert after
    assert len(runs(shopify).all) == 2


async def test_what_a_failed_operation_found_is_taken_and_another_one_begins(shopify: Chain):
    runs(shopify).fail_next = 1
    told, _, _ = await everything(shopify, "orders")
    polled, _ = await drain(shopify, "orders")
    assert said(told) == said(polled)
    assert len(runs(shopify).all) == 2


async def test_operations_that_keep_failing_are_given_up(shopify: Chain):
    runs(shopify).fail_next = 9
    with pytest.raises(Unavailable) as told:
        await everything(shopify, "orders")
    assert told.value.code == "shopify.bulk_failed"


async def test_a_result_that_lies_there_no_more_is_made_anew(shopify: Chain):
    place: Mapping[str, Any] = {}
    while "byte" not in place:
        place = (await history(shopify).read("customers", place)).place
    for one in runs(shopify).all.values():
        assert one.done_at
        one.done_at -= timedelta(days=7)
    told, _, _ = await everything(shopify, "customers", place)
    assert told
    assert len(runs(shopify).all) == 2


async def test_lightspeeds_gaps_are_asked_for_again_and_told_when_they_stay():
    async with open_chain("lightspeed") as chain:
        cut = 1

        async def cutting(response: httpx.Response) -> None:
            nonlocal cut
            if cut and response.request.url.path.endswith("/customers"):
                cut -= 1
                body = json.loads(await response.aread())
                body["data"] = body["data"][1:]
                response._content = json.dumps(body).encode()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        chain.client.event_hooks["response"].append(cutting)
        told, left, _ = await everything(chain, "customers")
        assert left == []
        cut = 2
        less, left, _ = await everything(chain, "customers")
    assert len(less) == len(told) - 1
    assert [each.code for each in left] == ["cursor.gap"]


async def test_lightspeed_goes_on_behind_what_it_told():
    async with open_chain("lightspeed") as chain:
        _, _, place = await everything(chain, "orders")
        again, _, _ = await everything(chain, "orders", history(chain).again(place))
    assert again == []


async def test_there_is_no_other_kind(chain: Chain):
    with pytest.raises(Refused):
        await history(chain).read("coffee", {})
