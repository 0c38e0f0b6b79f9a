"""Which products are bought together, counted from the shop's own orders."""

from collections import Counter
from itertools import permutations

from evals.retailer.world import Change, Order, World


class Companions:
    """Pairs of products on one order. Counted when first asked, kept by listening."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pairs: dict[int, Counter[int]] | None = None
        world.listeners.append(self._hear)

    def of(self, product: int, most: int) -> list[int]:
        """Ids of the products most often bought with this one, dearest companions first."""
        found = self.warm().get(product, Counter[int]())
        return [other for other, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]

    def warm(self) -> dict[int, Counter[int]]:
        """Count now, when that has not been done."""
        if self._pairs is None:
            self._pairs = {}
            for order in self._world.orders.values():
                self._count(self._pairs, order)
        return self._pairs

    def _hear(self, change: Change) -> None:
        if change.topic == "order.created" and self._pairs is not None:
            self._count(self._pairs, change.subject)

    def _count(self, pairs: dict[int, Counter[int]], order: Order) -> None:
        variants = self._world.variants
        products = {variants[line.sku].shopify_product_id for line in order.lines if line.sku in variants}
        for one, other in permutations(products, 2):
            pairs.setdefault(one, Counter())[other] += 1
