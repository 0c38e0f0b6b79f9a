"""A lane: in order, every event seen once by the agents, the store kept whatever happens to them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from agents.state import BurstOutcome
from knowledge.events.event import Event, Topic
from knowledge.events.families import LevelFacts
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.errors import NotFound, Unavailable
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId, LocationId
from server.queue.dead_letters import count_set_aside, put_all_back, put_back, set_aside
from server.queue.inbox import Inbox
from server.queue.lanes import ATTEMPTS, Lanes, wake_forgotten
from server.telemetry import Metrics

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
S1 = LocationId("S1")
PHONE = "+1 555 123 4567"
PLACES = Places([Place(S1, "First", "shopify", "1", "shop", "NY", "America/New_York", S1)])


class Watching:
    """A supervisor that notes what it sees, and fails on what it is told to."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.poison: set[str] = set()
        self.down = False
        self.notes: tuple[tuple[str, str, str], ...] = ()

    async def handle(self, events: Sequence[Event], customers: Mapping[str, CustomerRef] | None = None) -> BurstOutcome:
        assert customers is not None
        self.seen.append([event.id for event in events])
        if self.down:
            raise Unavailable("The platform does not answer.", code="shopify.unavailable")
        if self.poison & {event.id for event in events}:
            raise ValueError(PHONE)
        return BurstOutcome(seen={}, notes=self.notes)


def level(name: str, available: int, *, second: int = 0, source: str = "shopify") -> Event:
    at = NOW + timedelta(seconds=second)
    facts = LevelFacts(location=S1, sku="TEE", available=available)
    return Event(
        EventId(name), source, name, Topic.INVENTORY_UPDATED, S1, at, at, CorrelationId(name),
        facts.model_dump(mode="json"), "shopify:level:1", at.isoformat(),
    )  # fmt: skip


def lanes(database: Database, supervisor: Watching, *, agents: bool = True, at: datetime = NOW) -> Lanes:
    return Lanes(database, supervisor, PLACES, metrics=Metrics(), agents=lambda: agents, now=lambda: at)


async def stored(database: Database, *events: Event) -> None:
    async with database.transaction() as connection:
        at = NOW - timedelta(days=1)
        await connection.execute(
            text("INSERT INTO variant (sku, title, product, price, currency, observed_at) "
                 "VALUES ('TEE', 'Tee', 'Tee', 2999, 'USD', :at) ON CONFLICT DO NOTHING"), {"at": at},
        )  # fmt: skip
    await Inbox(database, Metrics()).append_all(list(events))


async def one(database: Database, question: str) -> object:
    async with database.reading() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def test_a_lane_is_drained_in_order_one_burst_after_another(database: Database):
    supervisor = Watching()
    await stored(database, *(level(f"e{number}", number, second=number) for number in range(5)))

    drained = await lanes(database, supervisor).drain(S1, burst=2)

    assert supervisor.seen == [["e0", "e1"], ["e2", "e3"], ["e4"]]
    assert (drained.handled, drained.bursts, drained.more) == (5, 3, False)
    assert drained.topics == {"inventory.updated": 5}
    assert await one(database, "SELECT available FROM inventory_level") == 4
    assert await one(database, "SELECT count(*) FROM event WHERE state = 'handled' AND handled_at IS NOT NULL") == 5


async def test_a_burst_run_again_after_a_death_counts_nothing_twice(database: Database):
    supervisor = Watching()
    await stored(database, level("a", 3))
    await lanes(database, supervisor).drain(S1)
    async with database.transaction() as connection:  # as if the worker had died before it wrote the end down
        await connection.execute(text("UPDATE event SET state = 'pending', handled_at = NULL"))

    again = await lanes(database, supervisor).drain(S1)

    assert again.handled == 1
    assert supervisor.seen == [["a"], ["a"]]
    assert await one(database, "SELECT available FROM inventory_level") == 3


async def test_while_agents_are_stopped_the_store_is_kept_up_to_date(database: Database):
    supervisor = Watching()
    await stored(database, level("a", 3))

    drained = await lanes(database, supervisor, agents=False).drain(S1)

    assert (drained.handled, supervisor.seen) == (1, [])
    assert await one(database, "SELECT available FROM inventory_level") == 3


