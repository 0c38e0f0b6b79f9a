"""The night's forecast in the store: made, kept, overridden within bounds, measured, and shown."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import insert, text

from knowledge.demand.kept import GOOD_FOR, kept_forecasts
from knowledge.demand.nightly import make_forecasts
from knowledge.demand.shelf import shelves_at
from knowledge.planning.known_better import Days, add_event
from knowledge.planning.overrides import end_override, measured, records, settle
from knowledge.planning.pictures import bars, fan
from knowledge.store.session import Database
from knowledge.store.tables import event
from policies.actions.forecast_override import MOST
from policies.errors import NotFound, Refused
from tests.unit.agents.shop import NOW
from tests.unit.knowledge.planning.half_a_year import SALE, TODAY, kept, open_half_a_year, override, stock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Database:
    return await open_half_a_year(database)


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


async def test_an_event_that_is_over_is_kept_only_when_it_is_meant_and_one_of_nothing_is_refused(shop: Database):
    yesterday, today = (Days(day, day) for day in (TODAY - timedelta(days=1), TODAY))
    told: dict[str, Any] = {"place": "", "percent": 150, "reason": "x", "by": "planner:ada", "at": NOW}
    async with shop.transaction() as connection:
        with pytest.raises(Refused, match="These days are over"):
            await add_event(connection, sku="TEE", days=yesterday, **told)
        with pytest.raises(NotFound, match="NOPE is not in the catalog"):
            await add_event(connection, sku="NOPE", days=today, **told)
        assert await add_event(connection, sku="TEE", days=yesterday, past=True, **told)
        assert await add_event(connection, sku="", days=today, **told)


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
        await connection.execute(SALE, sold)
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


async def test_pictures_are_whole_svg_with_nothing_of_others_in_them(shop: Database):
    await make_forecasts(shop, now=NOW)
    for picture in (fan(await kept(shop)), bars([("<script>", 3), ("STORE_1", -2)])):
        assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314  # our own
        assert "<script" not in picture
