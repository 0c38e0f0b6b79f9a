"""A shop in Lightspeed whose goods Shopify sells online too: one shelf, two counts, and the house between them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from evals.retailer import actions
from evals.retailer.world import Change, Order
from tests.flows.open_house import OpenHouse, open_house
from tools.mirroring.looking import Synced

SHELF, WEB = "STORE_SEA", "WEB_STORE_SEA"
TEE = "PROD_001"


@dataclass(frozen=True, slots=True)
class SharedShelf:
    """The house, and what the simulated platforms really count."""

    opened: OpenHouse
    changes: list[Change]

    @property
    def counts(self) -> tuple[int, int]:
        """What can be sold at the till, and online."""
        levels = self.opened.retailer.world.levels
        return levels[TEE, SHELF].available, levels[TEE, WEB].available

    @property
    def writes(self) -> int:
        """Changes of either count so far."""
        return sum(1 for change in self.changes if change.topic == "inventory.updated" and change.subject[0] == TEE)

    def put(self, units: int, online: int | None = None) -> None:
        """Have the platforms count this many, as somebody at either would enter it."""
        world = self.opened.retailer.world
        actions.adjust(world, TEE, SHELF, units - world.levels[TEE, SHELF].on_hand, None)
        if online is not None:
            actions.adjust(world, TEE, WEB, online - world.levels[TEE, WEB].on_hand, None)

    def sell_at_till(self, units: int = 1) -> Order:
        """Ring up."""
        world = self.opened.retailer.world
        return actions.sell(
            world, place=SHELF, customer_key=None, lines=[(TEE, units)], channel="pos", occurred_at=world.now()
        )

    def sell_online(self, units: int = 1) -> Order:
        """An order online, to be collected at the shelf."""
        world = self.opened.retailer.world
        return actions.sell(
            world,
            place="ONLINE",
            customer_key=None,
            lines=[(TEE, units)],
            channel="online",
            occurred_at=world.now(),
            pickup_place=WEB,
        )

    async def listen(self) -> None:
        """Hear what both platforms tell, and apply it; nobody syncs yet."""
        for name, platform in self.opened.house.platforms.items():
            await self.opened.house.poller.poll(name, platform.changes)
        await self.opened.drain()

    async def sync(self) -> Synced:
        """Hear, then do what is due; what was put off is due at once."""
        await self.listen()
        async with self.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE sync_job SET due_at = 'epoch', claimed_until = NULL"))
        return await self.opened.house.mirroring.run()

    async def rows(self, question: str) -> list[Any]:
        """From the database."""
        async with self.opened.database.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(question))]


@asynccontextmanager
async def shared_shelf(database_url: str, folder: Path, **settings: Any) -> AsyncGenerator[SharedShelf]:
    """Ten tees on the shelf by Lightspeed, none yet online by Shopify."""
    async with open_house(database_url, folder, filled=False, variants=30, shared=SHELF, **settings) as opened:
        changes: list[Change] = []
        opened.retailer.world.listeners.append(changes.append)
        shelf = SharedShelf(opened, changes)
        shelf.put(10)
        await shelf.sync()
        changes.clear()
        yield shelf
