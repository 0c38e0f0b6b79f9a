"""Webhook bodies in Shopify's REST shape, signed over their raw bytes."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from evals.retailer import actions
from evals.retailer.shopify.payloads import webhook
from evals.retailer.shopify.signing import headers
from evals.retailer.world import Change, Order
from tests.contract.simulator.small_shop import SKU, START, SmallShop, open_shop

pytestmark = pytest.mark.anyio

SUBSCRIBE = """mutation S($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {
    webhookSubscription { id topic uri includeFields apiVersion { handle } } userErrors { field message } } }"""
LISTED = "{ webhookSubscriptions(first: 10) { nodes { id topic } } }"
UNSUBSCRIBE = """mutation D($id: ID!) { webhookSubscriptionDelete(id: $id) {
  deletedWebhookSubscriptionId userErrors { message } } }"""


def listening(shop: SmallShop) -> list[tuple[str, dict[str, Any]]]:
    """What Shopify sends from now on, rendered as it happens."""
    sent: list[tuple[str, dict[str, Any]]] = []

    def hear(change: Change) -> None:
        sent.extend((topic, json.loads(body)) for topic, body in webhook(change, shop.world))

    shop.world.listeners.append(hear)
    return sent


def sell(shop: SmallShop, **changes: Any) -> Order:
    sale: dict[str, Any] = {"place": "STORE_123", "customer_key": shop.person.key, "lines": [(SKU, 2)]}
    moment: dict[str, Any] = {"channel": "pos", "occurred_at": shop.clock.now()}
    return actions.sell(shop.world, **(sale | moment | changes))


async def test_a_sale_at_a_till_is_an_order_and_a_new_stock_level():
    async with open_shop() as shop:
        sent = listening(shop)
        order = sell(shop, transaction="TXN_1")
        (topic, body), (level_topic, level) = sent
        variant, person = shop.variant, shop.person
        location = shop.world.places["STORE_123"].shopify_id
        available = shop.level().available
    assert topic == "orders/create"
    assert {name: body[name] for name in ("id", "name", "source_name", "source_identifier", "location_id", "test")} == {
        "id": int(order.id),
        "name": order.name,
        "source_name": "pos",
        "source_identifier": "TXN_1",
        "location_id": location,
        "test": False,
    }
    assert (body["total_price"], body["total_discounts"], body["currency"]) == ("59.98", "0.00", "USD")
    assert body["created_at"] == body["processed_at"] == "2026-11-23T10:00:00-05:00"
    (line,) = body["line_items"]
    assert (line["sku"], line["variant_id"], line["quantity"], line["price"]) == (
        SKU,
        variant.shopify_variant_id,
        2,
        "29.99",
    )
    assert (body["customer"]["id"], body["email"], body["phone"]) == (person.shopify_id, person.email, person.phone)
    assert level_topic == "inventory_levels/update"
    assert (level["inventory_item_id"], level["location_id"], level["available"]) == (
        variant.shopify_item_id,
        location,
        available,
    )


async def test_a_late_till_says_when_it_sold_and_when_it_told():
    async with open_shop() as shop:
        sent = listening(shop)
        sell(shop, occurred_at=START - timedelta(hours=3))
    assert sent[0][1]["processed_at"] == "2026-11-23T07:00:00-05:00"
    assert sent[0][1]["created_at"] == "2026-11-23T10:00:00-05:00"


async def test_a_refund_tells_what_came_back_and_where_to_the_cent():
    async with open_shop() as shop:
        order = sell(shop)
        sent = listening(shop)
        actions.refund(shop.world, order, {SKU: 1})
        topics = [topic for topic, _ in sent]
        refund, updated = sent[0][1], sent[1][1]
        location = shop.world.places["STORE_123"].shopify_id
    assert topics == ["refunds/create", "orders/updated", "inventory_levels/update"]
    assert refund["order_id"] == int(order.id)
    assert [(line["quantity"], line["location_id"], line["subtotal"]) for line in refund["refund_line_items"]] == [
        (1, location, "29.99")
    ]
    assert refund["transactions"][0]["amount"] == "29.99"
    assert (updated["financial_status"], updated["current_total_price"]) == ("partially_refunded", "29.99")


async def test_an_online_order_is_created_then_fulfilled_or_cancelled():
    async with open_shop() as shop:
        sent = listening(shop)
        one = sell(shop, place="ONLINE", channel="online", pickup_place="STORE_NYC")
        actions.fulfill(shop.world, one)
        other = sell(shop, place="ONLINE", channel="online")
        actions.cancel(shop.world, other)
    orders = [(topic, body["id"]) for topic, body in sent if topic.startswith("orders/")]
    assert orders == [
        ("orders/create", int(one.id)),
        ("orders/fulfilled", int(one.id)),
        ("orders/updated", int(one.id)),
        ("orders/create", int(other.id)),
        ("orders/cancelled", int(other.id)),
        ("orders/updated", int(other.id)),
    ]
    assert sent[0][1]["location_id"] is None
    assert sent[0][1]["shipping_lines"][0]["code"] == "STORE_NYC"


async def test_edits_carts_checkouts_and_transfers_have_their_own_topics():
    async with open_shop() as shop:
        sent = listening(shop)
        actions.update_customer(shop.world, shop.person)
        actions.update_variant(shop.world, shop.variant)
        cart = actions.put_in_cart(shop.world, actions.open_cart(shop.world, shop.person.key), SKU, 2)
        actions.begin_checkout(shop.world, cart)
        transfer = actions.create_transfer(shop.world, "shopify", "WAREHOUSE", "STORE_123", {SKU: 1}, "r", "DRAFT")
        for status in ("READY_TO_SHIP", "IN_PROGRESS", "TRANSFERRED"):
            actions.move_transfer(shop.world, transfer, status)
    topics = [topic for topic, _ in sent if not topic.startswith("inventory_levels/")]
    assert topics == [
        "customers/update",
        "products/update",
        "carts/update",
        "checkouts/create",
        "inventory_transfers/updated",
        "inventory_transfers/ready_to_ship",
        "inventory_transfers/updated",
        "inventory_transfers/complete",
    ]


async def test_a_cart_does_not_say_whose_it_is_and_a_checkout_does():
    async with open_shop() as shop:
        sent = listening(shop)
        cart = actions.put_in_cart(shop.world, actions.open_cart(shop.world, shop.person.key), SKU, 2)
        actions.begin_checkout(shop.world, cart)
        (_, in_cart), (_, at_checkout) = sent
    assert shop.person.email not in json.dumps(in_cart)
    assert at_checkout["customer"]["id"] == shop.person.shopify_id
    assert at_checkout["total_price"] == "59.98"


async def test_what_happens_on_lightspeed_sends_nothing_from_shopify():
    async with open_shop() as shop:
        sent = listening(shop)
        sku = next(
            sku for (sku, place), level in shop.world.levels.items() if place == "STORE_SEA" and level.on_hand > 1
        )
        sell(shop, place="STORE_SEA", lines=[(sku, 1)])
    assert sent == []


async def test_the_signature_covers_the_raw_body_and_nothing_is_missing():
    body = b'{"id":1}'
    sent = headers("orders/create", body, "secret", "a.myshopify.com", "w-1", "e-1", START)
    expected = base64.b64encode(hmac.new(b"secret", body, hashlib.sha256).digest()).decode()
    assert sent == {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Event-Id": "e-1",
        "X-Shopify-Hmac-Sha256": expected,
        "X-Shopify-Shop-Domain": "a.myshopify.com",
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Triggered-At": "2026-11-23T15:00:00.000000Z",
        "X-Shopify-Webhook-Id": "w-1",
    }


async def test_a_subscription_is_made_listed_and_deleted():
    wanted = {"uri": "https://tillhand.example/hooks", "includeFields": ["id", "updated_at"]}
    async with open_shop() as shop:
        made = (await shop.admin(SUBSCRIBE, topic="ORDERS_CREATE", sub=wanted))["webhookSubscriptionCreate"]
        subscription = made["webhookSubscription"]
        assert subscription["uri"] == wanted["uri"]
        assert subscription["includeFields"] == wanted["includeFields"]
        nodes = (await shop.admin(LISTED))["webhookSubscriptions"]["nodes"]
        assert nodes == [{"id": subscription["id"], "topic": "ORDERS_CREATE"}]
        gone = (await shop.admin(UNSUBSCRIBE, id=subscription["id"]))["webhookSubscriptionDelete"]
        assert gone["deletedWebhookSubscriptionId"] == subscription["id"]
        assert (await shop.admin(LISTED))["webhookSubscriptions"]["nodes"] == []


async def test_the_same_address_cannot_be_subscribed_twice_nor_a_strange_one_at_all():
    async with open_shop() as shop:
        for sub, message in (
            ({"uri": "https://tillhand.example/hooks"}, None),
            ({"uri": "https://tillhand.example/hooks"}, "Address for this topic has already been taken"),
            ({"uri": "http://tillhand.example/hooks"}, "Address is not a supported URI"),
        ):
            made = (await shop.admin(SUBSCRIBE, topic="ORDERS_CREATE", sub=sub))["webhookSubscriptionCreate"]
            assert [error["message"] for error in made["userErrors"]] == ([message] if message else [])
