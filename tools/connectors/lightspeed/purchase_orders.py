"""Purchase orders, as SUPPLIER consignments: OPEN asks nobody for anything yet, and is found again by our reference."""

from collections.abc import Callable
from datetime import datetime

from knowledge.store.places import Places
from policies.actions.reorder import CancelReorder, Reorder
from tools.connectors.lightspeed.consignments import Consignments, Goods, Wanted
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Rest
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import CANCEL_REORDER
from tools.connectors.stock_places import stock_place
from tools.platform import Receipt, WriteContext


class LightspeedPurchaseOrders:
    """Drafts and withdraws."""

    def __init__(self, rest: Rest, products: ProductIds, places: Places, now: Callable[[], datetime]) -> None:
        self._rest = rest
        self._products = products
        self._places = places
        self._consignments = Consignments(rest, "SUPPLIER", now)

    async def draft_order(self, order: Reorder, context: WriteContext) -> Receipt:
        """Draft it, or complete the draft of an earlier try.

        Raises:
            NotFound: A sku or the location is not known to Lightspeed.
        """
        outlet = stock_place(self._places, order.store, PLATFORM).platform_id
        ids = await self._products.of([line.sku for line in order.lines], Priority.WRITE)
        supplier = await self._supplier(order.vendor)
        goods = tuple(Goods(ids[line.sku], line.units) for line in order.lines)
        wanted = Wanted(outlet, order.reference, goods, {"supplier_id": supplier} if supplier else {})
        return await self._consignments.draft(wanted, context, undo=CANCEL_REORDER)

    async def cancel_order(self, order: CancelReorder, context: WriteContext) -> Receipt:
        """Withdraw it; one that is withdrawn, or deleted, is no error.

        Raises:
            Refused: It was sent to the supplier.
        """
        return await self._consignments.cancel(order.reference, context)

    async def _supplier(self, vendor: str) -> str:
        """Lightspeed's id of a supplier of this name; "" when it has none: the draft then names it in no field."""
        async for page in self._rest.pages("/suppliers", priority=Priority.WRITE):
            for row in page:
                if row.get("name") == vendor:
                    return str(row["id"])
        return ""
