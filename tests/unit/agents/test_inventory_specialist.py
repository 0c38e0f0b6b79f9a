"""A shelf about to run out is refilled once, from whoever can spare most, and never by stripping somebody."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from agents.specialists.inventory import InventorySpecialist
from knowledge.events.event import Topic
from knowledge.store.session import Database
from knowledge.store.tables import action, inventory_level
from policies.actions.transfer import Transfer
from policies.limits import Limits
from tests.unit.agents.shop import NOW, PLACES, happened, open_shop, order, sold, stock
from tools.proposal import Proposal

pytestmark = pytest.mark.anyio


@pytest.fixture
async def inventory(database: Database) -> InventorySpecialist:
    """The first shop sells two tees a day and has three; the warehouse has plenty."""
    await open_shop(database)
    async with database.transaction() as connection:
        await sold(connection, "TEE", "STORE_1", 2)
        await stock(connection, "TEE", "STORE_1", 3)
        await stock(connection, "TEE", "STORE_2", 30)
        await stock(connection, "TEE", "STORE_9", 500)
        await stock(connection, "TEE", "WAREHOUSE", 100)
    return InventorySpecialist(database, PLACES, Limits.read(), now=lambda: NOW)


async def remember(database: Database, proposal: Proposal, state: str, *, key: str = "") -> None:
    row = {
        "id": "a-1", "kind": "transfer", "location_id": "STORE_1", "actor_id": "specialist:inventory", "actor": {},
        "idempotency_key": key or proposal.key, "fingerprint": "0" * 64, "facts": proposal.action.facts(),
        "proposal": {}, "correlation_id": "s", "causation_id": "", "situation": {}, "verdict": {}, "state": state,
        "money": 1, "currency": "USD", "created_at": NOW,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(action).values(row))


async def test_a_low_shelf_is_refilled_from_the_largest_surplus_of_its_platform(inventory: InventorySpecialist):
    finding = await inventory.consider([order("o1", "TEE")], {})
    (proposal,) = finding.proposals
    transfer = proposal.action
    assert isinstance(transfer, Transfer)
    assert (transfer.origin, transfer.destination) == ("WAREHOUSE", "STORE_1")
    # two a day for seven days, and ten that a Poisson count of 6 exceeds less than once in twenty, less those there
    assert transfer.lines[0].units == 14 + 10 - 3
    assert transfer.value.minor == 21 * 1200
    assert proposal.evidence["reorder_point"] == 10
    assert proposal.origin.causation == "o1"


async def test_a_shelf_at_its_reorder_point_is_left_alone_and_one_below_is_not(
    inventory: InventorySpecialist, database: Database
):
    for available, proposals in ((10, 0), (9, 1)):
        async with database.transaction() as connection:
            shelf = (inventory_level.c.location_id == "STORE_1") & (inventory_level.c.sku == "TEE")
            await connection.execute(update(inventory_level).where(shelf).values(available=available))
        assert len((await inventory.consider([order("o1", "TEE")], {})).proposals) == proposals


async def test_what_is_on_its_way_counts(inventory: InventorySpecialist, database: Database):
    async with database.transaction() as connection:
        await connection.execute(
            update(inventory_level).where(inventory_level.c.location_id == "STORE_1").values(incoming=8)
        )
    assert (await inventory.consider([order("o1", "TEE")], {})).passed == {"enough": 1}


async def test_an_origin_keeps_its_reorder_point_and_two_units(inventory: InventorySpecialist, database: Database):
    """STORE_2 sells two a day as well: of 30 it needs 10 and keeps 2."""
    async with database.transaction() as connection:
        await sold(connection, "TEE", "STORE_2", 2)
        await connection.execute(
            update(inventory_level).where(inventory_level.c.location_id == "WAREHOUSE").values(available=2)
        )
    (proposal,) = (await inventory.consider([order("o1", "TEE")], {})).proposals
    assert isinstance(proposal.action, Transfer)
    assert (proposal.action.origin, proposal.action.lines[0].units) == ("STORE_2", 18)


async def test_two_low_shelves_do_not_get_the_same_units(inventory: InventorySpecialist, database: Database):
    async with database.transaction() as connection:
        await sold(connection, "TEE", "STORE_2", 2)
        for location, available in (("STORE_2", 3), ("WAREHOUSE", 30)):
            place = inventory_level.c.location_id == location
            await connection.execute(update(inventory_level).where(place).values(available=available))
    finding = await inventory.consider([order("o1", "TEE"), order("o2", "TEE", location="STORE_2")], {})
    moved = [proposal.action.lines[0].units for proposal in finding.proposals if isinstance(proposal.action, Transfer)]
    assert moved == [21, 7]


async def test_what_an_open_transfer_will_take_is_not_promised_again(
    inventory: InventorySpecialist, database: Database
):
    """The warehouse has 30 and keeps 2; 22 are on their way to the first shop."""
    async with database.transaction() as connection:
        await sold(connection, "TEE", "STORE_2", 2)
        for location, available in (("STORE_2", 3), ("WAREHOUSE", 30)):
            place = inventory_level.c.location_id == location
            await connection.execute(update(inventory_level).where(place).values(available=available))
    (proposal,) = (await inventory.consider([order("o1", "TEE")], {})).proposals
    await remember(database, proposal, "executed")
    (other,) = (await inventory.consider([order("o2", "TEE", location="STORE_2")], {})).proposals
    assert isinstance(other.action, Transfer)
    assert other.action.lines[0].units == 7


async def test_when_nobody_can_spare_any_a_person_hears_of_it_once(inventory: InventorySpecialist, database: Database):
    async with database.transaction() as connection:
        await connection.execute(
            update(inventory_level).where(inventory_level.c.location_id != "STORE_9").values(available=2)
        )
    finding = await inventory.consider([order("o1", "TEE")], {})
    assert finding.proposals == ()
    (note,) = finding.notes
    assert note[0] == "o1"
    assert "order from the supplier" in note[1]
    assert (await inventory.consider([order("o2", "TEE")], {})).notes == ()


async def test_counts_too_old_to_move_goods_on_move_none(inventory: InventorySpecialist, database: Database):
    for age, proposals in ((900, 1), (901, 0)):
        async with database.transaction() as connection:
            old = NOW - timedelta(seconds=age)
            await connection.execute(update(inventory_level).values(observed_at=old))
        finding = await inventory.consider([order("o1", "TEE")], {})
        assert len(finding.proposals) == proposals
    assert finding.passed == {"counts_too_old": 1}


@pytest.mark.parametrize("state", ["waiting", "allowed", "executing", "executed", "denied"])
async def test_a_shelf_asked_for_today_is_not_asked_for_again(
    inventory: InventorySpecialist, database: Database, state: str
):
    (proposal,) = (await inventory.consider([order("o1", "TEE")], {})).proposals
    await remember(database, proposal, state)
    assert (await inventory.consider([order("o2", "TEE")], {})).passed == {"asked_lately": 1}


@pytest.mark.parametrize(("state", "proposals"), [("executed", 0), ("denied", 1), ("failed", 1), ("undone", 1)])
async def test_a_transfer_of_yesterday_blocks_only_while_it_may_still_arrive(
    inventory: InventorySpecialist, database: Database, state: str, proposals: int
):
    (proposal,) = (await inventory.consider([order("o1", "TEE")], {})).proposals
    await remember(database, proposal, state, key=proposal.key.replace("2026-03-10", "2026-03-09"))
    assert len((await inventory.consider([order("o2", "TEE")], {})).proposals) == proposals


async def test_the_reference_is_the_same_all_day(inventory: InventorySpecialist):
    first, second = [(await inventory.consider([order(name, "TEE")], {})).proposals[0] for name in ("o1", "o2")]
    assert (first.key, first.action) == (second.key, second.action)


async def test_what_hardly_sells_is_not_moved(inventory: InventorySpecialist, database: Database):
    async with database.transaction() as connection:
        await sold(connection, "JEANS", "STORE_1", 1, days=2)
        await stock(connection, "JEANS", "STORE_1", 0)
        await stock(connection, "JEANS", "WAREHOUSE", 100)
    assert (await inventory.consider([order("o1", "JEANS")], {})).passed == {"enough": 1}


async def test_online_orders_draw_on_the_warehouse_which_is_never_refilled_from_shops(
    inventory: InventorySpecialist, database: Database
):
    async with database.transaction() as connection:
        await sold(connection, "TEE", "WAREHOUSE", 50)
    finding = await inventory.consider([order("o1", "TEE", location="ONLINE")], {})
    assert finding.proposals == ()
    assert "left at WAREHOUSE" in finding.notes[0][1]


async def test_a_count_named_by_the_platforms_item_finds_its_shelf(inventory: InventorySpecialist):
    facts = {"location": "STORE_1", "sku": "", "item": "shopify:InventoryItem:TEE", "available": 3}
    finding = await inventory.consider([happened("l1", Topic.INVENTORY_UPDATED, facts)], {})
    assert len(finding.proposals) == 1


async def test_unknown_locations_and_uncounted_variants_are_passed_over(inventory: InventorySpecialist):
    finding = await inventory.consider([order("o1", "TEE", location="NOWHERE"), order("o2", "NEVER_COUNTED")], {})
    assert (finding.proposals, finding.passed) == ((), {"location_unknown": 1, "not_counted": 1})
