"""A platform on paper: it notes what it is asked to do, once per key, and can be told to be down."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from policies.actions.action import Action
from policies.errors import Unavailable
from tools.platform import Discounts, Inventory, Receipt, WriteContext


class PaperPlatform:
    """The writing half of `tools.platform.Platform`."""

    name = "shopify"
    capabilities: frozenset[Any] = frozenset()
    catalog: Any = None
    customers: Any = None
    changes: Any = None
    subscriptions: Any = None

    def __init__(self) -> None:
        self.discounts: Discounts = self
        self.inventory: Inventory = self
        self.orders: Any = self
        self.done: dict[str, Action] = {}
        self.calls = 0
        self.down = False

    async def create(self, discount: Action, context: WriteContext) -> Receipt:
        """Note a discount."""
        return self._write(discount, context, "end_discount")

    async def end(self, discount: Action, context: WriteContext) -> Receipt:
        """Note the end of one."""
        return self._write(discount, context, "")

    async def draft_transfer(self, transfer: Action, context: WriteContext) -> Receipt:
        """Note a transfer."""
        return self._write(transfer, context, "cancel_transfer")

    async def cancel_transfer(self, transfer: Action, context: WriteContext) -> Receipt:
        """Note that it is withdrawn."""
        return self._write(transfer, context, "")

    async def adjust(self, adjustment: Action, context: WriteContext) -> Receipt:
        """Note a changed count."""
        return self._write(adjustment, context, "stock_adjustment")

    async def levels(self, skus: Any, locations: Any) -> list[Any]:
        """It counts nothing."""
        return []

    async def since(self, moment: datetime) -> AsyncIterator[Any]:
        """It has no orders."""
        for nothing in ():
            yield nothing

    async def places(self) -> list[Any]:
        """It lists nothing."""
        return []

    async def health(self) -> dict[str, Any]:
        """Down or up."""
        return {"up": not self.down}

    async def close(self) -> None:
        """Nothing to let go of."""

    def _write(self, action: Action, context: WriteContext, undo: str) -> Receipt:
        self.calls += 1
        if self.down:
            raise Unavailable("The platform does not answer.", code="platform.unavailable")
        replayed = context.key in self.done
        self.done.setdefault(context.key, action)
        reference = f"paper:{len(self.done)}"
        return Receipt("shopify", reference, datetime.now(UTC), replayed, undo, "POST paper", "0" * 64)
