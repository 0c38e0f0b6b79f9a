"""The night's forecast in the store: made, kept, overridden within bounds, measured, and planned with."""

from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from sqlalchemy import insert, text

from knowledge.demand.kept import GOOD_FOR, Kept, kept_forecasts
from knowledge.demand.nightly import make_forecasts
from knowledge.demand.shelf import shelves_at
from knowledge.planning.chain import read_chain
from knowledge.planning.known_better import Days, add_event
from knowledge.planning.orders import orders
from knowledge.planning.overrides import end_override, keep_override, measured, records, settle
from knowledge.planning.pictures import bars, fan
from knowledge.planning.running_out import running_out
from knowledge.planning.transfers import transfers
from knowledge.planning.what_if import Supposed, suppose
from knowledge.store.planning_tables import supplier
from knowledge.store.session import Database
from knowledge.store.stock_tables import stock_movement
from knowledge.store.tables import action, event, inventory_level
from policies.actions.forecast_override import MOST, ForecastOverride
from policies.errors import NotFound, Refused
from policies.vocabulary.money import Money
from tests.unit.agents.shop import NOW, PLACES, open_shop

pytestmark = pytest.mark.anyio
TODAY = NOW.date()
_SALE = text(
    "INSERT INTO daily_sale (sku, location_id, day, units) SELECT * FROM unnest("
    "CAST(:sku AS text[]), CAST(:place AS text[]), CAST(:day AS text[]), CAST(:units AS int[]))"
)


@pytest.fixture
async def shop(database: Database) -> Database:
    """Half a year in which two shops sell four and one tees a day, and jeans now and then."""
    await open_shop(database)
    chance = np.random.default_rng(1)
    rows: list[tuple[str, str, str, int]] = []
    for age in range(1, 150):
        day = (TODAY - timedelta(days=age)).isoformat()
        for sku, place, mean in (("TEE", "STORE_1", 4.0), ("TEE", "STORE_2", 1.0), ("JEANS", "STORE_1", 0.5)):
            rows.append((sku, place, day, int(chance.poisson(mean))))
    columns = zip(*rows, strict=True)
    async with database.transaction() as connection:
        await connection.execute(_SALE, dict(zip(("sku", "place", "day", "units"), map(list, columns), strict=True)))
    return database


async def kept(database: Database, sku: str = "TEE", place: str = "STORE_1", today: date = TODAY) -> Kept:
    async with database.reading() as connection:
        return (await kept_forecasts(connection, today, [sku]))[sku, place]


async def override(database: Database, percent: int, **changed: Any) -> bool:
    told: dict[str, Any] = {
        "store": "STORE_1", "sku": "TEE", "percent": percent, "first": TODAY, "last": TODAY + timedelta(days=6),
        "cause": "local_event", "words": "street fair", "value": Money(0, "USD"), "reference": "tillhand-1", **changed,
    }  # fmt: skip
    action = told.pop("action", "action-1")
    async with database.transaction() as connection:
        made = ForecastOverride(**told)
        return await keep_override(connection, made, action=action, by=told.get("by", "planner:ada"), at=NOW)


def done(kind: str, state: str, facts: dict[str, Any], at: datetime) -> dict[str, Any]:
    """An action that reached this state then."""
    return {
        "id": f"{kind}-1", "kind": kind, "location_id": "STORE_1", "actor_id": "planner:ada", "actor": {},
        "idempotency_key": "k", "fingerprint": "f", "facts": facts, "proposal": {}, "correlation_id": "c",
        "causation_id": "c", "situation": {}, "verdict": {}, "state": state, "money": 0, "currency": "USD",
        "created_at": at, "settled_at": at,
    }  # fmt: skip


async def stock(database: Database, levels: dict[tuple[str, str], int]) -> None:
    async with database.transaction() as connection:
        for (sku, place), available in levels.items():
            row = {"sku": sku, "location_id": place, "available": available, "observed_at": NOW}
            await connection.execute(insert(inventory_level).values(row))


async def test_a_nights_forecast_is_kept_with_its_drivers(shop: Database):
    assert await make_forecasts(shop, now=NOW) == 3
    one = await kept(shop)
    assert one.expected(TODAY, 7) == pytest.approx(28, rel=0.2)
    assert one.level * one.share == pytest.approx(4, rel=0.25)
    assert one.quantile(0.9, TODAY, 7) > one.expected(TODAY, 7)
    assert one.first == TODAY


