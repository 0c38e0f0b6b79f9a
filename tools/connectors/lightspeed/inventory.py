"""Counts: the one number Lightspeed keeps for each product and outlet, as of now."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from knowledge.store.places import Place, Places
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from policies.vocabulary.ids import LocationId, Sku
from tools.connectors.lightspeed.adjustments import LightspeedAdjustments
from tools.connectors.lightspeed.consignments import LightspeedTransfers
from tools.connectors.lightspeed.names import PLATFORM, item_name
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Call, Rest
from tools.connectors.rate_limit import Priority
from tools.platform import PlatformLevel, Receipt, WriteContext

_AT_ONCE = 100  # products in one read; at no more than 100 outlets the answer still fits
_SIZE = 10_000


class LightspeedInventory:
    """Counts, transfers and adjustments."""

    def __init__(  # noqa: PLR0913, PLR0917 - every collaborator is given
        self,
        rest: Rest,
        products: ProductIds,
        transfers: LightspeedTransfers,
        adjustments: LightspeedAdjustments,
        places: Places,
        now: Callable[[], datetime],
    ) -> None:
        self._rest = rest
        self._products = products
        self._transfers = transfers
        self._adjustments = adjustments
        self._places = places
        self._now = now

    async def levels(self, skus: Sequence[Sku], locations: Sequence[LocationId]) -> list[PlatformLevel]:
        """Counts as of now, of those skus Lightspeed sells at those of the locations it keeps."""
        places = {place.platform_id: place for place in map(self._here, locations) if place}
        found = await self._products.find(skus, Priority.READ) if places else {}
        by_id = {product: sku for sku, product in found.items()}
        products = list(by_id)
        levels: list[PlatformLevel] = []
        for start in range(0, len(products), _AT_ONCE):
            body = {
                "product_ids": products[start : start + _AT_ONCE],
                "location_ids": list(places),
                "size": _SIZE,
                "include_inactive": True,
            }
            told = await self._rest.ask(Call("POST", "/inventory_levels", "/inventory_levels", body=body))
            for row in told.data:
                place, sku = places.get(row["location_id"]), by_id.get(row["product_id"])
                if place and sku:
                    levels.append(self._level(sku, row["product_id"], place, row["current_inventory_level"]))
        return levels

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:  # noqa: D102 - the port's
        return await self._transfers.draft(transfer, context)

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:  # noqa: D102 - same
        return await self._transfers.cancel(transfer, context)

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:  # noqa: D102 - same
        return await self._adjustments.adjust(adjustment, context)

    def _level(self, sku: Sku, product: str, place: Place, count: Decimal | int) -> PlatformLevel:
        return PlatformLevel(
            sku=sku,
            item=item_name(product),
            location=place.id,
            available=int(Decimal(count).to_integral_value(ROUND_FLOOR)),
            on_hand=None,
            committed=None,
            incoming=None,
            observed_at=self._now(),
        )

    def _here(self, location: LocationId) -> Place | None:
        place = self._places.get(self._places.get(location).stock_location)
        return place if place.platform == PLATFORM else None
