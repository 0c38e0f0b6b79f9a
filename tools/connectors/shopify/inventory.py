"""Counts: read as of now, corrected once, with the count the proposer saw compared by Shopify itself."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from knowledge.store.places import Place, Places
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import LocationId, Sku
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import STOCK_ADJUSTMENT, Done, receipt
from tools.connectors.shopify import operations
from tools.connectors.shopify.answers import require_done
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.names import PLATFORM, gid, item_name, number_of
from tools.connectors.shopify.transfers import ShopifyTransfers
from tools.connectors.shopify.variants import VariantIds, sku_query
from tools.connectors.stock_places import stock_place
from tools.platform import PlatformLevel, Receipt, WriteContext

_MOST = 900  # points for one read of levels: 1000 is the most a query may cost
_PER_LEVEL = 3
_PAGE = 250
_OF_TWO = 149  # levels of each of two items, which is the least that is asked for: as many as such a read may cost


class ShopifyInventory:
    """Counts and transfers."""

    def __init__(
        self,
        admin: Admin,
        variants: VariantIds,
        transfers: ShopifyTransfers,
        places: Places,
        now: Callable[[], datetime],
    ) -> None:
        self._admin = admin
        self._variants = variants
        self._transfers = transfers
        self._places = places
        self._now = now

    async def levels(self, skus: Sequence[Sku], locations: Sequence[LocationId]) -> list[PlatformLevel]:
        """Counts as of now, of those skus Shopify sells at those of the locations it keeps; of each item of a sku."""
        return await self._levels(skus, locations, Priority.READ)

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:  # noqa: D102 - the port's
        return await self._transfers.draft(transfer, context)

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:  # noqa: D102 - same
        return await self._transfers.cancel(transfer, context)

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        """Change a count once per key.

        Raises:
            Refused: The count is not the expected one any more (`stock.changed`), or several variants have the sku.
            NotFound: Shopify does not know the sku, or does not stock it there.
        """
        place = stock_place(self._places, adjustment.store, PLATFORM)
        items = await self._variants.items([adjustment.sku], Priority.WRITE)
        if context.dry_run:
            return await self._would_adjust(adjustment, place, context)
        wanted = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"tillhand://stock-adjustment/{adjustment.reference}",
            "changes": [
                {
                    "delta": adjustment.delta,
                    "inventoryItemId": items[adjustment.sku],
                    "locationId": gid("Location", place.platform_id),
                    "changeFromQuantity": adjustment.expected,  # must be said; null skips the comparison
                }
            ],
        }
        variables = {"input": wanted, "key": context.key}
        data = await self._admin.ask(operations.ADJUST, variables, Priority.WRITE)
        payload = data["inventoryAdjustQuantities"]
        require_done(payload)
        done = Done(operations.ADJUST.call, data.digest, payload["inventoryAdjustmentGroup"]["id"])
        return receipt(PLATFORM, done, undo=STOCK_ADJUSTMENT, at=self._now(), context=context)

    async def _would_adjust(self, adjustment: StockAdjustment, place: Place, context: WriteContext) -> Receipt:
        found = await self._levels([adjustment.sku], [place.id], Priority.WRITE)
        if not found:
            raise NotFound("Shopify does not stock this variant at this location.", code="location.unstocked")
        if adjustment.expected is not None and found[0].available != adjustment.expected:
            raise Refused("The count has changed since it was looked at.", code="stock.changed")
        done = Done(operations.ITEM_LEVELS.call, "", "")
        return receipt(PLATFORM, done, undo="", at=self._now(), context=context)

    async def _levels(
        self, skus: Sequence[Sku], locations: Sequence[LocationId], priority: Priority
    ) -> list[PlatformLevel]:
        """Every level of the skus is read, for Shopify cannot narrow them; those elsewhere are left out."""
        wanted = {place.platform_id: place for place in map(self._here, locations) if place}
        unique = list(dict.fromkeys(skus))
        page = min(_OF_TWO, max(1, len(self._places.on(PLATFORM))))
        at_once = max(1, _MOST // (1 + _PER_LEVEL * page) - 1)  # an item more is asked for than there are skus
        found: list[PlatformLevel] = []
        for start in range(0, len(unique), at_once):
            chosen = unique[start : start + at_once]
            async for item, level in self._read(chosen, page, priority):
                place = wanted.get(number_of(level["location"]["id"]))
                if place and item["sku"] in chosen:
                    found.append(self._level(item, level, place))
        return found

    async def _read(
        self, skus: Sequence[Sku], page: int, priority: Priority
    ) -> AsyncIterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        query, most = sku_query(skus), len(skus) + 1  # several variants may have one sku: is there an item more?
        while query:
            items = await self._items(query, most, page, None, priority)
            for item in items:
                levels = item["inventoryLevels"]
                for level in levels["nodes"]:
                    yield item, level
                while levels["pageInfo"]["hasNextPage"]:  # at more locations than the retailer listed
                    one, after = f"id:{number_of(item['id'])}", levels["pageInfo"]["endCursor"]
                    levels = (await self._items(one, 1, _PAGE, after, priority))[0]["inventoryLevels"]
                    for level in levels["nodes"]:
                        yield item, level
            full = len(items) == most
            query = f"({sku_query(skus)}) AND id:>{max(int(number_of(item['id'])) for item in items)}" if full else ""

    async def _items(
        self, query: str, most: int, locations: int, after: str | None, priority: Priority
    ) -> Sequence[Mapping[str, Any]]:
        """Items in the order of their numbers; `after` is a place among the levels of the one that is asked for."""
        asked = {"query": query, "items": most, "locations": locations, "after": after}
        return (await self._admin.ask(operations.ITEM_LEVELS, asked, priority))["inventoryItems"]["nodes"]

    def _level(self, item: Mapping[str, Any], level: Mapping[str, Any], place: Place) -> PlatformLevel:
        counts = {count["name"]: count["quantity"] for count in level["quantities"]}
        return PlatformLevel(
            sku=Sku(item["sku"]),
            item=item_name(number_of(item["id"])),
            location=place.id,
            available=counts["available"],
            on_hand=counts.get("on_hand"),
            committed=counts.get("committed"),
            incoming=counts.get("incoming"),
            observed_at=self._now(),
        )

    def _here(self, location: LocationId) -> Place | None:
        place = self._places.get(self._places.get(location).stock_location)
        return place if place.platform == PLATFORM else None
