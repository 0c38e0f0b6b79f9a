"""An order to a supplier, from a planner's wish to a draft or a file: a manager is always asked, once it is made."""

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.open_house import OpenHouse, open_house
from tools.proposal import Origin
from tools.propose.decided import Decided

pytestmark = pytest.mark.anyio

PLANNER = Actor("planner:pat", Role.PLANNER, None, Door.MCP)
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
BOB = Actor("manager:bob", Role.MANAGER, None, Door.CONSOLE)
STORY = Origin(CorrelationId("story-1"), "event-1")
SKU = "PROD_001"


async def describe(opened: OpenHouse, pack: int = 6, minimum: int = 0) -> str:
    """Tell what the sku's supplier asks for; returns the vendor."""
    vendor = opened.retailer.world.variants[SKU].vendor
    async with opened.database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO supplier (vendor, lead_days, review_days, pack, minimum)"
                " VALUES (:vendor, 7, 7, :pack, :minimum)"
            ),
            {"vendor": vendor, "pack": pack, "minimum": minimum},
        )
        named = text("UPDATE variant SET vendor = :vendor WHERE sku = :sku")
        await connection.execute(named, {"vendor": vendor, "sku": SKU})
    return vendor


async def order(opened: OpenHouse, place: str, vendor: str, units: int = 12, **more: Any) -> Decided:
    asked = {
        "location_id": place,
        "vendor": vendor,
        "lines": [{"sku": SKU, "units": units}],
        "idempotency_key": "order-0001",
        "reason": "The shelf runs low.",
        **more,
    }
    decided = await opened.house.guard.invoke(PLANNER, "propose_order", asked, STORY)
    assert isinstance(decided, Decided)
    return decided


async def approved(opened: OpenHouse, *managers: Actor) -> str:
    """The state of the one waiting action after these managers said yes."""
    for manager in managers:
        (one,) = await opened.house.guard.waiting(manager)
        await opened.house.guard.answer(manager, one.approval_id, approve=True)
    async with opened.database.reading() as connection:
        allowed = list((await connection.execute(text("SELECT id FROM action WHERE state = 'allowed'"))).scalars())
    for each in allowed:
        await opened.house.carry_out(each)
    async with opened.database.reading() as connection:
        return str((await connection.execute(text("SELECT state FROM action"))).scalar_one())


async def test_an_order_for_a_lightspeed_shop_waits_is_drafted_there_once_and_is_taken_back(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        vendor = await describe(opened)
        asked = await order(opened, "STORE_SEA", vendor)
        assert (asked.state, opened.retailer.account.purchase_orders) == ("waiting", {})
        (one,) = await opened.house.guard.waiting(ADA)
        assert any("Order nothing" in other for other in one.alternatives)
        assert any("A pack of 6 less" in other for other in one.alternatives)

        assert await approved(opened, ADA) == "executed"
        (draft,) = opened.retailer.account.purchase_orders.values()
        assert (draft.status, dict(draft.lines)) == ("OPEN", {SKU: 12})
        assert (await order(opened, "STORE_SEA", vendor)).state == "executed"  # asked again: the same one
        assert len(opened.retailer.account.purchase_orders) == 1

        undone = await opened.house.guard.undo(ADA, one.action_id, key="undo-0001", reason="Not now.", origin=STORY)
        assert undone.state == "executed"
        assert opened.retailer.account.purchase_orders == {}


async def test_an_order_for_a_shop_whose_platform_keeps_none_is_a_file_and_its_withdrawal_another(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        vendor = await describe(opened)
        await order(opened, "STORE_123", vendor)
        (one,) = await opened.house.guard.waiting(ADA)
        assert await approved(opened, ADA) == "executed"
        (file,) = (tmp_path / "orders").glob("*.csv")
        with file.open(newline="") as read:
            (row,) = csv.DictReader(read)
        assert (row["vendor"], row["sku"], row["location"], row["units"]) == (vendor, SKU, "STORE_123", "12")

        await opened.house.guard.undo(ADA, one.action_id, key="undo-0001", reason="Not now.", origin=STORY)
        names = sorted(each.name for each in (tmp_path / "orders").iterdir())
        assert names == sorted([file.name, f"{file.stem}.cancelled.csv"])


async def test_a_large_order_needs_two_managers(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        vendor = await describe(opened)
        async with opened.database.transaction() as connection:
            await connection.execute(text("UPDATE variant SET unit_cost = 50000 WHERE sku = :sku"), {"sku": SKU})
        await order(opened, "STORE_SEA", vendor, 12)  # 6,000.00
        assert await approved(opened, ADA) == "waiting"
        assert await approved(opened, BOB) == "executed"


@pytest.mark.parametrize(
    ("units", "terms", "rule"),
    [
        (13, {}, "inventory.order_packs"),
        (12, {"minimum": 10_000_000}, "inventory.order_minimum"),
    ],
)
async def test_what_the_supplier_would_not_take_is_denied(
    database_url: str, tmp_path: Path, units: int, terms: dict[str, int], rule: str
):
    async with open_house(database_url, tmp_path) as opened:
        vendor = await describe(opened, **terms)
        decided = await order(opened, "STORE_SEA", vendor, units)
        assert decided.state == "denied"
        assert rule in str(decided)


async def test_goods_of_another_supplier_and_suppliers_nobody_described_are_denied(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        vendor = await describe(opened)
        unknown = await order(opened, "STORE_SEA", f"{vendor} of nowhere")
        assert unknown.state == "denied"
        assert "inventory.order_supplier" in str(unknown)
        assert "inventory.order_goods" in str(unknown)
