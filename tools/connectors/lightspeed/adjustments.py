"""Stock adjustments, once each: every one has a reason of its own, whose name is made from the write's key.

Lightspeed remembers no keys, takes no note with an adjustment and compares no counts. But a custom reason's name is
unique in the retailer, and every adjustment names its reason: so the reason is what an earlier try is found by. It is
disabled once it has served, and nobody can pick it by hand.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from knowledge.store.places import Places
from policies.actions.stock_adjustment import StockAdjustment
from policies.errors import NotFound, Refused, Unavailable
from tools.connectors.find_or_make import find_or_make
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Call, Rest
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import STOCK_ADJUSTMENT, Done, receipt
from tools.connectors.stock_places import stock_place
from tools.platform import Receipt, WriteContext

log = logging.getLogger(__name__)

_REASONS = "/custom_inventory_adjustment_reasons"
_ADJUSTMENTS = "/stock_adjustments"
_CREATE = f"POST {_ADJUSTMENTS}"


@dataclass(frozen=True, slots=True)
class _Reason:
    """The reason of one adjustment; `served` when it is disabled, which happens after its adjustment only."""

    id: str
    version: int
    served: bool
    digest: str


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One product at one outlet."""

    product: str
    outlet: str


class LightspeedAdjustments:
    """Corrects counts."""

    def __init__(self, rest: Rest, products: ProductIds, places: Places, now: Callable[[], datetime]) -> None:
        self._rest = rest
        self._products = products
        self._places = places
        self._now = now

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        """Change a count once per key; the expected count is compared just before, not by Lightspeed itself.

        Raises:
            Refused: The count is not the expected one any more (`stock.changed`).
            NotFound: Lightspeed does not know the sku, or does not stock it there.
        """
        outlet = stock_place(self._places, adjustment.store, PLATFORM).platform_id
        product = (await self._products.of([adjustment.sku], Priority.WRITE))[adjustment.sku]
        shelf = _Shelf(product, outlet)
        name = reason_name(context.key)
        if context.dry_run:
            digest = await self._require_expected(shelf, adjustment)
            return self._receipt(Done(_CREATE, digest, ""), context)
        reason = await self._earlier_reason(name, shelf, adjustment) or await self._new_reason(name, adjustment)

        async def find() -> Done | None:
            return await self._earlier(reason)

        async def make() -> Done:
            await self._require_expected(shelf, adjustment)
            return await self._create(shelf, adjustment, reason)

        done, replayed = await find_or_make(find, make)
        await self._disable(reason)
        return self._receipt(Done(done.call, done.digest, done.reference, replayed), context)

    async def _earlier_reason(self, name: str, shelf: _Shelf, adjustment: StockAdjustment) -> _Reason | None:
        """The reason of an earlier try, looked for when the count is not what it should be: that try may be why."""
        try:
            await self._require_expected(shelf, adjustment)
        except Refused:
            reason = await self._find_reason(name)
            if reason is None:
                raise
            return reason
        return None

    async def _new_reason(self, name: str, adjustment: StockAdjustment) -> _Reason:
        """Make the reason; when it is there, an earlier try made it."""
        body = {"name": name, "enabled": True, "type": "POSITIVE" if adjustment.delta > 0 else "NEGATIVE"}
        told = await self._rest.ask(Call("POST", _REASONS, _REASONS, body=body), Priority.WRITE)
        if not told.conflict:
            return _reason(told.data, told.digest)
        found = await self._find_reason(name)
        if found is None:
            raise Unavailable("Lightspeed is still carrying out an earlier try of this.", code="lightspeed.busy")
        return found

    async def _find_reason(self, name: str) -> _Reason | None:
        async for page in self._rest.pages(_REASONS, priority=Priority.WRITE):
            for row in page:
                if row["name"] == name:
                    return _reason(row, "")
        return None

    async def _earlier(self, reason: _Reason) -> Done | None:
        """The adjustment made for this reason, if there is one: it is newer than its reason."""
        if reason.served:
            return Done(_CREATE, reason.digest, reason.id)
        async for page in self._rest.pages(_ADJUSTMENTS, after=reason.version, priority=Priority.WRITE):
            for row in page:
                if row.get("custom_inventory_adjustment_reason_id") == reason.id:
                    return Done(_CREATE, _digest(row), reason.id)
        return None

    async def _create(self, shelf: _Shelf, adjustment: StockAdjustment, reason: _Reason) -> Done:
        row = {
            "product_id": shelf.product,
            "outlet_id": shelf.outlet,
            "quantity": str(adjustment.delta),
            "reason": "CUSTOM",
            "custom_inventory_adjustment_reason_id": reason.id,
        }
        call = Call("POST", _ADJUSTMENTS, _ADJUSTMENTS, body={"stock_adjustments": [row]}, repeatable=False)
        told = await self._rest.ask(call, Priority.WRITE)
        return Done(_CREATE, told.digest, reason.id)

    async def _disable(self, reason: _Reason) -> None:
        """Take the reason off the list people pick from; the adjustment stands, whatever becomes of this."""
        if reason.served:
            return
        path = f"{_REASONS}/{reason.id}"
        try:
            await self._rest.ask(Call("PUT", path, f"{_REASONS}/{{id}}", body={"enabled": False}), Priority.WRITE)
        except (Unavailable, Refused) as error:
            log.warning("lightspeed: the reason of a stock adjustment stays enabled: %s", error.code)

    async def _require_expected(self, shelf: _Shelf, adjustment: StockAdjustment) -> str:
        told = await self._rest.ask(
            Call("GET", f"/inventory/{shelf.product}", "/inventory/{product_id}"), Priority.WRITE
        )
        rows = () if told.missing else told.data
        row = next((row for row in rows if row["outlet_id"] == shelf.outlet), None)
        if row is None:
            raise NotFound("Lightspeed does not stock this variant at this location.", code="location.unstocked")
        counted = int(Decimal(row["current_inventory_level"]).to_integral_value(ROUND_FLOOR))  # as counts are read
        if adjustment.expected is not None and counted != adjustment.expected:
            raise Refused(
                "The count has changed since it was looked at; nothing was changed.",
                code="stock.changed",
                hint="Look at the count again and propose a new adjustment.",
            )
        return told.digest

    def _receipt(self, done: Done, context: WriteContext) -> Receipt:
        return receipt(PLATFORM, done, undo=STOCK_ADJUSTMENT, at=self._now(), context=context)


def reason_name(key: str) -> str:
    """A name that only this write has; at most 30 characters."""
    return f"Tillhand {hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _reason(row: Any, digest: str) -> _Reason:
    return _Reason(str(row["id"]), int(row["version"]), not row["enabled"], digest or _digest(row))


def _digest(row: Any) -> str:
    return hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()
