"""What goes with what: counted and learned from orders every night, and read from memory when an offer is due."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from knowledge.offers.co_purchase import MAX_BASKET, BasketCounter, CoPurchases
from knowledge.offers.lacking import Lacking, NextItems, read_next_items
from knowledge.offers.siblings import MOST, NO_SIBLINGS, read_siblings
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from policies.vocabulary.ids import Sku

logger = logging.getLogger(__name__)

WINDOW_DAYS = 90
IMAGINED = 20.0  # baskets at the base rate that a chance is shrunk towards
_CHUNK = 20_000  # rows written by one statement
_REMEMBERED = 256  # baskets whose answer is kept: one checkout asks twice about the same
_UNCOUNTED = 1.0  # seconds between two looks while nothing was counted yet

_BASKETS = text(
    """
    SELECT array_agg(line.sku) AS skus
    FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
    WHERE purchase.occurred_at >= :since AND purchase.occurred_at < :until AND NOT purchase.cancelled
      AND line.quantity > 0
    GROUP BY purchase.id HAVING count(*) <= :most
    """
)
_FORGET = text("DELETE FROM companion")
_REMEMBER = text(
    """
    INSERT INTO companion (sku, other, together, lift, counted_at)
    SELECT sku, other, together, lift, :at
    FROM unnest(CAST(:sku AS text[]), CAST(:other AS text[]), CAST(:together AS int[]), CAST(:lift AS int[]))
      AS row(sku, other, together, lift)
    """
)
_MADE_AT = text(
    """
    SELECT (SELECT counted_at FROM companion LIMIT 1) AS counted_at,
           (SELECT trained_at FROM next_item_model WHERE id = 1) AS trained_at
    """
)
_ALL = text(
    """
    SELECT sku, array_agg(other ORDER BY together DESC, other) AS others,
           array_agg(together ORDER BY together DESC, other) AS together,
           array_agg(lift ORDER BY together DESC, other) AS lift
    FROM companion GROUP BY sku
    """
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count came to."""

    baskets: int
    pairs: int


async def count_companions(database: Database, *, until: datetime, days: int = WINDOW_DAYS) -> Counted:
    """Count the baskets of the days before `until`, and replace the table in one transaction.

    Args:
        database: The unified store.
        until: The present; later orders are not looked at.
        days: How far back.
    """
    counter = BasketCounter()
    window = {"since": until - timedelta(days=days), "until": until, "most": MAX_BASKET}
    async with database.transaction() as connection:  # a cursor lives in one
        async for part in connection.partitions(_BASKETS, window, 1000):
            await asyncio.to_thread(_add, counter, [row.skus for row in part])
    found = await asyncio.to_thread(counter.result)
    async with database.transaction() as connection:
        await connection.execute(_FORGET)
        for start in range(0, len(found.sku), _CHUNK):
            await connection.execute(_REMEMBER, {**_rows(found, slice(start, start + _CHUNK)), "at": until})
    return Counted(found.baskets, sum(1 for sku, other in zip(found.sku, found.other, strict=True) if sku != other))


@dataclass(frozen=True, slots=True)
class Companion:
    """One variant bought with another.

    Attributes:
        together: Baskets that held both.
        lift: Basis points; 10000 means no more often than by chance.
        chance: That a basket with the one also gets this one, shrunk towards its share of all baskets.
    """

    sku: Sku
    together: int
    lift: int
    chance: float


