"""An assistant who asks over MCP, and a manager who answers: what they do in the course of the day."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

import httpx

from evals.demo.mcp_caller import McpCaller
from evals.retailer.world import World

SHOP: Final = "STORE_123"
WAREHOUSE: Final = "WAREHOUSE"
_LOOK_EVERY: Final = 0.05  # seconds
_WORTH: Final = 150_000  # cents at cost: more than moves without a manager
_MOST: Final = 400  # units in one transfer
_SPARE: Final = 20  # units left for everybody else
_OFF: Final = 25  # percent
_BASKET: Final = 26_000  # cents: 25 % of it is over what a register may give without a manager

Task = tuple[float, Callable[[], Awaitable[None]]]


class Office:
    """Their calls, at set times of the day.

    Attributes:
        answered: The manager's answers, by what they were.
        refused: What the assistant was refused, by code.
    """

    def __init__(self, assistant: McpCaller, manager: McpCaller, world: World) -> None:
        self._assistant = assistant
        self._manager = manager
        self._asked = 0
        self._stock = _wanted_elsewhere(world)
        self._outfits = _outfits(world)
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def open(self) -> None:
        """The first call of the day, before the shops open."""
        await self._moves_stock("STORE_NYC")

    async def work(self, time_of_day: Callable[[], float]) -> None:
        """Do everything in its time; what is left when the day is over is done then.

        Args:
            time_of_day: From 0 at opening to 1 at closing.
        """
        for moment, task in self._plan():
            while time_of_day() < moment:  # noqa: ASYNC110  # two people look at the clock, and no clock calls them
                await asyncio.sleep(_LOOK_EVERY)
            try:
                await task()
            except httpx.HTTPError:
                self.refused["no answer"] += 1

    def _plan(self) -> Sequence[Task]:
        return [
            (0.10, self._asks_the_impossible),
            (0.25, self._gives_discount),
            (0.40, self._answers_itself),
            (0.50, lambda: self._answer(approve=True)),
            (0.60, lambda: self._moves_stock(SHOP)),
            (0.65, lambda: self._answer(approve=True)),
            (0.70, self._gives_discount),
            (0.75, lambda: self._answer(approve=False)),
            (0.80, lambda: self._moves_stock("STORE_BOS")),
            (0.90, self._gives_discount),
            (0.98, self._looks_for_tomorrow),
        ]

    async def _asks_the_impossible(self) -> None:
        """Goods for a shop whose stock the other platform keeps."""
        asked = {**self._write("Too little left."), "lines": [{"sku": "PROD_001", "units": 5}]}
        await self._ask("check_inventory", sku="PROD_001")
        await self._ask("propose_transfer", origin_id=WAREHOUSE, destination_id="STORE_SEA", **asked)

    async def _moves_stock(self, shop: str) -> None:
        """So much that a manager has to agree."""
        sku, units = next(self._stock)
        asked = {**self._write("A window display is planned for the weekend."), "lines": [{"sku": sku, "units": units}]}
        await self._ask("propose_transfer", origin_id=WAREHOUSE, destination_id=shop, **asked)

    async def _gives_discount(self) -> None:
        """Off a basket so large that a manager has to agree."""
        asked = {**self._write("A regular outfits the family."), "skus": next(self._outfits), "percent": _OFF}
        await self._ask("propose_discount", location_id=SHOP, transaction=f"TXN_FAMILY_{self._asked}", **asked)

    async def _answers_itself(self) -> None:
        """An AI approves its own request: the rules refuse that to any model."""
        waiting = await self._ask("list_approvals")
        for approval in waiting.get("approvals", ())[:1]:
            asked = {**self._write("It is fine."), "approve": True, "approval_id": approval["approval_id"]}
            await self._ask("decide_approval", **asked)

    async def _looks_for_tomorrow(self) -> None:
        """By words; the last call of the day, for the first search sets the product learning its catalog by meaning."""
        await self._ask("search_products", text="warm jacket for the rain", location_id=SHOP)

    async def _answer(self, *, approve: bool) -> None:
        """The manager looks at what waits longest."""
        waiting = await self._manager.call("list_approvals")
        for approval in waiting.get("approvals", ())[:1]:
            reason = "Fine with me." if approve else "Not this week."
            told = await self._manager.call(
                "decide_approval", **self._write(reason), approve=approve, approval_id=approval["approval_id"]
            )
            self.answered["failed" if "refused" in told else "approved" if approve else "rejected"] += 1

    async def _ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        told = await self._assistant.call(tool, **arguments)
        if "refused" in told:
            self.refused[told["refused"]] += 1
        return told

    def _write(self, reason: str) -> dict[str, Any]:
        self._asked += 1
        return {"idempotency_key": f"demo-{self._asked:03d}", "reason": reason}


def _wanted_elsewhere(world: World) -> Iterator[tuple[str, int]]:
    """Goods of the warehouse, and as many units as are worth more than moves without a manager."""
    for sku, variant in world.variants.items():
        level = world.levels.get((sku, WAREHOUSE))
        if variant.cost and level:
            units = -(-_WORTH // variant.cost)
            if units <= _MOST and level.available >= units + _SPARE:
                yield sku, units


def _outfits(world: World) -> Iterator[list[str]]:
    """Baskets of goods the shop has, at a price that makes the discount large, with a margin that allows it."""
    skus: list[str] = []
    total = 0
    for sku, variant in world.variants.items():
        level = world.levels.get((sku, SHOP))
        if variant.cost and level and level.available > 1 and variant.cost * 2 < variant.price:
            skus.append(sku)
            total += variant.price
        if total >= _BASKET:
            yield skus
            skus, total = [], 0
