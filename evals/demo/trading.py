"""A trading day packed into minutes: each step at its moment, the office beside it, and everything done at the end."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from evals.demo.crew import Crew
from evals.demo.fill import Fill
from evals.demo.office import Office
from evals.demo.registers import Registers
from evals.demo.retailer import Retailer
from evals.demo.screen import Screen
from evals.retailer import actions
from evals.retailer.register import SAMPLE_CUSTOMER
from knowledge.store.session import Database

SETTLE_WITHIN: Final = 90.0  # seconds for everything to be handled after closing
_LOOK_EVERY: Final = 0.05  # seconds
_SHOW_EVERY: Final = 0.5  # seconds
_BOGUS_EVERY: Final = 40  # steps between two forged and two unsigned deliveries
_OPEN = text(
    """
    SELECT (SELECT count(*) FROM event WHERE state = 'pending')
         + (SELECT count(*) FROM action WHERE state IN ('allowed', 'executing'))
    """
)


class Trading:
    """One day.

    Args:
        lasts: Seconds it takes, if nothing holds it up.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a day has this many sides
        self, retailer: Retailer, registers: Registers, office: Office, crew: Crew, shown: Screen, lasts: float
    ) -> None:
        self._retailer = retailer
        self._registers = registers
        self._office = office
        self._crew = crew
        self._shown = shown
        self._pace = lasts / len(retailer.day.plan)
        self._share = 0.0

    async def play(self, fill: Fill) -> None:
        """From opening to closing, the first fill going on meanwhile."""
        async with asyncio.TaskGroup() as group:
            filling = group.create_task(fill.rest())
            showing = group.create_task(self._show(fill))
            working = group.create_task(self._office.work(lambda: self._share))
            await self._trade()
            self._share = 1.0
            await working
            for task in (filling, showing):  # no news from now on, so that what is open can come to its end
                task.cancel()

    async def settle(self, database: Database) -> list[str]:
        """Wait until what was told is handled and what was allowed is done; what went wrong, in sentences."""
        deliveries = self._retailer.deliveries
        deliveries.faults.late_rate = 0.0
        try:
            async with asyncio.timeout(SETTLE_WITHIN):
                await asyncio.sleep(self._retailer.late_by.total_seconds())
                await deliveries.settle()
                while await _open(database):
                    self._crew.check()
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            return [f"Not everything was done within {SETTLE_WITHIN:.0f} s of closing."]
        return []

    async def _trade(self) -> None:
        retailer = self._retailer
        plan, faults = retailer.day.plan, retailer.deliveries.faults
        clocks = [planned.at for planned in plan]
        actions.update_customer(retailer.world, retailer.world.people[SAMPLE_CUSTOMER])
        begun = time.monotonic()
        steps = retailer.day.steps()
        for number, clock in enumerate(clocks):
            await asyncio.sleep(begun + number * self._pace - time.monotonic())
            self._crew.check()
            now = retailer.world.now()
            behind: timedelta = plan[number].at - plan[number].occurred_at  # a register that was offline tells it late
            plan[number] = replace(plan[number], at=now, occurred_at=now - behind)
            if number % _BOGUS_EVERY == 0:
                faults.forge_next += 2
                faults.unsign_next += 2
            step = next(steps)
            if step.kind == "checkout":
                await self._registers.check_out(step)
            self._share = number / len(plan)
            self._shown.step(number + 1, clock)
        next(steps, None)

    async def _show(self, fill: Fill) -> None:
        while True:
            self._shown.filled(fill.read, fill.total)
            await asyncio.sleep(_SHOW_EVERY)


async def _open(database: Database) -> int:
    async with database.reading() as connection:
        return int((await connection.execute(_OPEN)).scalar_one())
