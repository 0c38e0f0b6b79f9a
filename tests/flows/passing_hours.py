"""A house at which hours pass: goods are sold, counts changed and lost, and the hourly look is taken."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from evals.retailer import actions
from evals.retailer.world import Change, Order, World
from knowledge.store.session import utc_now
from tests.flows.open_house import OpenHouse, open_house
from tools.reconciling import Reconciling, Standing, standing

SHOP, OTHER = "STORE_SEA", "STORE_PDX"


@dataclass
class Hours:
    """A house whose hours pass when they are told to."""

    opened: OpenHouse
    changes: list[Change]
    goods: list[str]

    @property
    def world(self) -> World:
        return self.opened.retailer.world

    def pass_by(self, hours: float) -> None:
        clock: Any = self.world.now
        clock.__self__.advance_to(self.world.now() + timedelta(hours=hours))

    def sell(self, *lines: tuple[str, int], **more: Any) -> Order:
        """Ring up at the shop."""
        told: dict[str, Any] = {
            "place": SHOP,
            "customer_key": None,
            "channel": "pos",
            "occurred_at": self.world.now(),
            **more,
        }
        return actions.sell(self.world, lines=list(lines), **told)

    def by_hand(self, sku: str, units: int, place: str = SHOP) -> None:
        """Change the platform's count as somebody at its back office would."""
        actions.adjust(self.world, sku, place, units, None)

    async def listen(self) -> None:
        """Hear what the platforms tell when asked, and apply it."""
        for name, platform in self.opened.house.platforms.items():
            await self.opened.house.poller.poll(name, platform.changes)
        await self.opened.drain()

    async def pass_over_orders(self) -> None:
        """Move the cursor beyond every sale there is, as a gap in the versions would."""
        async with self.opened.database.transaction() as connection:
            newest = self.world.next_version() + 1_000
            await connection.execute(
                text("UPDATE poll_cursor SET cursor = :at WHERE platform = 'lightspeed' AND stream = 'orders'"),
                {"at": str(newest)},
            )

    async def look(self) -> list[Standing]:
        """One hour passes, and the schedule looks."""
        self.pass_by(1)
        house = self.opened.house
        await Reconciling(house.database, house.platforms, house.places, self.world.now).run()
        async with house.database.reading() as connection:
            return list(await standing(connection))

    async def after(self, hours: int) -> list[Standing]:
        """What stands after so many looks, with a poll before each."""
        found: list[Standing] = []
        for _ in range(hours):
            await self.listen()
            found = await self.look()
        return found

    async def costs(self) -> dict[str, int]:
        """What a unit is worth, by sku."""
        async with self.opened.database.reading() as connection:
            rows = await connection.execute(text("SELECT sku, coalesce(unit_cost, price) AS cost FROM variant"))
            return {row.sku: row.cost for row in rows}


def goods(world: World) -> list[str]:
    """Skus both shops carry, and enough of each."""
    found = [sku for sku in sorted(world.variants) if all((sku, place) in world.levels for place in (SHOP, OTHER))]
    for sku in found:
        for place in (SHOP, OTHER):
            actions.adjust(world, sku, place, 24 - world.levels[sku, place].on_hand, None)
    return found


@asynccontextmanager
async def hours(database_url: str, folder: Path) -> AsyncGenerator[Hours]:
    clock: list[Callable[[], datetime]] = [utc_now]

    def now() -> datetime:
        return clock[-1]()

    async with open_house(database_url, folder, filled=False, variants=30, now=now) as opened:
        clock.append(opened.retailer.world.now)
        changes: list[Change] = []
        opened.retailer.world.listeners.append(changes.append)
        told = Hours(opened, changes, goods(opened.retailer.world))
        await told.listen()
        yield told
