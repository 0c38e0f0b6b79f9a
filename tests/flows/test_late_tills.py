"""A till that was offline tells of its sales hours later: counts and days come right, nobody is offered anything."""

from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evals.retailer import actions
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.open_house import OpenHouse
from tests.flows.shared_shelf import SHELF, TEE, SharedShelf, shared_shelf
from tools.proposal import Origin
from tools.read.inventory import Stock
from tools.read.planned import Planned

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CLI)
PIA = Actor("planner:pia", Role.PLANNER, None, Door.CLI)
STORY = Origin(CorrelationId("story"), "story")


async def stock(opened: OpenHouse) -> Stock:
    answer = await opened.house.guard.invoke(ADA, "check_inventory", {"sku": TEE, "location_id": SHELF}, STORY)
    assert isinstance(answer, Stock)
    return answer


def sold_yesterday(shelf: SharedShelf, units: int) -> str:
    """Rung up while the till was offline, told to Lightspeed now; the local day it happened on."""
    world = shelf.opened.retailer.world
    at = world.now() - timedelta(hours=26)
    level = world.levels[TEE, SHELF]
    level.on_hand += units  # a till that is offline sells what is there to be held, whatever the count says by now
    actions.sell(world, place=SHELF, customer_key=None, lines=[(TEE, units)], channel="pos", occurred_at=at)
    actions.adjust(world, TEE, SHELF, -units, None)
    return at.astimezone(UTC).astimezone(ZoneInfo(world.places[SHELF].timezone)).date().isoformat()


async def test_a_late_sale_counts_on_its_own_day_and_is_told_to_the_other_platform(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        sales = "SELECT day, units FROM daily_sale WHERE sku = 'PROD_001' AND location_id = 'STORE_SEA'"
        before = dict(await shelf.rows(sales))
        day = sold_yesterday(shelf, 2)
        await shelf.sync()
        after = dict(await shelf.rows(sales))
        assert shelf.counts == (8, 8)
        assert {name: units - before.get(name, 0) for name, units in after.items() if units != before.get(name, 0)} == {
            day: 2
        }
        assert await shelf.rows("SELECT count(*) FROM action WHERE kind = 'discount'") == [(0,)]


async def test_an_oversell_found_late_is_told_with_every_way_out_and_closed_when_goods_come(
    database_url: str, tmp_path: Path
):
    async with shared_shelf(database_url, tmp_path) as shelf:
        shelf.put(1)
        await shelf.sync()
        sold = shelf.sell_online(1)  # the last one, and a till that was offline had sold it already
        await shelf.sync()
        sold_yesterday(shelf, 1)
        await shelf.sync()
        [(units, orders, late)] = await shelf.rows("SELECT units, orders, late FROM oversell WHERE settled_at IS NULL")
        assert (units, orders, late) == (1, [f"shopify:order:{sold.id}"], True)
        [level] = (await stock(shelf.opened)).levels
        assert level.oversold == 1
        assert level.proposed
        told = await shelf.opened.house.guard.invoke(PIA, "read_plan", {"view": "discrepancies"}, STORY)
        assert isinstance(told, Planned)
        [short] = [each for each in told.discrepancies if each.cause == "oversold"]
        assert (short.ours, short.location_id, short.documents) == (-1, SHELF, (f"shopify:order:{sold.id}",))
        [(remedies,)] = await shelf.rows("SELECT remedies FROM oversell")
        assert (short.money, short.fix.startswith(remedies[0]["sentence"])) == (remedies[0]["cost"], True)
        costs = [each["cost"] for each in remedies]
        assert (costs, len(costs)) == (sorted(costs), 3)
        shelf.put(4)
        await shelf.sync()
        assert shelf.counts[1] == shelf.counts[0]
        assert await shelf.rows("SELECT remedy, settled_by FROM oversell") == [("stock came", "system:sync")]
