"""Webhooks of the simulated Lightspeed: a signed form whose payload has the shape of API 1.0, made when it happens."""

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs

import pytest

from evals.retailer.actions import (
    adjust,
    close_register,
    create_transfer,
    move_transfer,
    refund,
    sell,
    update_customer,
    update_variant,
)
from evals.retailer.lightspeed.payloads import webhook
from evals.retailer.lightspeed.signing import headers
from evals.retailer.world import Change
from tests.contract.simulator.small_lightspeed import SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


@pytest.fixture
def heard(shop: SmallLightspeed) -> list[tuple[str, Any]]:
    """Every webhook since, as (type, payload)."""
    found: list[tuple[str, Any]] = []

    def hear(change: Change) -> None:
        for topic, body in webhook(change, shop.world):
            form = parse_qs(body.decode(), strict_parsing=True)
            assert form["type"] == [topic]
            found.append((topic, json.loads(form["payload"][0])))

    shop.world.listeners.append(hear)
    return found


def test_the_signature_covers_the_body_as_sent() -> None:
    body = b"payload=%7B%22id%22%3A1%7D"
    expected = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert headers(body, "secret") == {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Signature": f"signature={expected},algorithm=HMAC-SHA256",
    }


async def test_a_sale_announces_itself_and_the_stock_it_took(
    shop: SmallLightspeed, heard: list[tuple[str, Any]]
) -> None:
    variant, person = shop.variant(), shop.person
    order = sell(
        shop.world,
        place="STORE_SEA",
        customer_key=person.key,
        lines=[(variant.sku, 2)],
        channel="pos",
        occurred_at=shop.clock.now(),
    )
    (sale_topic, sale), (stock_topic, stock) = heard
    assert (sale_topic, stock_topic) == ("sale.update", "inventory.update")
    assert (sale["id"], sale["status"], sale["return_for"]) == (order.id, "CLOSED", None)
    assert sale["sale_date"] == "2026-11-23 15:00:00"
    assert sale["customer"]["contact"]["email"] == person.email
    line = sale["register_sale_products"][0]
    assert (line["product_id"], line["quantity"]) == (variant.lightspeed_product_id, "2.00000")
    assert sale["totals"]["total_price"] == f"{order.total // 100}.{order.total % 100:02d}000"
    assert (stock["outlet_id"], stock["count"]) == (shop.seattle.outlet_id, "18.00000")


async def test_a_return_is_a_sale_that_names_the_one_it_gives_back(
    shop: SmallLightspeed, heard: list[tuple[str, Any]]
) -> None:
    variant = shop.variant()
    sold = {"place": "STORE_SEA", "customer_key": None, "channel": "pos", "occurred_at": shop.clock.now()}
    order = sell(shop.world, lines=[(variant.sku, 1)], **sold)  # pyright: ignore[reportArgumentType] - the same facts
    heard.clear()
    refund(shop.world, order, {variant.sku: 1})
    (_, sale), (_, stock) = heard
    assert (sale["return_for"], sale["register_sale_products"][0]["quantity"]) == (order.id, "-1.00000")
    assert stock["count"] == "20.00000"


async def test_each_change_has_its_type(shop: SmallLightspeed, heard: list[tuple[str, Any]]) -> None:
    variant = shop.variant()
    update_customer(shop.world, shop.person)
    update_variant(shop.world, variant)
    adjust(shop.world, variant.sku, "STORE_PDX", -1, expected=20)
    close_register(shop.world, "STORE_SEA")
    transfer = create_transfer(shop.world, "lightspeed", "BACKROOM_WEST", "STORE_SEA", {variant.sku: 2}, "", "OPEN")
    move_transfer(shop.world, transfer, "SENT")
    move_transfer(shop.world, transfer, "RECEIVED")
    assert [topic for topic, _ in heard] == [
        "customer.update",
        "product.update",
        "inventory.update",
        "register_closure.create",
        "consignment.send",
        "inventory.update",
        "inventory.update",
        "consignment.receive",
        "inventory.update",
    ]


async def test_what_happens_at_shopify_is_not_lightspeeds_to_tell(
    shop: SmallLightspeed, heard: list[tuple[str, Any]]
) -> None:
    sku, place = next(key for key in shop.world.levels if key[1] == "STORE_NYC")
    adjust(shop.world, sku, place, 1, expected=None)
    assert heard == []
