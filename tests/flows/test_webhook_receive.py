"""From a platform's delivery to the event log: verified, once, durable before the answer, never lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio


def order(number: int = 5001, *, place: int = 0, updated: str = "2026-11-20T15:00:00Z", **more: Any) -> dict[str, Any]:
    """An order as Shopify tells it."""
    return {
        "id": number,
        "created_at": "2026-11-20T14:59:00Z",
        "updated_at": updated,
        "source_name": "pos",
        "location_id": place,
        "currency": "USD",
        "total_price": "29.99",
        "current_total_price": "29.99",
        "email": "ada@example.com",
        "phone": "+15551234567",
        "customer": {"id": 77, "email": "ada@example.com", "phone": "+15551234567", "first_name": "Ada"},
        "line_items": [{"id": 1, "sku": "PROD_001", "quantity": 1, "price": "29.99", "title": "Tee"}],
        **more,
    }


def stock(item: int, place: int, available: int, updated: str) -> dict[str, Any]:
    return {"inventory_item_id": item, "location_id": place, "available": available, "updated_at": updated}


async def test_a_signed_order_is_stored_before_it_is_answered_and_reaches_the_store(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        place = opened.retailer.world.places["STORE_123"].shopify_id

        answer = await opened.shopify_says("orders/create", order(place=place))

        assert (answer.status_code, answer.json()) == (200, {"outcome": "stored"})
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'pending' AND lane = 'STORE_123'") == 1
        await opened.drain()
        assert await opened.count("SELECT count(*) FROM purchase WHERE location_id = 'STORE_123'") == 1
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'handled'") == 1


async def test_a_forged_or_unsigned_delivery_is_answered_401_and_leaves_nothing(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        forged = await opened.shopify_says("orders/create", order(), secret="guessed")
        unsigned = await opened.shopify_says("orders/create", order(), x_shopify_hmac_sha256="")
        foreign = await opened.shopify_says("orders/create", order(), x_shopify_shop_domain="other.myshopify.com")

        assert [forged.status_code, unsigned.status_code, foreign.status_code] == [401, 401, 403]
        assert forged.headers["content-type"] == "application/problem+json"
        assert await opened.count("SELECT count(*) FROM event") == 0
        assert opened.house.metrics.counted("deliveries", source="shopify", outcome="signature") == 2


async def test_the_same_delivery_again_changes_nothing_and_is_counted(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        place = opened.retailer.world.places["STORE_123"].shopify_id
        first = await opened.shopify_says("orders/create", order(place=place), name="w-1")

        again = [await opened.shopify_says("orders/create", order(place=place), name="w-1") for _ in range(3)]

        assert first.json() == {"outcome": "stored"}
        assert [answer.json() for answer in again] == [{"outcome": "duplicate"}] * 3
        await opened.drain()
        assert await opened.count("SELECT sum(units) FROM daily_sale") == 1
        assert await opened.count("SELECT count FROM absorbed WHERE source = 'shopify' AND reason = 'duplicate'") == 3


async def test_the_same_change_under_another_deliverys_name_is_one_event(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        place = opened.retailer.world.places["STORE_123"].shopify_id

        first = await opened.shopify_says("orders/create", order(place=place), name="w-1")
        other = await opened.shopify_says("orders/create", order(place=place), name="w-2")

        assert [first.json()["outcome"], other.json()["outcome"]] == ["stored", "duplicate"]


async def test_two_different_changes_in_the_same_second_are_both_kept(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        world = opened.retailer.world
        place, item = world.places["STORE_123"].shopify_id, world.variants["PROD_001"].shopify_item_id

        for available in (7, 6):
            told = stock(item, place, available, "2030-01-01T00:00:00Z")
            answer = await opened.shopify_says("inventory_levels/update", told)
            assert answer.json() == {"outcome": "stored"}


async def test_deliveries_out_of_order_leave_the_newest_state(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        world = opened.retailer.world
        place, item = world.places["STORE_123"].shopify_id, world.variants["PROD_001"].shopify_item_id
        for available, second in ((4, "09"), (9, "01")):
            told = stock(item, place, available, f"2030-01-01T00:00:{second}Z")
            await opened.shopify_says("inventory_levels/update", told)

        await opened.drain()

        level = "SELECT available FROM inventory_level WHERE sku = 'PROD_001' AND location_id = 'STORE_123'"
        assert await opened.count(level) == 4
        assert await opened.count("SELECT count FROM absorbed WHERE reason = 'stale'") == 1


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("disputes/create", {"id": 1, "amount": "3.00", "phone": "+15551234567"}),
        ("orders/create", {"unexpected": "shape", "phone": "+15551234567"}),
        ("inventory_levels/update", stock(1, 424242, 3, "2026-11-20T15:00:00Z") | {"phone": "+15551234567"}),
    ],
)
async def test_a_signed_delivery_nobody_understands_is_parked_visibly_and_sealed(
    database_url: str, tmp_path: Path, topic: str, body: dict[str, Any]
):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        answer = await opened.shopify_says(topic, body)

        assert (answer.status_code, answer.json()) == (200, {"outcome": "parked"})
        async with opened.database.reading() as connection:
            row = (await connection.execute(text("SELECT topic, state, facts, sealed FROM event"))).one()
        assert (row.topic, row.state, row.facts["name"]) == ("unknown", "parked", topic)
        assert b"5551234567" not in bytes(row.sealed)
        assert "5551234567" not in json.dumps(row.facts)
        assert json.loads(opened.house.sealer.decrypt(bytes(row.sealed))) == body


async def test_malformed_oversized_and_wrongly_typed_bodies_are_refused_and_counted(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False, TILLHAND_BODY_LIMIT="2048") as opened:
        large = await opened.shopify_says("orders/create", {"note": "x" * 3000})
        typed = await opened.shopify_says("orders/create", order(), content_type="text/plain")
        elsewhere = await opened.client.post("/webhooks/square", json={})
        read = await opened.client.get("/webhooks/shopify")

        assert [large.status_code, typed.status_code] == [413, 415]
        assert [elsewhere.status_code, read.status_code] == [404, 405]
        assert opened.house.metrics.counted("deliveries", source="shopify", outcome="body") == 2
        assert await opened.count("SELECT count(*) FROM event") == 0


@pytest.mark.parametrize("encoding", ["hex", "base64"])
async def test_a_lightspeed_sale_is_stored_once_however_its_signature_is_written(
    database_url: str, tmp_path: Path, encoding: str
):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        payload = {"id": "nothing we know"}

        first = await opened.lightspeed_says("sale.unheard", payload, encoding=encoding)
        again = await opened.lightspeed_says("sale.unheard", payload, encoding=encoding)

        assert [first.json(), again.json()] == [{"outcome": "parked"}, {"outcome": "duplicate"}]


async def test_no_personal_data_of_a_delivery_is_kept_readable(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        place = opened.retailer.world.places["STORE_123"].shopify_id
        await opened.shopify_says("orders/create", order(place=place))
        await opened.drain()

        kept = await everything(opened)

        for canary in ("ada@example.com", "5551234567", "Ada"):
            assert canary not in kept


async def everything(opened: OpenHouse) -> str:
    """The whole database as text."""
    tables = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    found: list[str] = []
    async with opened.database.reading() as connection:
        for table in (await connection.execute(text(tables))).scalars().all():
            rows = await connection.execute(text(f'SELECT t::text FROM "{table}" AS t'))  # noqa: S608
            found += rows.scalars().all()
    return "\n".join(found)