async def test_days_with_an_empty_shelf_do_not_lower_a_forecast(shop: Database):
    async with shop.transaction() as connection:
        since = TODAY - timedelta(days=20)
        await connection.execute(
            text("DELETE FROM daily_sale WHERE sku = 'TEE' AND location_id = 'STORE_1' AND day > :day"),
            {"day": since.isoformat()},
        )
    await make_forecasts(shop, now=NOW)
    lowered = (await kept(shop)).expected(TODAY, 7)
    async with shop.transaction() as connection:
        for number, (age, available) in enumerate(((20, 0), (0, 50))):
            at = NOW - timedelta(days=age)
            facts = {"item": "shopify:InventoryItem:TEE", "location": "STORE_1", "available": available}
            row = {
                "id": f"count-{number}", "source": "shopify", "delivery": str(number), "topic": "inventory.updated",
                "lane": "STORE_1", "occurred_at": at, "received_at": at, "correlation_id": "s", "facts": facts,
            }  # fmt: skip
            await connection.execute(insert(event).values(row))
    await make_forecasts(shop, now=NOW)
    assert (await kept(shop)).expected(TODAY, 7) > 1.15 * lowered


async def test_a_forecast_nobody_renewed_is_not_used(shop: Database):
    await make_forecasts(shop, now=NOW)
    async with shop.reading() as connection:
        assert await kept_forecasts(connection, TODAY + GOOD_FOR)
        assert not await kept_forecasts(connection, TODAY + GOOD_FOR + timedelta(days=1))


async def test_a_young_chain_is_refused_and_keeps_what_it_had(shop: Database):
    await make_forecasts(shop, now=NOW)
    async with shop.transaction() as connection:
        await connection.execute(text("DELETE FROM daily_sale WHERE day < '2026-02-20'"))
    with pytest.raises(Refused) as refused:
        await make_forecasts(shop, now=NOW)
    assert refused.value.code == "forecast.thin_history"
    assert (await kept(shop)).mean


async def test_a_known_promotion_is_in_the_next_forecast(shop: Database):
    await make_forecasts(shop, now=NOW)
    plain = await kept(shop)
    async with shop.transaction() as connection:
        days = Days(TODAY + timedelta(days=1), TODAY + timedelta(days=2))
        await add_event(
            connection, sku="TEE", place="", days=days, percent=200, reason="sale", by="planner:ada", at=NOW
        )
    await make_forecasts(shop, now=NOW)
    told = await kept(shop)
    assert told.mean[1] == pytest.approx(2 * plain.mean[1], rel=1e-3)
    assert told.mean[3] == pytest.approx(plain.mean[3], rel=1e-3)
    assert told.events[:4] == (1, 2, 2, 1)


async def test_an_event_that_ends_before_it_begins_is_refused(shop: Database):
    async with shop.transaction() as connection:
        with pytest.raises(Refused) as refused:
            await add_event(
                connection, sku="TEE", place="", days=Days(TODAY, TODAY - timedelta(days=1)), percent=150, reason="x",
                by="planner:ada", at=NOW,
            )  # fmt: skip
    assert refused.value.code == "planning.days"


@pytest.mark.parametrize("percent", [MOST, -MOST])
async def test_an_override_changes_its_days_and_no_others(shop: Database, percent: int):
    await make_forecasts(shop, now=NOW)
    plain = await kept(shop)
    await override(shop, percent)
    changed = await kept(shop)
    assert changed.mean[:7] == pytest.approx([value * (1 + percent / 100) for value in plain.mean[:7]])
    assert changed.mean[7:] == plain.mean[7:]
    assert changed.override
    assert changed.override.reason == "street fair"


async def test_an_override_of_what_has_no_forecast_is_refused(shop: Database):
    await make_forecasts(shop, now=NOW)
    with pytest.raises(NotFound) as refused:
        await override(shop, 10, sku="SOCKS")
    assert refused.value.code == "forecast.none"


async def test_an_override_is_written_once_per_action_and_never_over_another(shop: Database):
    await make_forecasts(shop, now=NOW)
    plain = await kept(shop)
    assert await override(shop, 10)
    assert not await override(shop, 10)
    for clash in ({}, {"everywhere": True}, {"first": TODAY + timedelta(days=6), "last": TODAY + timedelta(days=9)}):
        with pytest.raises(Refused) as refused:
            await override(shop, 10, action="action-2", **clash)
        assert refused.value.code == "override.overlaps"
    later = {"first": TODAY + timedelta(days=7), "last": TODAY + timedelta(days=8)}
    assert await override(shop, -10, action="action-2", **later)
    assert await override(shop, 10, action="action-3", store="STORE_2")
    told = await kept(shop)
    assert told.override
    assert told.override.percent == 10, "the one in force, not the newest"
    assert told.mean[0] / told.mean[7] == pytest.approx(plain.mean[0] / plain.mean[7] * 1.1 / 0.9)


