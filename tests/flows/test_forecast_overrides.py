"""A change of a forecast by hand, from a planner's or an assistant's wish to what is learned of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from knowledge.demand.kept import kept_forecasts
from knowledge.demand.nightly import make_forecasts
from knowledge.planning.overrides import records
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.open_house import OpenHouse, open_house
from tools.overriding.book import OverrideBook
from tools.proposal import Origin
from tools.propose.decided import Decided

pytestmark = pytest.mark.anyio

PLANNER = Actor("planner:pat", Role.PLANNER, None, Door.CLI)
ASSISTANT = replace(PLANNER, id="assistant:pat", model=True, on_behalf_of="planner:pat")
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
STORY = Origin(CorrelationId("story-1"), "event-1")
SKU, PLACE = "PROD_001", "STORE_123"
_SALE = text("INSERT INTO daily_sale (sku, location_id, day, units) VALUES (:sku, :place, :day, :units)")


async def sold(opened: OpenHouse, units: int, first: int, last: int) -> None:
    """As many a day, from so many days after today to so many."""
    today = datetime.now(UTC).date()
    async with opened.database.transaction() as connection:
        await connection.execute(text("DELETE FROM daily_sale WHERE day >= :day"), {"day": _day(first)})
        for age in range(first, last + 1):
            day = (today + timedelta(days=age)).isoformat()
            await connection.execute(_SALE, {"sku": SKU, "place": PLACE, "day": day, "units": units})


def _day(age: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=age)).isoformat()


async def ready(opened: OpenHouse) -> None:
    await sold(opened, 10, -120, -1)
    await make_forecasts(opened.database, now=datetime.now(UTC))


async def propose(opened: OpenHouse, actor: Actor, percent: int = 20, **more: Any) -> Decided:
    asked: dict[str, Any] = {
        "location_id": PLACE, "sku": SKU, "percent": percent, "first_day": _day(1), "last_day": _day(7),
        "cause": "local_event", "reason": "A street fair.", "idempotency_key": "override-0001", **more,
    }  # fmt: skip
    decided = await opened.house.guard.invoke(actor, "propose_forecast_override", asked, STORY)
    assert isinstance(decided, Decided)
    return decided


async def week(opened: OpenHouse) -> float:
    today = datetime.now(UTC).date()
    async with opened.database.reading() as connection:
        kept = await kept_forecasts(connection, today, [SKU], [PLACE])
    return kept[SKU, PLACE].expected(today + timedelta(days=1), 7)


async def test_a_planner_changes_a_forecast_at_once_and_a_manager_takes_it_back(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await ready(opened)
        before = await week(opened)
        seen = await propose(opened, PLANNER, dry_run=True)
        assert (seen.changes[0].before, seen.changes[0].after) == (round(before), round(before * 1.2))
        assert await week(opened) == before, "a dry run changes nothing"
        done = await propose(opened, PLANNER)
        assert done.state == "executed"
        assert (await propose(opened, PLANNER)).action_id == done.action_id
        assert await week(opened) == pytest.approx(before * 1.2)
        assert await opened.count("SELECT count(*) FROM forecast_override") == 1
        clash = await propose(opened, PLANNER, idempotency_key="override-0002")
        assert (clash.state, clash.reasons[0].rule) == ("denied", "inventory.override_overlaps")
        undone = await opened.house.guard.undo(ADA, done.action_id, key="undo-0001", reason="No fair.", origin=STORY)
        assert undone.state == "executed"
        assert await week(opened) == before


async def test_an_assistant_only_asks_and_the_approval_shows_what_would_change(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await ready(opened)
        before = await week(opened)
        asked = await propose(opened, ASSISTANT)
        assert (asked.state, await week(opened)) == ("waiting", before)
        (one,) = await opened.house.guard.waiting(ADA)
        assert "Leave the forecast" in one.alternatives[0]
        assert "To last" in one.alternatives[1]
        with pytest.raises(Refused):
            await opened.house.guard.answer(ASSISTANT, one.approval_id, approve=True)
        assert (await opened.house.guard.answer(ADA, one.approval_id, approve=True)).state == "executed"
        assert await week(opened) == pytest.approx(before * 1.2)


async def test_a_planner_answers_for_forecasts_and_nothing_else_and_never_for_what_was_asked_for_them(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await ready(opened)
        guard, before = opened.house.guard, await week(opened)
        mine = await propose(opened, ASSISTANT)
        mine_too = {"location_id": PLACE, "sku": SKU, "delta": 60, "expected": 0, "reason": "Found.",
                    "idempotency_key": "count-00001"}  # fmt: skip
        counted = await guard.invoke(PLANNER, "propose_stock_adjustment", mine_too, STORY)
        assert isinstance(counted, Decided)
        assert counted.state == "waiting"
        lee = replace(PLANNER, id="planner:lee")
        assert [each.approval_id for each in await guard.waiting(lee)] == [mine.approval_id]
        for who, approval, code in (
            (PLANNER, mine.approval_id, "approval.own"),
            (replace(lee, model=True), mine.approval_id, "access.model_never_decides"),
            (lee, counted.approval_id, "access.nothing_permits"),
        ):
            with pytest.raises(Refused) as refused:
                await guard.answer(who, approval, approve=True)
            assert refused.value.code == code
        key = await opened.key(Role.PLANNER, name="planner:lee")
        await opened.client.post("/console/login", data={"key": key})
        page = (await opened.client.get("/console/")).text
        token = page.split('name="token" value="')[1].split('"')[0]
        form = {"token": token, "answer": "approve", "percent": "10"}
        taps = [await opened.client.post(f"/console/approvals/{mine.approval_id}", data=form) for _ in range(2)]
        assert [each.headers["location"] for each in taps] == ["/console/?said=executed"] * 2
        assert await week(opened) == pytest.approx(before * 1.1)
        assert await opened.count("SELECT count(*) FROM forecast_override") == 1


async def test_what_came_of_overrides_is_on_record_and_an_ai_whose_made_it_worse_is_refused(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await ready(opened)
        for number in range(3):
            first = {"first_day": _day(1 + 8 * number), "last_day": _day(7 + 8 * number)}
            asked = await propose(opened, ASSISTANT, 30, idempotency_key=f"override-{number:04}", **first)
            await opened.house.guard.answer(ADA, asked.approval_id, approve=True)
        await sold(opened, 10, 1, 24)  # as the forecast had it
        later = OverrideBook(opened.database, lambda: datetime.now(UTC) + timedelta(days=30))
        assert await later.measure() == 3
        assert await later.measure() == 0
        assert await opened.count('SELECT count(*) FROM ledger WHERE entry LIKE \'%"kind":"measured"%\'') == 3
        async with opened.database.reading() as connection:
            assert (await records(connection, [ASSISTANT.id]))[ASSISTANT.id, "local_event"] < 0.5
        more: dict[str, Any] = {"first_day": _day(30), "last_day": _day(31)}
        worse = await propose(opened, ASSISTANT, idempotency_key="override-0009", **more)
        assert (worse.state, "inventory.override_record" in str(worse.reasons)) == ("denied", True)
        other = await propose(opened, ASSISTANT, idempotency_key="override-0010", cause="weather", **more)
        assert other.state == "waiting", "of another cause nothing is known"
