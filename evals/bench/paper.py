"""A platform that answers at once, so that a bench of our own work does not time somebody else's."""

from datetime import UTC, datetime
from typing import Any

from policies.actions.discount import Discount, EndDiscount
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from tools.platform import Capability, Receipt, WriteContext


class PaperPlatform:
    """Implements the writing half of `tools.platform.Platform`; nobody asks it to read."""

    name = "paper"
    capabilities: frozenset[Capability] = frozenset()
    catalog: Any = None
    customers: Any = None
    orders: Any = None
    changes: Any = None
    subscriptions: Any = None

    def __init__(self) -> None:
        self.discounts = self
        self.inventory = self

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        """Say that the code was made."""
        return _done(discount.code, "end_discount")

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        """Say that it ended."""
        return _done(discount.code, "")

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:
        """Say that it was drafted."""
        return _done(transfer.reference, "cancel_transfer")

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        """Say that it was cancelled."""
        return _done(context.key, "")

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        """Say that it was counted."""
        return _done(adjustment.reference, "stock_adjustment")

    async def levels(self, skus: Any, locations: Any) -> list[Any]:
        """Nothing beyond what the store holds."""
        return []

    async def places(self) -> list[Any]:
        """The store's own."""
        return []

    async def health(self) -> dict[str, Any]:
        """Up."""
        return {"up": True}

    async def close(self) -> None:
        """Nothing to let go of."""


def _done(reference: str, undo: str) -> Receipt:
    return Receipt("paper", reference, datetime.now(UTC), False, undo, "paper", "0" * 64)  # noqa: FBT003  # not replayed
