"""A platform in memory behind our own ports: it counts effects by key, and loses answers or dies when told to."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policies.actions.action import Action
from policies.actions.discount import Discount, EndDiscount
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import TillhandError, Unavailable
from policies.vocabulary.ids import LocationId, Sku
from tools.platform import Capability, PlatformLevel, PlatformPlace, Receipt, WriteContext


class KilledError(BaseException):
    """The worker is gone, mid-step: nothing after this line runs."""


@dataclass
class RecordingPlatform:
    """Remembers the answer to every key, as the real ones are asked to.

    Attributes:
        effects: How often each key really changed something.
        asked: Every call, in order.
        faults: What goes wrong at the next calls, one each: `lost` (done, and the answer lost), `down` (not done),
            `killed` (done, and the worker dies), `killed_before`, or an error to raise.
        before: Runs at the start of every write.
    """

    now: Callable[[], datetime]
    name: str = "shopify"
    effects: Counter[str] = field(default_factory=Counter[str])
    asked: list[tuple[Action, WriteContext]] = field(default_factory=list[tuple[Action, WriteContext]])
    faults: list[str | TillhandError] = field(default_factory=list[str | TillhandError])
    before: Callable[[], Awaitable[None]] | None = None
    capabilities: frozenset[Capability] = frozenset(Capability)
    _answers: dict[str, Receipt] = field(default_factory=dict[str, Receipt])

    catalog: Any = None  # the guard writes, and reads nothing from a platform
    customers: Any = None
    orders: Any = None
    changes: Any = None
    subscriptions: Any = None

    @property
    def discounts(self) -> "RecordingPlatform":
        return self

    @property
    def inventory(self) -> "RecordingPlatform":
        return self

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        return await self._write(discount, context, "end_discount")

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        return await self._write(discount, context, "")

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:
        return await self._write(transfer, context, "cancel_transfer")

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        return await self._write(transfer, context, "")

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        return await self._write(adjustment, context, "stock_adjustment")

    async def _write(self, action: Action, context: WriteContext, undo: str) -> Receipt:
        if self.before is not None:
            await self.before()
        self.asked.append((action, context))
        fault = self.faults.pop(0) if self.faults else ""
        if isinstance(fault, TillhandError):
            raise fault
        if fault == "down":
            raise Unavailable("The platform does not answer.", code="platform.unavailable")
        if fault == "killed_before":
            raise KilledError
        replayed = context.key in self._answers
        if not replayed:
            self.effects[context.key] += 1
            reference = f"gid://{context.key[:8]}"
            call = f"POST {action.facts()['kind']}"
            self._answers[context.key] = Receipt(
                self.name, reference, self.now(), replayed=False, undo=undo, call=call, digest="d" * 64
            )
        if fault == "lost":
            raise Unavailable("The platform's answer was lost.", code="platform.unavailable")
        if fault == "killed":
            raise KilledError
        told = self._answers[context.key]
        return Receipt(
            told.platform,
            told.reference,
            told.at,
            replayed=replayed,
            undo=told.undo,
            call=told.call,
            digest=told.digest,
        )

    async def levels(self, skus: Sequence[Sku], locations: Sequence[LocationId]) -> list[PlatformLevel]:
        del skus, locations
        return []

    async def places(self) -> list[PlatformPlace]:
        return []

    async def health(self) -> dict[str, Any]:
        return {"reachable": True}

    async def close(self) -> None:
        return None
