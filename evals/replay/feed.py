"""The log's way in: products when they first appear, deliveries when they are due, and events through the inbox."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from evals.replay.chain import WAREHOUSE, Supply
from evals.replay.log import SOURCE
from knowledge.events.event import Event, Topic
from knowledge.store.session import Database
from knowledge.unify.levels import LOG
from policies.vocabulary.ids import CorrelationId, EventId
from server.queue.inbox import Inbox

_BATCH = 1_000
_LEAD = 4_000  # events the log may be ahead of the lanes: enough to keep them busy, little to hold
_LOOK = 0.05  # seconds between two looks at how far the lanes are
_HEARD = text(  # a log is its own feed: up to its present nothing is unheard of
    """
    INSERT INTO poll_cursor (platform, stream, cursor, at)
    SELECT :platform, stream, '', :at FROM unnest(ARRAY['inventory', 'products']) AS stream
    ON CONFLICT (platform, stream) DO UPDATE SET at = greatest(poll_cursor.at, excluded.at)
    """
)
_PENDING = text("SELECT count(*) FROM event WHERE state = 'pending'")


@dataclass(slots=True)
class Fed:
    """What went in: the log's own events, and those the replay made to give it a shop (products and deliveries)."""

    events: int = 0
    duplicates: int = 0
    made: int = 0
    skus: set[str] = field(default_factory=set[str])


class Feed:
    """Feeds a log to the lanes, never far ahead of them.

    Args:
        cost_share: Unit cost as a share of the first price seen, for the log tells no costs; `None` leaves them
            unknown, and every discount to a manager.
        titles: Descriptions by sku.
    """

    def __init__(
        self, database: Database, inbox: Inbox, *, cost_share: Decimal | None, titles: dict[str, str], currency: str
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._cost_share = cost_share
        self._titles = titles
        self._currency = currency
        self._supply: Supply | None = None
        self.fed = Fed()

    async def run(self, events: Iterable[Event]) -> AsyncIterator[Fed]:
        """Feed everything and wait until it is handled; yields after every batch."""
        batch: list[Event] = []
        for event in events:
            if self._supply is None:
                self._supply = Supply(event.occurred_at)
            if self._supply.due(event.occurred_at):
                await self._put(batch)
                batch = []
                await self._caught_up(0)  # a delivery knows every sale before it
                await self._deliver(event.occurred_at)
            batch += self._new_products(event)
            batch.append(event)
            if len(batch) >= _BATCH:
                await self._put(batch)
                batch = []
                yield self.fed
                await self._caught_up(_LEAD)
        await self._put(batch)
        yield self.fed
        await self._caught_up(0)
        yield self.fed

    async def _put(self, batch: list[Event]) -> None:
        if not batch:
            return
        async with self._database.transaction() as connection:
            await connection.execute(_HEARD, {"platform": LOG, "at": max(event.received_at for event in batch)})
        new = await self._inbox.append_all(batch)
        told = sum(1 for event in batch if event.source == SOURCE)
        self.fed.events += told
        self.fed.made += len(batch) - told
        self.fed.duplicates += len(batch) - new

    async def _deliver(self, until: datetime) -> None:
        while self._supply and self._supply.due(until):
            async with self._database.transaction() as connection:
                counts = await self._supply.deliver(connection)
            await self._put(counts)
        await self._caught_up(0)

    async def _caught_up(self, within: int) -> None:
        while True:
            async with self._database.reading() as connection:
                pending: int = (await connection.execute(_PENDING)).scalar_one()
            if pending <= within:
                return
            await asyncio.sleep(_LOOK)

    def _new_products(self, event: Event) -> list[Event]:
        found: list[Event] = []
        for line in event.facts.get("lines", ()):
            if line["sku"] not in self.fed.skus:
                self.fed.skus.add(line["sku"])
                found.append(self._product(line, event))
        return found

    def _product(self, line: dict[str, Any], event: Event) -> Event:
        sku, price = str(line["sku"]), int(line["unit_price"])
        title = self._titles.get(sku, sku)
        variant: dict[str, Any] = {
            "sku": sku,
            "title": title,
            "product": title,
            "price": price,
            "currency": self._currency,
            "unit_cost": None if self._cost_share is None else int(price * self._cost_share),
        }
        name = f"product:{sku}"
        return Event(
            EventId(name), f"{SOURCE}:catalog", name, Topic.PRODUCT_UPDATED, WAREHOUSE, event.occurred_at,
            event.received_at, CorrelationId(name), {"variants": [variant]}, version=event.version,
        )  # fmt: skip
