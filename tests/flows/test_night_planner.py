"""The inventory specialist at night, from a week that strayed to a proposal that a manager answers."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from agents.night_planner import ACTOR
from knowledge.demand.nightly import make_forecasts
from policies.actions.forecast_override import ForecastOverride
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId
from tests.flows.open_house import OpenHouse, open_house
from tools.proposal import Decision, Origin, Proposal
from tools.read.planned import Planned

pytestmark = pytest.mark.anyio

ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
PLANNER = Actor("planner:pat", Role.PLANNER, None, Door.MCP)
STORY = Origin(CorrelationId("story-1"), "event-1")
PLACE = "STORE_123"
FELL = [f"PROD_{number:03}" for number in range(1, 6)]
_SALE = text(
    "INSERT INTO daily_sale (sku, location_id, day, units)"
    " SELECT sku, :place, day, :units FROM unnest(CAST(:skus AS text[])) AS sku, unnest(CAST(:days AS text[])) AS day"
)


def _days(first: int, last: int) -> list[str]:
    today = datetime.now(UTC).date()
    return [(today - timedelta(days=age)).isoformat() for age in range(last, first + 1)]


async def fallen(opened: OpenHouse, count: int = 5) -> None:
    """Five variants that sold twenty a day; some of them stopped a week ago, with shelves full."""
    async with opened.database.transaction() as connection:
        known = list((await connection.execute(text("SELECT sku FROM variant ORDER BY sku LIMIT 5"))).scalars())
        FELL[:] = known
        told = {"skus": known, "place": PLACE, "units": 20}
        await connection.execute(_SALE, {**told, "days": _days(120, 8)})
        await connection.execute(_SALE, {**told, "skus": known[count:], "days": _days(7, 1)})
        await connection.execute(
            text("UPDATE inventory_level SET available = 500 WHERE location_id = :place AND sku = ANY(:skus)"),
            {"place": PLACE, "skus": known},
        )
    await make_forecasts(opened.database, now=datetime.now(UTC))


async def proposals(opened: OpenHouse) -> int:
    return await opened.count("SELECT count(*) FROM action WHERE kind = 'forecast_override'")


async def test_the_night_proposes_a_few_bounded_changes_once_and_changes_no_number(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await fallen(opened)
        night = await opened.house.planner.look()
        assert night.proposals == 3, "five shelves strayed; a night proposes three"
        assert await opened.count("SELECT count(*) FROM forecast_override") == 0
        waiting = await opened.house.guard.waiting(ADA)
        assert {one.proposed_by for one in waiting} == {ACTOR.id}
        wanted = [one.action for one in waiting if isinstance(one.action, ForecastOverride)]
        assert all(-30 <= each.percent <= -1 and each.days == 7 for each in wanted)
        assert all(one.expires_at - one.asked_at > timedelta(hours=12) for one in waiting), "there is a day to answer"
        assert all(f"{-each.percent} % less" in each.words for each in wanted)
        assert await opened.house.planner.look() == night
        assert await proposals(opened) == 3

        done = await opened.house.guard.answer(ADA, waiting[0].approval_id, approve=True)
        assert done.state == "executed"
        assert await opened.count("SELECT count(*) FROM forecast_override") == 1


async def test_a_night_killed_midway_goes_on_where_it_was_and_proposes_nothing_twice(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await fallen(opened)
        planner = opened.house.planner
        for survives in (0, 1, 1):
            dying = replace(planner, guard=Dying(opened.house.guard.propose, survives))
            with pytest.raises(KeyboardInterrupt):
                await dying.look()
            async with opened.database.transaction() as connection:  # it died before it noted what it had proposed
                await connection.execute(text("UPDATE night_note SET action_id = ''"))
        assert (await planner.look()).proposals == 3
        assert await proposals(opened) == 3


async def test_what_the_night_noticed_is_read_with_the_plan_by_whoever_may_see_it(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await fallen(opened, 1)
        await opened.house.planner.look()

        async def read(actor: Actor) -> Planned:
            answer = await opened.house.guard.invoke(actor, "read_plan", {"view": "noticed"}, STORY)
            assert isinstance(answer, Planned)
            return answer

        (note,) = [each for each in (await read(PLANNER)).noticed if each.percent]
        assert (note.sku, note.location_id, note.reason) == (FELL[0], PLACE, "below_band")
        assert note.action_id
        elsewhere = replace(PLANNER, locations=frozenset({LocationId("STORE_SEA")}))
        assert not (await read(elsewhere)).noticed


async def test_a_shelf_that_was_empty_and_a_house_whose_agents_are_stopped_propose_nothing(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await fallen(opened)
        stopped = replace(opened.house.planner, agents=_never)
        assert (await stopped.look()).notes == 0
        async with opened.database.transaction() as connection:
            await connection.execute(text("UPDATE inventory_level SET available = 0"))
        assert (await opened.house.planner.look()).proposals == 0


def _never() -> bool:
    return False


class Dying:
    """A guard whose process ends after so many proposals."""

    def __init__(self, propose: Callable[..., Awaitable[Decision]], survives: int) -> None:
        self._propose = propose
        self._left = survives

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return await self._propose(actor, proposal, wait=wait)
