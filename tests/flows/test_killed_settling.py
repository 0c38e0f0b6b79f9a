"""A settlement whose worker was killed while the platform was asked: one change of the count, one record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anyio import fail_after
from sqlalchemy import text

from knowledge.reconcile.settled import name_of
from policies.actions.stock_adjustment import StockAdjustment
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId, Sku
from policies.vocabulary.money import Money
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_killed_worker import kill, until, worker
from tools.proposal import Origin, Proposal

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
SKU, PLACE = Sku("PROD_001"), LocationId("STORE_123")
_FOUND = text(
    """
    INSERT INTO discrepancy
        (sku, location_id, ours, theirs, money, currency, since, looks, told, difference, cause, fix)
    VALUES (:sku, :place, :ours, :theirs, 100, 'USD', :since, 2, TRUE, :units, 'by_hand', 'Count the shelf.')
    """
)


async def found(opened: OpenHouse, count: int, units: int) -> str:
    """A discrepancy as the hourly look keeps it; its name."""
    since = datetime.now(UTC) - timedelta(hours=5)
    row = {"sku": SKU, "place": PLACE, "ours": count + units, "theirs": count, "since": since, "units": units}
    async with opened.database.transaction() as connection:
        await connection.execute(_FOUND, row)
    return name_of(SKU, PLACE, since)


@pytest.mark.timeout(300)
async def test_a_settlement_of_a_killed_worker_is_carried_out_exactly_once(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        shelf = opened.retailer.world.levels[SKU, PLACE]
        before, faults = shelf.available, opened.retailer.faults["shopify"]
        name = await found(opened, before, 3)
        action = StockAdjustment(
            store=PLACE,
            sku=SKU,
            delta=3,
            expected=before,
            value=Money(300, "USD"),
            reference="tillhand-1",
            settles=name,
        )
        proposal = Proposal(action, "settle-0001", Origin(CorrelationId("story"), "call"), "Counted.", {})

        async def begun() -> bool:
            executing = await opened.count("SELECT count(*) FROM action WHERE state = 'executing'")
            return executing == await opened.count("SELECT count(*) FROM settlement") == 1

        async def settled() -> bool:
            return await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == 1

        faults.slow_s = 30.0  # the platform was asked, and has not answered: nobody knows whether it will have done it
        assert (await opened.house.guard.propose(ADA, proposal, wait=False)).state == "allowed"
        with fail_after(270):
            async with worker(opened) as first:
                await until(begun)
                await kill(first)
            assert await opened.count("SELECT count(*) FROM settlement WHERE closed_at IS NULL") == 1
            faults.slow_s = 0.0
            async with opened.database.transaction() as connection:  # a minute passes: the dead worker's lease ends
                await connection.execute(text("UPDATE action SET claimed_until = now() WHERE state = 'executing'"))
            async with worker(opened):
                await until(settled)
        assert shelf.available == before + 3
        assert await opened.count("SELECT count(*) FROM settlement WHERE closed_at IS NOT NULL") == 1
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'executed'") == 1
