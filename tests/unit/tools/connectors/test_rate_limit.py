"""The budget follows what the platform says, and a checkout's write goes before a sweep."""

import asyncio

import pytest

from tools.connectors.rate_limit import Budget, Overdrawn, Priority

pytestmark = pytest.mark.anyio


class HandClock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.seconds + seconds, woken))
        await woken.wait()

    async def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        for moment, woken in self._sleepers:
            if moment <= self.seconds + 1e-9:
                woken.set()
        await settle()


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Spender:
    """Tasks that spend, and the order in which they could."""

    def __init__(self, budget: Budget, group: asyncio.TaskGroup) -> None:
        self.budget = budget
        self.group = group
        self.done: list[str] = []

    def start(self, name: str, cost: float, priority: Priority) -> asyncio.Task[None]:
        async def spend() -> None:
            async with self.budget.spend(cost, priority):
                self.done.append(name)

        return self.group.create_task(spend())


async def test_what_is_there_is_spent_without_waiting():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with budget.spend(60, Priority.WRITE):
        assert budget.level == 40
    await clock.pass_by(2)
    assert budget.level == 60


async def test_it_never_holds_more_than_its_size():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    await clock.pass_by(3_600)
    assert budget.level == 100


async def test_who_asks_for_more_waits_until_it_has_come_back():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("first", 100, Priority.WRITE)
        spender.start("second", 50, Priority.WRITE)
        await settle()
        assert spender.done == ["first"]
        await clock.pass_by(4.9)
        assert spender.done == ["first"]
        await clock.pass_by(0.2)
        assert spender.done == ["first", "second"]


async def test_a_write_goes_before_the_sweeps_that_wait():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("all", 100, Priority.WRITE)
        spender.start("sweep", 20, Priority.SWEEP)
        spender.start("read", 20, Priority.READ)
        await settle()
        spender.start("write", 20, Priority.WRITE)
        for _ in range(20):
            await clock.pass_by(1)
        assert spender.done == ["all", "write", "read", "sweep"]


async def test_a_sweep_leaves_something_for_the_next_checkout():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("sweep", 60, Priority.SWEEP)
        spender.start("another", 60, Priority.SWEEP)
        await settle()
        assert spender.done == ["sweep"]
        spender.start("write", 40, Priority.WRITE)
        await settle()
        assert spender.done == ["sweep", "write"]
        await clock.pass_by(10)
        assert spender.done == ["sweep", "write", "another"]


async def test_something_larger_than_the_budget_waits_for_a_full_one():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("small", 1, Priority.WRITE)
        spender.start("huge", 1_000, Priority.SWEEP)
        await settle()
        assert spender.done == ["small"]
        await clock.pass_by(0.2)
        assert spender.done == ["small", "huge"]


async def test_what_the_platform_says_counts():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    budget.report(5, 2_000, 50)
    assert (budget.level, budget.size, budget.restore_rate) == (5, 2_000, 50)
    await clock.pass_by(1)
    assert budget.level == 55


async def test_requests_the_platform_has_not_seen_are_taken_off_what_it_says():
    budget = Budget(100, 10, HandClock())
    async with budget.spend(30, Priority.WRITE):
        budget.report(100)
        assert budget.level == 70


async def test_a_report_wakes_who_waits():
    clock = HandClock()
    budget = Budget(100, 0.001, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("all", 100, Priority.WRITE)
        spender.start("waiting", 50, Priority.WRITE)
        await settle()
        budget.report(60)
        await settle()
        assert spender.done == ["all", "waiting"]


async def test_after_too_fast_nothing_is_spent_for_as_long_as_was_asked():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    budget.close_for(3)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("write", 1, Priority.WRITE)
        await clock.pass_by(2.9)
        assert spender.done == []
        await clock.pass_by(0.2)
        assert spender.done == ["write"]


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("all", 100, Priority.WRITE)
        impatient = spender.start("impatient", 90, Priority.WRITE)
        spender.start("patient", 10, Priority.WRITE)
        await settle()
        impatient.cancel()
        await settle()
        await clock.pass_by(1.1)
        assert spender.done == ["all", "patient"]


async def test_a_failed_request_stays_spent_and_holds_nothing():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    with pytest.raises(ConnectionError):
        async with budget.spend(30, Priority.WRITE):
            raise ConnectionError
    assert budget.level == 70
    budget.report(100)
    assert budget.level == 100


async def test_who_cannot_wait_that_long_is_told_at_once():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    budget.close_for(300)
    with pytest.raises(Overdrawn):
        async with budget.spend(1, Priority.WRITE, within=30):
            pytest.fail("it was let through")
    assert budget.level == 100


async def test_who_stands_behind_somebody_patient_waits_no_longer_than_they_can():
    clock = HandClock()
    budget = Budget(100, 10, clock)
    budget.close_for(300)
    async with asyncio.TaskGroup() as group:
        spender = Spender(budget, group)
        spender.start("patient", 1, Priority.WRITE)
        await settle()

        async def hurry() -> None:
            with pytest.raises(Overdrawn):
                async with budget.spend(1, Priority.READ, within=5):
                    pytest.fail("it was let through")

        hurried = group.create_task(hurry())
        await settle()
        await clock.pass_by(6)
        assert hurried.done()
        assert spender.done == []
        await clock.pass_by(300)
        assert spender.done == ["patient"]
