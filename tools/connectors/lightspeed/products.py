"""Lightspeed's product ids by sku and back, asked for once, and put right when a product is told anew."""

import asyncio
from collections.abc import Iterable

from policies.errors import NotFound
from policies.vocabulary.ids import Sku
from tools.connectors.lightspeed.rest import Call, Rest
from tools.connectors.rate_limit import Priority

_FEW = 5  # skus looked up one by one; for more the whole list is read


class ProductIds:
    """Looks products up, and remembers those it found."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._ids: dict[str, str] = {}
        self._skus: dict[str, str] = {}
        self._version = 0  # how far the list of products was read
        self._reading = asyncio.Lock()

    async def find(self, skus: Iterable[Sku], priority: Priority) -> dict[Sku, str]:
        """Ids of those skus Lightspeed sells."""
        wanted = list(dict.fromkeys(skus))
        unknown = [sku for sku in wanted if sku not in self._ids]
        if len(unknown) > _FEW:
            await self._read_on(priority)
        else:
            for sku in unknown:
                told = await self._rest.ask(Call("GET", "/products", "/products", {"sku": sku}), priority)
                self._keep(told.data or ())
        return {sku: self._ids[sku] for sku in wanted if sku in self._ids}

    async def of(self, skus: Iterable[Sku], priority: Priority) -> dict[Sku, str]:
        """Ids of all these skus.

        Raises:
            NotFound: Lightspeed does not sell one of them.
        """
        wanted = list(skus)
        found = await self.find(wanted, priority)
        for sku in wanted:
            if sku not in found:
                raise NotFound(
                    f"Lightspeed does not sell {sku[:64]}.",
                    code="sku.unknown",
                    hint="Check the sku, or add the product in Lightspeed.",
                    field="sku",
                )
        return found

    async def skus(self, products: Iterable[str]) -> dict[str, str]:
        """Skus by product id, of those products that have one."""
        wanted = set(products)
        if not wanted <= self._skus.keys():
            await self._read_on(Priority.SWEEP)
        return {product: self._skus[product] for product in wanted if product in self._skus}

    def heard(self, rows: Iterable[object]) -> None:
        """Products as they were just listed: one of them may have another sku now."""
        self._keep(rows)

    async def _read_on(self, priority: Priority) -> None:
        """Read what is new in the list of products, deleted ones included: old sales name them."""
        async with self._reading:
            params = {"deleted": "true"}
            async for page in self._rest.pages("/products", after=self._version, params=params, priority=priority):
                self._keep(page)
                self._version = max(self._version, *(int(row["version"]) for row in page))

    def _keep(self, rows: Iterable[object]) -> None:
        for row in rows:
            if isinstance(row, dict) and row.get("sku") and row.get("id"):  # pyright: ignore[reportUnknownMemberType] - JSON
                product, sku = str(row["id"]), str(row["sku"])  # pyright: ignore[reportUnknownArgumentType] - JSON
                before = self._skus.get(product, sku)
                if before != sku and self._ids.get(before) == product:
                    del self._ids[before]
                self._skus[product] = sku
                if not row.get("deleted_at"):  # pyright: ignore[reportUnknownMemberType] - JSON
                    self._ids[sku] = product
