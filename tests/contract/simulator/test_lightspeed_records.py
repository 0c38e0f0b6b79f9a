"""Customers, products and sales of the simulated Lightspeed: found by what identifies them, followed by version."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evals.retailer.actions import cancel, refund, sell, update_customer, update_variant
from evals.retailer.world import Variant
from tests.contract.simulator.small_lightspeed import SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio
SALE = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


def sale_body(shop: SmallLightspeed, variant: Variant, **more: Any) -> dict[str, Any]:
    return {
        "id": SALE,
        "state": "closed",
        "source": {"author_id": shop.account.user_id, "register_id": shop.seattle.register_id, "id": "TXN_9"},
        "line_items": [
            {
                "product": {"id": variant.lightspeed_product_id},
                "quantity": 2,
                "pricing": {"price": variant.price / 100, "discount": 1.01},
                "tax": {"id": SALE, "amount": 0},
            }
        ],
        **more,
    }


async def walk(shop: SmallLightspeed, path: str, size: int) -> list[Any]:
    """Every row of a list, page by page."""
    rows: list[Any] = []
    after = 0
    while page := await shop.call("GET", path, params={"after": after, "page_size": size}):
        if not page["data"]:
            return rows
        assert page["version"]["min"] > after
        after = page["version"]["max"]
        rows += page["data"]
    raise AssertionError


@pytest.mark.parametrize("path", ["/customers", "/products", "/sales", "/inventory"])
async def test_walking_by_version_meets_everything_once(shop: SmallLightspeed, path: str) -> None:
    rows = await walk(shop, path, 7)
    whole = await shop.call("GET", path, params={"page_size": 1000})
    assert [row["id"] for row in rows] == [row["id"] for row in whole["data"]]
    assert len({row["id"] for row in rows}) == len(rows) > 7


async def test_a_changed_customer_comes_after_everything_seen(shop: SmallLightspeed) -> None:
    seen = (await shop.call("GET", "/customers", params={"page_size": 1000}))["version"]["max"]
    update_customer(shop.world, shop.person)
    changed = await shop.call("GET", "/customers", params={"after": seen})
    assert [row["id"] for row in changed["data"]] == [shop.person.lightspeed_id]


async def test_a_changed_product_comes_after_everything_seen(shop: SmallLightspeed) -> None:
    seen = (await shop.call("GET", "/products", params={"page_size": 1000}))["version"]["max"]
    update_variant(shop.world, replace(shop.variant(), price=1234))
    changed = await shop.call("GET", "/products", params={"after": seen})
    assert [row["price_excluding_tax"] for row in changed["data"]] == [Decimal("12.34")]


@pytest.mark.parametrize("field", ["email", "phone", "customer_code"])
async def test_a_customer_is_found_by_what_identifies_them(shop: SmallLightspeed, field: str) -> None:
    person = next(one for one in shop.world.people.values() if one.lightspeed_id and one.email and one.loyalty_id)
    update_customer(shop.world, person)
    value = {"email": person.email.upper(), "phone": person.phone, "customer_code": person.loyalty_id}[field]
    found = await shop.call("GET", "/search", params={"type": "customers", field: value})
    assert person.lightspeed_id in [row["id"] for row in found["data"]]
    assert (await shop.call("GET", "/search", params={"type": "customers", field: "nobody"}))["data"] == []


async def test_customers_only_shopify_knows_are_not_found(shop: SmallLightspeed) -> None:
    stranger = next(one for one in shop.world.people.values() if not one.lightspeed_id and one.email)
    found = await shop.call("GET", "/search", params={"type": "customers", "email": stranger.email})
    assert stranger.key not in [row["id"] for row in found["data"]]
    assert all(row["id"] for row in found["data"])


async def test_a_search_needs_something_to_search_by(shop: SmallLightspeed) -> None:
    await shop.call("GET", "/search", 400, params={"type": "customers"})
    await shop.call("GET", "/search", 400, params={"type": "outlets", "name": "x"})


async def test_an_update_keeps_what_it_leaves_out(shop: SmallLightspeed) -> None:
    person = shop.person
    before = (person.email, person.loyalty_id, person.city)
    body = {"first_name": "Ada", "last_name": "Lovelace", "mobile": "+12065550199", "do_not_email": False}
    answer = await shop.call("PUT", f"/customers/{person.lightspeed_id}", json=body)
    assert answer["data"]["name"] == "Ada Lovelace"
    assert (person.email, person.loyalty_id, person.city) == before
    assert (person.phone, person.consent_email) == ("+12065550199", True)
    found = await shop.call("GET", "/search", params={"type": "customers", "phone": "+12065550199"})
    assert [row["id"] for row in found["data"]] == [person.lightspeed_id]


async def test_a_refused_update_changes_nothing(shop: SmallLightspeed) -> None:
    name = shop.person.first_name
    body = {"first_name": "Ada", "last_name": 5}
    await shop.call("PUT", f"/customers/{shop.person.lightspeed_id}", 422, json=body)
    assert shop.person.first_name == name
    await shop.call("GET", "/customers/unknown", 404)


async def test_a_made_up_customer_code_does_not_become_a_loyalty_id(shop: SmallLightspeed) -> None:
    person = next(one for one in shop.world.people.values() if one.lightspeed_id)
    person.loyalty_id = ""
    update_customer(shop.world, person)
    row = (await shop.call("GET", f"/customers/{person.lightspeed_id}"))["data"]
    body = {"first_name": "Ada", "last_name": "L", "customer_code": row["customer_code"]}
    await shop.call("PUT", f"/customers/{person.lightspeed_id}", json=body)
    assert person.loyalty_id == ""
    made_up = (await shop.call("GET", f"/customers/{person.lightspeed_id}"))["data"]["customer_code"]
    found = await shop.call("GET", "/search", params={"type": "customers", "customer_code": made_up})
    assert [row["id"] for row in found["data"]] == [person.lightspeed_id]


async def test_a_product_is_found_by_its_sku(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    found = await shop.call("GET", "/products", params={"sku": variant.sku})
    searched = await shop.call("GET", "/search", params={"type": "products", "sku": variant.sku.lower()})
    assert [row["id"] for row in found["data"]] == [variant.lightspeed_product_id]
    assert [row["id"] for row in searched["data"]] == [variant.lightspeed_product_id]


async def test_a_cost_nobody_recorded_looks_like_goods_that_cost_nothing(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    variant.cost = None
    row = (await shop.call("GET", f"/products/{variant.lightspeed_product_id}"))["data"]
    assert row["supply_price"] == 0


async def test_a_sale_with_the_clients_id_happens_once(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    body = sale_body(shop, variant, customer_id=shop.person.lightspeed_id)
    first = await shop.call("POST", "/sales", json=body)
    again = await shop.call("POST", "/sales", json=body)
    assert again == first
    assert shop.on_hand(variant, shop.seattle) == 18
    assert first["data"]["totals"]["price"] == Decimal(2 * variant.price - 202) / 100
    assert (first["data"]["id"], first["data"]["source"]["id"]) == (SALE, "TXN_9")
    created = [change for change in shop.changes if change.topic == "order.created"]
    assert [change.subject.id for change in created] == [SALE]


async def test_a_parked_sale_moves_nothing_until_it_is_closed(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    await shop.call("POST", "/sales", json=sale_body(shop, variant, state="parked"))
    assert shop.on_hand(variant, shop.seattle) == 20
    assert (await shop.call("GET", f"/sales/{SALE}"))["data"]["state"] == "parked"
    await shop.call("POST", "/sales", json=sale_body(shop, variant))
    assert shop.on_hand(variant, shop.seattle) == 18
    listed = await walk(shop, "/sales", 1000)
    assert [row["state"] for row in listed if row["id"] == SALE] == ["closed"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "not a uuid"}, "id"),
        ({"state": "open"}, "state"),
        ({"source": {"register_id": "x"}}, "author_id"),
        ({"source": {"author_id": "x", "register_id": "x"}}, "Register"),
        ({"customer_id": "x"}, "Customer"),
        ({"line_items": []}, "line"),
        ({"payments": [{"amount": 1, "type": {"config_id": SALE}}]}, "payments"),
    ],
)
async def test_a_wrong_sale_is_refused(shop: SmallLightspeed, change: dict[str, Any], why: str) -> None:
    variant = shop.variant()
    answer = await shop.call("POST", "/sales", 422, json=sale_body(shop, variant, **change))
    assert why in answer["details"]
    assert shop.on_hand(variant, shop.seattle) == 20


async def test_more_than_there_is_cannot_be_sold(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    body = sale_body(shop, variant)
    body["line_items"][0]["quantity"] = 20
    await shop.call("POST", "/sales", json={**body, "id": SALE.replace("6f", "7f")})
    body["line_items"][0]["quantity"] = 1
    await shop.call("POST", "/sales", 422, json=body)


async def test_a_return_is_a_sale_of_its_own_that_names_the_first(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    order = sell(
        shop.world,
        place="STORE_SEA",
        customer_key=shop.person.key,
        lines=[(variant.sku, 2)],
        channel="pos",
        occurred_at=shop.clock.now(),
    )
    back = refund(shop.world, order, {variant.sku: 1})
    row = (await shop.call("GET", f"/sales/{back.id}"))["data"]
    assert row["return"] == {"is_return": True, "original_sale_id": order.id, "return_sale_ids": []}
    assert row["totals"]["price"] == Decimal(-variant.price) / 100
    first = (await shop.call("GET", f"/sales/{order.id}"))["data"]
    assert first["return"]["return_sale_ids"] == [back.id]
    history = await shop.call("GET", "/search", params={"type": "sales", "customer_id": shop.person.lightspeed_id})
    assert {order.id, back.id} <= {one["id"] for one in history["data"]}


async def test_a_cancelled_sale_is_voided(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    order = sell(
        shop.world,
        place="STORE_SEA",
        customer_key=None,
        lines=[(variant.sku, 1)],
        channel="pos",
        occurred_at=shop.clock.now(),
    )
    cancel(shop.world, order)
    assert (await shop.call("GET", f"/sales/{order.id}"))["data"]["state"] == "voided"
    await shop.call("GET", "/sales/unknown", 404)