async def test_an_override_that_is_ended_changes_nothing_and_is_not_measured(shop: Database):
    await make_forecasts(shop, now=NOW)
    plain = await kept(shop)
    await override(shop, 20)
    async with shop.transaction() as connection:
        assert await end_override(connection, "action-1", NOW)
        assert not await end_override(connection, "action-1", NOW)
        with pytest.raises(NotFound):
            await end_override(connection, "action-9", NOW)
    assert (await kept(shop)).mean == plain.mean
    async with shop.transaction() as connection:
        assert not await settle(connection, NOW + timedelta(days=30))
        assert not await measured(connection, TODAY + timedelta(days=30))
    assert await override(shop, 20, action="action-2")


async def test_a_refill_is_decided_by_the_forecast_with_its_overrides(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2})
    paces: list[float] = []
    for percent in (0, MOST):
        if percent:
            await override(shop, percent)
        async with shop.reading() as connection:
            shelves = await shelves_at(connection, [("TEE", "STORE_1")], TODAY)
        paces.append(shelves["TEE", "STORE_1"].velocity.mean)
    assert paces[0] == pytest.approx((await kept(shop)).expected(TODAY, 3) / 3 / 1.3)
    assert paces[1] == pytest.approx(paces[0] * 1.3)


async def test_an_override_is_measured_when_it_has_ended(shop: Database):
    await make_forecasts(shop, now=NOW)
    said = (await kept(shop)).expected(TODAY, 7)
    await override(shop, 20)
    later = TODAY + timedelta(days=7)
    async with shop.transaction() as connection:
        sold = {"sku": ["TEE"], "place": ["STORE_1"], "day": [TODAY.isoformat()], "units": [round(said * 1.2)]}
        await connection.execute(_SALE, sold)
    async with shop.reading() as connection:
        assert not await measured(connection, later - timedelta(days=1))
        (told,) = await measured(connection, later)
    assert told.helped
    assert told.said == pytest.approx(said)


async def test_what_came_of_an_override_is_settled_once_and_learned_two_days_after_it_ended(shop: Database):
    await make_forecasts(shop, now=NOW)
    await override(shop, 30)  # nothing sells in its days
    async with shop.transaction() as connection:
        assert not await settle(connection, NOW + timedelta(days=8))
        assert not await records(connection, ["planner:ada"])
        (told,) = await settle(connection, NOW + timedelta(days=9))
        assert not await settle(connection, NOW + timedelta(days=10))
        learned = await records(connection, ["planner:ada", "planner:bob"])
    assert not told.helped
    assert set(learned) == {("planner:ada", "local_event")}
    assert learned["planner:ada", "local_event"] < 1


async def test_the_plan_moves_goods_to_where_they_will_run_out(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("TEE", "STORE_2"): 60, ("TEE", "STORE_9"): 90})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    found = await transfers(chain, PLACES)
    assert [(move.origin, move.destination) for move in found] == [("STORE_2", "STORE_1")]
    assert found[0].earns > 0
    assert found[0].otherwise > 0.9
    assert found[0].units > 10, "one night moves what is needed, not a few packs"
    assert not found[0].instead, "nobody else of the platform has any"


async def test_a_move_tells_where_else_the_goods_could_come_from(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("TEE", "STORE_2"): 60, ("TEE", "WAREHOUSE"): 200})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    moves = await transfers(chain, PLACES)
    first = next(move for move in moves if move.destination == "STORE_1")
    told = dict(first.instead)
    assert set(told) == {"STORE_2", "WAREHOUSE"} - {first.origin}
    assert all(earns <= first.earns for earns in told.values())


async def test_a_warehouse_that_sells_nothing_itself_sends_what_shops_lack(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 8, ("TEE", "WAREHOUSE"): 40, ("JEANS", "STORE_2"): 9})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    moves = await transfers(chain, PLACES)
    assert ("TEE", "WAREHOUSE", "STORE_1") in {(move.sku, move.origin, move.destination) for move in moves}
    assert "STORE_2" not in {move.origin for move in moves if move.sku == "JEANS"}, "a shop keeps what nobody forecasts"


async def test_what_if_changes_the_plan_and_nothing_that_is_kept(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 30, ("TEE", "STORE_2"): 500})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (stands,) = await running_out(chain)
    (more,) = await running_out(suppose(chain, Supposed(demand_percent=200)))
    assert more.day < stands.day
    assert more.at_stake > stands.at_stake
    assert await running_out(chain) == [stands]
    assert not await running_out(suppose(chain, Supposed(demand_percent=0, sku="TEE", location="STORE_1")))
    assert await running_out(suppose(chain, Supposed(demand_percent=0, sku="JEANS"))) == [stands]


async def test_a_supplier_that_comes_late_puts_more_at_stake(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 10, ("TEE", "STORE_2"): 500})
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE variant SET vendor = 'Loom' WHERE sku = 'TEE'"))
        row = {"vendor": "Loom", "lead_days": 5, "review_days": 7, "pack": 6, "minimum": 0}
        await connection.execute(insert(supplier).values(row))
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (stands,), (late,) = [await running_out(suppose(chain, Supposed(late_days=days))) for days in (0, 4)]
    assert late.at_stake > stands.at_stake


