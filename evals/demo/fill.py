"""The first fill: what the first decision needs at once, everything else in the background and without haste.

Each record comes through the connectors' own ports and the inbox, as a poll reads it; the workers apply it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from evals.retailer.world import World
from knowledge.events.event import Event
from knowledge.store.enqueue import enqueue
from policies.errors import Unavailable
from server.composition import House
from server.queue.poll import Changes

BASKETS: Final = 20  # pages of 200 sales: enough to see what goes best with what
_PATIENCE: Final = 1.0  # waits this many times as long as a page took: a day is being traded meanwhile
_APPLIED_WITHIN: Final = 60.0  # seconds
_LOOK_EVERY: Final = 0.03  # seconds
_OURS_FOR: Final = timedelta(hours=1)
_WAITING = text("SELECT count(*) FROM event WHERE state = 'pending' AND attempts = 0 AND source LIKE 'poll:%'")

Watch = Callable[[int], None]


class _EnoughError(Exception):
    """As many pages as were asked for have been read."""


@dataclass(slots=True)
class _Stream:
    """One stream of a platform's changes, read slowly or in part; a poll's cursor remembers how far."""

    inner: Changes
    streams: tuple[str, ...]
    watch: Watch
    pages: int = 0  # to read; 0 for all
    patience: float = 0.0
    read: int = 0
    over: bool = False

    async def since(self, stream: str, cursor: str) -> tuple[list[Event], str]:
        """The next page."""
        if self.pages and self.read >= self.pages:
            raise _EnoughError
        began = time.monotonic()
        events, following = await self.inner.since(stream, cursor)
        self.read += 1
        self.over = following == cursor or not events
        self.watch(len(events))
        await asyncio.sleep((time.monotonic() - began) * self.patience)
        return events, following

    def unplaced(self) -> Sequence[str]:
        """As the platform has it."""
        return self.inner.unplaced()


class Fill:
    """Reads both platforms.

    Attributes:
        read: Records so far.
        total: About how many there are.
    """

    def __init__(self, house: House, world: World) -> None:
        self._house = house
        self.read = 0
        self.total = _records(world)

    async def alone(self) -> None:
        """Keep the worker's own poll waiting, for one reader at a time is enough; call before a worker starts."""
        async with self._house.database.transaction() as connection:
            lock, at = "poll_platforms", self._house.now() + _OURS_FOR
            enqueue(connection, lock, {"timestamp": 0}, queueing_lock=lock, at=at)

    async def goods(self) -> None:
        """Products and stock: enough to decide on an assistant's wishes.

        Raises:
            Unavailable: A platform does not answer, or nothing is applied.
        """
        await self._several("shopify", "products", "inventory")
        await self._applied()

    async def baskets(self) -> None:
        """Some thousand sales, and what they say goes together: enough for a first offer.

        Raises:
            Unavailable: As above.
        """
        await self._poll("lightspeed", "orders", pages=BASKETS)
        await self._applied()
        await self._house.schedule.count_companions()

    async def rest(self) -> None:
        """Everything else; may be cancelled and called again, and goes on where it was."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._several("shopify", "customers", "orders", patience=_PATIENCE))
            group.create_task(
                self._several("lightspeed", "products", "inventory", "customers", "orders", patience=_PATIENCE)
            )
        await self._applied()
        await self._house.schedule.count_companions()

    async def _several(self, platform: str, *streams: str, patience: float = 0.0) -> None:
        for stream in streams:
            await self._poll(platform, stream, patience=patience)

    async def _poll(self, platform: str, name: str, *, pages: int = 0, patience: float = 0.0) -> None:
        changes = self._house.platforms[platform].changes
        stream = _Stream(changes, (name,), self._count, pages=pages, patience=patience)
        while not stream.over:
            try:
                await self._house.poller.poll(platform, stream)
            except _EnoughError:
                return

    def _count(self, records: int) -> None:
        self.read += records
        self.total = max(self.total, self.read)

    async def _applied(self) -> None:
        """Wait until the workers have taken in what was read."""
        try:
            async with asyncio.timeout(_APPLIED_WITHIN):
                while await self._waiting():  # noqa: ASYNC110  # another process works, and tells nobody
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError as error:
            raise Unavailable("The worker does not take in what was read.", code="demo.not_applied") from error

    async def _waiting(self) -> int:
        async with self._house.database.reading() as connection:
            return int((await connection.execute(_WAITING)).scalar_one())


def _records(world: World) -> int:
    """As events: Shopify's products with their variants, everything else one by one."""
    products = {variant.shopify_product_id for variant in world.variants.values()}
    people = sum(bool(person.shopify_id) + bool(person.lightspeed_id) for person in world.people.values())
    return len(products) + len(world.variants) + len(world.levels) + people + len(world.orders)
