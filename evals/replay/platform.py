"""The platform behind the log: it keeps codes and moves goods at once, and remembers each write's key.

The log's customers never saw our offers, so a code is made and never used; a transfer arrives the moment it is drafted.
Both are recorded in the replay's own database, so that effects can be counted and a lost or doubled one would show.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount, EndDiscount
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tools.platform import Capability, PlatformPrice, Receipt, WriteContext

PREPARE = "CREATE TABLE IF NOT EXISTS replay_effect (key text PRIMARY KEY, kind text NOT NULL, times int NOT NULL)"
_PRICES: Final = text("SELECT sku, price, currency FROM variant WHERE sku = ANY(CAST(:skus AS text[]))")
_EFFECT: Final = text(
    """
    WITH effect AS (
        INSERT INTO replay_effect (key, kind, times) VALUES (:key, :kind, 1)
        ON CONFLICT (key) DO UPDATE SET times = replay_effect.times + 1 RETURNING times
    ), moved AS (
        UPDATE inventory_level SET available = available + row.delta, on_hand = on_hand + row.delta
        FROM unnest(CAST(:skus AS text[]), CAST(:places AS text[]), CAST(:deltas AS int[])) AS row(sku, place, delta),
             effect
        WHERE inventory_level.sku = row.sku AND inventory_level.location_id = row.place AND effect.times = 1
    )
    SELECT times FROM effect
    """
)


class LogPlatform:
    """Carries out what the guard allows, in the database, once per key."""

    name = "log"
    capabilities = frozenset({Capability.DISCOUNT_CODES, Capability.DRAFT_TRANSFERS, Capability.IDEMPOTENCY_KEYS})

    def __init__(self, database: Database, now: Any) -> None:
        self._database = database
        self._now = now
        self.discounts = self
        self.inventory = self
        self.catalog = self

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        """Keep the code."""
        return await self._once(discount, context, discount.code, "end_discount")

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        """Forget the code."""
        return await self._once(discount, context, discount.code, "")

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:
        """Move the goods."""
        return await self._once(transfer, context, transfer.reference, "cancel_transfer")

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        """Refuse: in the log the goods have arrived."""
        raise Refused("The goods have arrived; draft a transfer back instead.", code="transfer.received")

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        """Refuse: nobody counts shelves in a log."""
        raise Refused("A log has no shelves to count.", code="stock_adjustment.unsupported")

    async def levels(self, skus: Sequence[str], locations: Sequence[str]) -> list[Any]:
        """Nothing beyond what the store holds."""
        return []

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        """What the log said last: it is its own catalog, and there is nobody else to ask."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_PRICES, {"skus": list(skus)})
            return [PlatformPrice(Sku(row.sku), Money(row.price, row.currency), self._now()) for row in rows]

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _once(self, action: AnyAction, context: WriteContext, reference: str, undo: str) -> Receipt:
        moves: list[tuple[str, str, int]] = []
        if isinstance(action, Transfer):
            moves += [(line.sku, action.origin, -line.units) for line in action.lines]
            moves += [(line.sku, action.destination, line.units) for line in action.lines]
        effect: dict[str, object] = {
            "key": context.key,
            "kind": action.kind,
            "skus": [sku for sku, _, _ in moves],
            "places": [place for _, place, _ in moves],
            "deltas": [delta for _, _, delta in moves],
        }
        times = (await self._database.at_once(_EFFECT, effect)).scalar_one()
        first = times == 1
        at: datetime = self._now()
        digest = hashlib.sha256(reference.encode()).hexdigest()
        return Receipt(self.name, reference, at, not first, undo, f"LOG {action.kind}", digest)
