"""Shopify's ids of variants by sku, asked for once: they do not change."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from policies.errors import NotFound, Refused
from policies.vocabulary.ids import Sku
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.graphql import Admin

_AT_ONCE = 50  # skus in one search
_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Ids:
    """One variant's global ids; `several`: other variants have its sku too."""

    variant: str
    item: str
    several: bool = False


class VariantIds:
    """Looks skus up, and remembers those it found."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._known: dict[str, Ids] = {}

    async def of(self, skus: Iterable[Sku], priority: Priority) -> dict[Sku, Ids]:
        """Ids by sku.

        Raises:
            NotFound: Shopify does not sell one of them.
        """
        wanted = list(dict.fromkeys(skus))
        unknown = [sku for sku in wanted if sku not in self._known]
        for start in range(0, len(unknown), _AT_ONCE):
            await self._look_up(unknown[start : start + _AT_ONCE], priority)
        missing = [sku for sku in wanted if sku not in self._known]
        if missing:
            raise NotFound(
                f"Shopify does not sell {missing[0][:64]}.",
                code="sku.unknown",
                hint="Check the sku, or add the product in Shopify.",
                field="sku",
            )
        return {sku: self._known[sku] for sku in wanted}

    async def items(self, skus: Iterable[Sku], priority: Priority) -> dict[Sku, str]:
        """Inventory items by sku, whose counts may be changed.

        Raises:
            NotFound: Shopify does not sell one of them.
            Refused: Several variants have one of them: whose goods are meant, nobody can tell (`sku.merged`).
        """
        found = await self.of(skus, priority)
        for sku, ids in found.items():
            if ids.several:
                del self._known[sku]  # somebody is asked to change it
                raise Refused(
                    f"Several variants in Shopify have the sku {sku[:64]}.",
                    code="sku.merged",
                    hint="Give each a sku of its own in Shopify.",
                    field="sku",
                )
        return {sku: ids.item for sku, ids in found.items()}

    async def _look_up(self, skus: list[Sku], priority: Priority) -> None:
        if len(self._known) > _KEPT:
            self._known.clear()
        after: str | None = None
        while True:
            asked = {"query": sku_query(skus), "after": after}
            found = (await self._admin.ask(operations.VARIANT_IDS, asked, priority))["productVariants"]
            for node in found["nodes"]:
                sku, item = node["sku"], node["inventoryItem"]["id"]
                if sku in skus:
                    before = self._known.get(sku)
                    self._known[sku] = Ids(node["id"], item, before is not None and before.item != item)
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]


def sku_query(skus: Iterable[str]) -> str:
    """A search for these skus, in Shopify's syntax: https://shopify.dev/docs/api/usage/search-syntax ."""
    return " OR ".join(f"sku:{json.dumps(sku)}" for sku in skus)