class CompanionTable:
    """The counted pairs and the learned model in memory, loaded again when they were made anew.

    The model says what a basket lacks; while there is none, for want of orders, counted pairs do.

    Args:
        check_every: Seconds between two looks at whether it was.
    """

    def __init__(self, *, check_every: float = 30.0) -> None:
        self.counted_at: datetime | None = None
        self.learned: NextItems | None = None
        self._siblings = NO_SIBLINGS
        self._trained_at: datetime | None = None
        self._lacking: dict[tuple[str | int, ...], list[Lacking]] = {}
        self._check_every = check_every
        self._checked = float("-inf")
        self._raw: dict[str, tuple[list[str], list[int], list[int]]] = {}
        self._ready: dict[str, tuple[Companion, ...]] = {}
        self._baskets = 1.0
        self._own: dict[str, int] = {}
        self._loading: asyncio.Task[None] | None = None

    async def keep_fresh(self, database: Database) -> None:
        """See that the table is loaded again when it was counted anew, beside the caller.

        Only whoever finds no table at all waits for it. A caller who gives up does not stop the loading, which others
        may be waiting for.
        """
        if self._loading is None and self._due:
            self._loading = asyncio.create_task(self._load(database), name="companions")
            self._loading.add_done_callback(self._loaded)
        if self._loading is not None and self.counted_at is None:
            await asyncio.shield(self._loading)

    async def refresh(self, connection: Connection, *, at_once: bool = False) -> bool:
        """Load the table if it changed and a look is due; true when it was loaded."""
        if not at_once and not self._due:
            return False
        moment = time.monotonic()
        made = (await connection.execute(_MADE_AT)).one()
        counted_at: datetime | None = made.counted_at
        if (counted_at, made.trained_at) == (self.counted_at, self._trained_at):
            self._checked = moment
            return False
        if made.trained_at != self._trained_at:
            found = await read_next_items(connection)
            self._trained_at, self.learned = found or (None, None)
            self._lacking = {}
        self._siblings = await read_siblings(connection)
        rows = (await connection.execute(_ALL)).all()
        raw: dict[str, tuple[list[str], list[int], list[int]]] = {}
        own: dict[str, int] = {}
        baskets = 1.0
        for sku, others, together, lift in rows:
            raw[sku] = (others, together, lift)
            if sku in others:
                place = others.index(sku)
                own[sku] = together[place]
                baskets = max(baskets, together[place] * lift[place] / 10_000)
        self._raw, self._own, self._baskets, self._ready = raw, own, baskets, {}
        self.counted_at = counted_at
        self._checked = moment
        return True

    def lacking(self, holding: Sequence[str], most: int) -> list[Lacking]:
        """What a basket lacks, likeliest first; nothing while no model is learned."""
        if self.learned is None:
            return []
        asked = (*holding, most)
        known = self._lacking.get(asked)
        if known is None:
            if len(self._lacking) >= _REMEMBERED:
                self._lacking.clear()
            known = self._lacking[asked] = self.learned.lacking(holding, most)
        return known

    def of(self, sku: str) -> tuple[Companion, ...]:
        """What goes with a variant, likeliest first."""
        ready = self._ready.get(sku)
        if ready is None:
            ready = self._ready[sku] = self._companions(sku)
        return ready

    def share(self, sku: str) -> float:
        """Share of all baskets that hold a variant: the chance that anybody buys it."""
        return self._own.get(sku, 0) / self._baskets

    def siblings(self, sku: str) -> list[str]:
        """Other sizes and colors of a variant, the best sold first."""
        return sorted(self._siblings.of(sku), key=lambda other: (-self._own.get(other, 0), other))[:MOST]

    @property
    def another(self) -> float:
        """That a basket gets one given other size or color of what it holds; 0 while nobody measured it."""
        return self.learned.another if self.learned is not None else 0.0

    @property
    def _due(self) -> bool:
        wait = _UNCOUNTED if self.counted_at is None else self._check_every
        return time.monotonic() - self._checked >= wait

    async def _load(self, database: Database) -> None:
        async with database.reading() as connection:
            await self.refresh(connection)

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loading = None
        if not task.cancelled() and task.exception() is not None:
            logger.warning("companions are as of %s: %s", self.counted_at, type(task.exception()).__name__)

    def _companions(self, sku: str) -> tuple[Companion, ...]:
        others, together, lift = self._raw.get(sku, ([], [], []))
        baskets = self._own.get(sku, 0)
        found = [
            Companion(Sku(other), count, raised, (count + IMAGINED * self.share(other)) / (baskets + IMAGINED))
            for other, count, raised in zip(others, together, lift, strict=True)
            if other != sku
        ]
        return tuple(sorted(found, key=lambda companion: (-companion.chance, companion.sku)))


def _add(counter: BasketCounter, baskets: list[list[str]]) -> None:
    for skus in baskets:
        counter.add(skus)


def _rows(found: CoPurchases, part: slice) -> dict[str, object]:
    return {
        "sku": found.sku[part],
        "other": found.other[part],
        "together": found.together[part],
        "lift": found.lift[part],
    }
