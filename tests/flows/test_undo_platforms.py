"""Taking many actions back on both simulated platforms: while one is down, and after the process that did it died."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from knowledge.store.session import utc_now
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.recording_platform import KilledError
from tools.guard import Guard
from tools.proposal import Decision, Origin
from tools.propose.decided import Decided
from tools.undo.report import UndoReport
from tools.undo.scope import Scope
from tools.undo.undoing import Undoing

pytestmark = pytest.mark.anyio

PLANNER = Actor("planner:pat", Role.PLANNER, None, Door.MCP)
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
STORY = Origin(CorrelationId("story-1"), "event-1")


def _shelves(opened: OpenHouse, platform: str) -> list[tuple[str, str, int]]:
    """Two counts at the platform's shops: location, sku, units."""
    shops = {place.id for place in opened.house.places.on(platform) if place.kind == "shop"}
    levels = sorted(opened.retailer.world.levels.items())
    return [(place, sku, level.available) for (sku, place), level in levels if place in shops and level.available][:2]


async def _adjusted(opened: OpenHouse) -> list[tuple[str, str, int]]:
    """The counts of four shelves, two on each platform, each raised by one in one run."""
    shelves = [*_shelves(opened, "shopify"), *_shelves(opened, "lightspeed")]
    for number, (place, sku, units) in enumerate(shelves):
        asked = {
            "location_id": place,
            "sku": sku,
            "delta": 1,
            "expected": units,
            "idempotency_key": f"count-{number:04}",
            "reason": "Counted again.",
        }
        decided = await opened.house.guard.invoke(PLANNER, "propose_stock_adjustment", asked, STORY)
        assert isinstance(decided, Decided)
        assert decided.state == "executed", decided.error
    assert len(shelves) == 4
    return shelves


def _counts(opened: OpenHouse, shelves: Sequence[tuple[str, str, int]]) -> list[int]:
    return [opened.retailer.world.levels[sku, place].available for place, sku, _ in shelves]


async def _begin(opened: OpenHouse, undoing: Undoing | None = None) -> UndoReport:
    scope = Scope("run", STORY.correlation, utc_now())
    origin = Origin(CorrelationId("undo-1"), "cli:1")
    return await (undoing or opened.house.undoing).begin(
        ADA, scope, key="undo-run-1", reason="Counted wrongly.", origin=origin
    )


async def _hurry(opened: OpenHouse) -> None:
    """Let the time pass that a dead or waiting one is given."""
    async with opened.database.transaction() as connection:
        past = utc_now() - timedelta(seconds=1)
        await connection.execute(text("UPDATE undo_batch SET not_before = :past"), {"past": past})
        await connection.execute(
            text("UPDATE action SET claimed_until = :past WHERE state = 'executing'"), {"past": past}
        )


async def _finish(opened: OpenHouse) -> None:
    """What workers do: carry out what is left, then go on with the batch."""
    await _hurry(opened)
    async with opened.database.reading() as connection:
        left = await connection.execute(text("SELECT id FROM action WHERE state IN ('allowed', 'executing')"))
        ids = list(left.scalars())
    for each in ids:
        await opened.house.carry_out(each)
    await opened.house.undoing.carry_on()


async def test_a_run_over_both_platforms_is_taken_back_on_both(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        shelves = await _adjusted(opened)
        before = _counts(opened, shelves)
        report = await _begin(opened)

        assert (report.state, report.totals.reversed) == ("done", 4)
        assert _counts(opened, shelves) == [count - 1 for count in before] == [units for _, _, units in shelves]


@pytest.mark.parametrize("platform", ["shopify", "lightspeed"])
async def test_a_platform_down_in_the_middle_keeps_its_half_until_it_is_back(
    database_url: str, tmp_path: Path, platform: str
):
    async with open_house(database_url, tmp_path) as opened:
        shelves = await _adjusted(opened)
        faults = opened.retailer.faults[platform]
        faults.down = True
        report = await _begin(opened)
        faults.down = False
        faults.lose_answer_next = 1  # and the first answer after that is lost
        for _ in range(3):
            await _finish(opened)
        done = await opened.house.undoing.report(ADA, report.batch_id)

        assert (report.state, report.totals.reversed, report.totals.pending) == ("open", 2, 2)
        assert (done.state, done.totals.reversed) == ("done", 4)
        assert _counts(opened, shelves) == [units for _, _, units in shelves]


class Dying:
    """A guard in a process that dies right after its third undo reached the platform."""

    def __init__(self, guard: Guard) -> None:
        self.authorize, self.withdraw, self.finish = guard.authorize, guard.withdraw, guard.finish
        self._guard = guard
        self._left = 3

    async def undo(self, actor: Actor, action_id: str, *, key: str, reason: str, origin: Origin) -> Decision:
        decision = await self._guard.undo(actor, action_id, key=key, reason=reason, origin=origin)
        self._left -= 1
        if not self._left:
            raise KilledError
        return decision


async def test_a_process_that_dies_in_the_middle_is_followed_by_one_that_finishes(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        shelves = await _adjusted(opened)
        with pytest.raises(KilledError):
            await _begin(opened, Undoing(opened.database, Dying(opened.house.guard)))
        half = _counts(opened, shelves)
        await _finish(opened)
        report = await _begin(opened)

        assert half != [units for _, _, units in shelves]
        assert (report.state, report.totals.reversed) == ("done", 4)
        assert _counts(opened, shelves) == [units for _, _, units in shelves]