async def test_a_poll_that_tells_nothing_new_does_not_bother_the_agents(database: Database):
    supervisor = Watching()
    await stored(database, level("webhook", 3, second=5), level("poll", 3, second=4, source="poll:shopify"))

    await lanes(database, supervisor).drain(S1)

    assert supervisor.seen == [["webhook"]]


async def test_one_poisonous_event_neither_stops_its_lane_nor_spoils_its_burst(database: Database):
    supervisor = Watching()
    supervisor.poison = {"e1"}
    await stored(database, *(level(f"e{number}", number, second=number) for number in range(4)))

    drained = await lanes(database, supervisor).drain(S1)

    assert (drained.handled, drained.failed, drained.dead) == (3, 1, 0)
    assert supervisor.seen == [["e0", "e1", "e2", "e3"], ["e0"], ["e1"], ["e2"], ["e3"]]
    assert await one(database, "SELECT error FROM event WHERE id = 'e1'") == "ValueError"
    assert await one(database, "SELECT available FROM inventory_level") == 3
    waits = "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'attempt_again' AND lock IS NULL"
    assert await one(database, waits) == NOW + timedelta(seconds=2)


async def test_after_its_last_attempt_an_event_is_a_dead_letter_that_can_be_put_back(database: Database):
    supervisor = Watching()
    supervisor.poison = {"bad"}
    await stored(database, level("bad", 1))
    drain = lanes(database, supervisor).drain
    outcomes = [await drain(S1)]
    outcomes += [await drain(S1, again=True) for _ in range(ATTEMPTS - 1)]

    assert [(each.failed, each.dead) for each in outcomes] == [(1, 0)] * (ATTEMPTS - 1) + [(0, 1)]
    async with database.transaction() as connection:
        (letter,) = await set_aside(connection)
        assert (letter.id, letter.state, letter.attempts, letter.error) == ("bad", "dead", ATTEMPTS, "ValueError")
        await put_back(connection, "bad")
    supervisor.poison = set()

    assert (await drain(S1)).handled == 1
    async with database.reading() as connection:
        assert await count_set_aside(connection) == {"dead": 0, "parked": 0}


async def test_only_dead_letters_are_put_back(database: Database):
    await stored(database, level("fine", 1))
    async with database.transaction() as connection:
        with pytest.raises(NotFound):
            await put_back(connection, "fine")
        assert await put_all_back(connection) == 0


async def test_when_a_platform_is_down_the_whole_burst_waits_and_nothing_is_lost(database: Database):
    supervisor = Watching()
    supervisor.down = True
    await stored(database, level("a", 1), level("b", 2, second=1))

    drained = await lanes(database, supervisor).drain(S1)

    assert (drained.handled, drained.failed, drained.dead) == (0, 2, 0)
    assert supervisor.seen == [["a", "b"]]
    assert await one(database, "SELECT available FROM inventory_level") == 2
    supervisor.down = False
    assert (await lanes(database, supervisor).drain(S1, again=True)).handled == 2


async def test_an_error_is_logged_without_what_it_quotes(database: Database, caplog: pytest.LogCaptureFixture):
    supervisor = Watching()
    supervisor.poison = {"bad"}
    await stored(database, level("bad", 1))

    await lanes(database, supervisor).drain(S1)

    assert "ValueError" in caplog.text
    assert "555" not in caplog.text


async def test_a_lane_that_takes_long_lines_up_again(database: Database):
    await stored(database, level("a", 1), level("b", 2, second=1))

    drained = await lanes(database, Watching()).drain(S1, burst=1, within=0.0)

    assert (drained.handled, drained.more) == (1, True)


async def test_what_specialists_note_is_in_the_ledger_once(database: Database):
    supervisor = Watching()
    supervisor.notes = (("inventory", "a", "Nobody can spare any."),)
    await stored(database, level("a", 1))

    await lanes(database, supervisor).drain(S1)

    assert await one(database, "SELECT count(*) FROM ledger WHERE kind = 'note' AND correlation_id = 'a'") == 1


async def test_a_lane_nobody_was_told_of_is_found(database: Database):
    await stored(database, level("a", 1))
    async with database.transaction() as connection:  # as if the process had died between storing and waking
        await connection.execute(text("DELETE FROM procrastinate_jobs"))

    async with database.transaction() as connection:
        assert await wake_forgotten(connection) == 1

    assert await one(database, "SELECT args ->> 'lane' FROM procrastinate_jobs") == "S1"