async def test_a_best_seller_that_will_not_last_is_told_with_its_day(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 10, ("TEE", "STORE_2"): 500, ("JEANS", "STORE_1"): 500})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (alert,) = await running_out(chain)
    assert (alert.sku, alert.location) == ("TEE", "STORE_1")
    assert TODAY + timedelta(days=1) <= alert.day <= TODAY + timedelta(days=4)
    assert not alert.event


async def test_orders_go_to_described_vendors_within_the_budget(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("JEANS", "STORE_1"): 500})
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE variant SET vendor = 'Loom' WHERE sku = 'TEE'"))
        row = {"vendor": "Loom", "lead_days": 5, "review_days": 7, "pack": 6, "minimum": 0}
        await connection.execute(insert(supplier).values(row))
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (line,) = await orders(chain, PLACES, 10**7)
    assert (line.vendor, line.sku, line.units % 6) == ("Loom", "TEE", 0)
    assert line.cost == line.units * 1200
    assert not await orders(chain, PLACES, 6 * 1200 - 1)


async def planned(shop: Database, budget: int = 100_000) -> int:
    """Tees to be ordered."""
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    return sum(line.units for line in await orders(chain, PLACES, budget) if line.sku == "TEE")


async def test_what_was_ordered_is_not_ordered_again_until_it_should_have_come(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("JEANS", "STORE_1"): 10})
    await make_forecasts(shop, now=NOW)
    async with shop.transaction() as connection:
        await connection.execute(insert(supplier).values(vendor="", lead_days=7, review_days=7, pack=1, minimum=0))
    wanted = await planned(shop)
    assert wanted > 0
    lines = [{"sku": "TEE", "units": wanted, "unit_cost": 1}]
    for kind, state, age, left in (
        ("reorder", "undone", 1, wanted),
        ("reorder", "executed", 8, wanted),
        ("reorder", "executed", 1, 0),
    ):
        async with shop.transaction() as connection:
            await connection.execute(text("DELETE FROM action"))
            facts = {"vendor": "", "lines": lines, "reference": "tillhand-9"}
            await connection.execute(insert(action).values(**done(kind, state, facts, NOW - timedelta(days=age))))
        assert await planned(shop) == left
    async with shop.transaction() as connection:  # where the platform tells what is coming, it is believed
        await connection.execute(text("UPDATE inventory_level SET incoming = 0 WHERE sku = 'TEE'"))
    assert await planned(shop) == wanted


async def test_goods_that_move_are_coming_until_they_were_counted(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 0})
    await make_forecasts(shop, now=NOW)

    async def coming() -> int:
        async with shop.reading() as connection:
            return (await read_chain(connection, TODAY)).levels["TEE", "STORE_1"].incoming

    async with shop.transaction() as connection:
        facts = {"lines": [{"sku": "TEE", "units": 6}], "reference": "tillhand-9"}
        await connection.execute(insert(action).values(**done("transfer", "executed", facts, NOW)))
    assert await coming() == 6
    async with shop.transaction() as connection:
        row = {"sku": "TEE", "location_id": "STORE_1", "reference": "tillhand-9", "cause": "transfer", "units": 6}
        await connection.execute(insert(stock_movement).values(**row, occurred_at=NOW, recorded_at=NOW))
    assert await coming() == 0


async def test_what_another_shop_can_spare_is_moved_and_not_bought(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 9})
    await make_forecasts(shop, now=NOW)
    async with shop.transaction() as connection:
        await connection.execute(insert(supplier).values(vendor="", lead_days=7, review_days=7, pack=1, minimum=0))
    scarce = await planned(shop)
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE inventory_level SET available = 200 WHERE location_id = 'STORE_2'"))
    async with shop.reading() as connection:
        moves = await transfers(await read_chain(connection, TODAY), PLACES)
    moved = sum(move.units for move in moves if (move.sku, move.destination) == ("TEE", "STORE_1"))
    assert moved > 0
    assert await planned(shop) <= scarce - moved


async def test_without_a_forecast_there_is_no_plan(database: Database):
    async with database.reading() as connection:
        with pytest.raises(NotFound) as missing:
            await read_chain(connection, TODAY)
    assert missing.value.code == "forecast.none"


async def test_pictures_are_whole_svg_with_nothing_of_others_in_them(shop: Database):
    await make_forecasts(shop, now=NOW)
    for picture in (fan(await kept(shop)), bars([("<script>", 3), ("STORE_1", -2)])):
        assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314  # our own
        assert "<script" not in picture
