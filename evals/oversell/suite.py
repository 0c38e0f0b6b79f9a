"""Oversells when the last unit is wanted at the till and online at once: 1,000 races for each way of deciding them.

Both platforms are simulated with their own wire protocols. A buyer who does not ask us buys as the platform lets them,
at a moment drawn from a fixed seed: at once, between our look at the count and our write, or when we have answered.
Where Shopify compares before it writes, a till that
asks us first must never sell what was sold online. The same races with the comparison and the second look left out are
the baseline. Lightspeed does not compare, and a till sells what a customer holds in their hand whatever the count says:
those oversells are counted, and each must be found, with a way out proposed.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from evals.oversell.chain import SHELF, WEB, Shop, listen, open_shop
from evals.retailer import actions
from evals.row import Row
from policies.errors import TillhandError
from tools.mirroring.oversells import oversold

RACES: Final = 1_000
_AT_ONCE: Final = 10

_SEED: Final = 3


@dataclass(slots=True)
class _Tally:
    both: int = 0
    neither: int = 0
    found: int = 0


async def measure() -> list[Row]:
    """Oversold units of 1,000, each with one unit there was."""
    async with open_shop(RACES) as shop:
        compared = await _races(shop, till_asks=True)
    async with open_shop(RACES) as shop:
        _write_blindly(shop)
        blind = await _races(shop, till_asks=True)
    async with open_shop(RACES) as shop:
        uncompared = await _races(shop, till_asks=False)
    share = uncompared.found / uncompared.both if uncompared.both else 1.0
    name = f"oversold_of_{RACES}"
    return [
        Row(f"{name}_compare_and_swap", compared.both, "", "0", blind.both, compared.both == 0),
        Row(f"{name}_compare_and_swap_sold_to_nobody", compared.neither, "", "", blind.neither, None),
        Row(f"{name}_without_compare_and_swap", uncompared.both, "", "", blind.both, None),
        Row("oversold_found_with_a_way_out_share", round(share, 4), "", "1", None, share == 1.0),
    ]


async def _races(shop: Shop, *, till_asks: bool) -> _Tally:
    tally, chance = _Tally(), random.Random(_SEED)
    looks, sold = _watched(shop, "shopify" if till_asks else "lightspeed"), list[str]()
    for begin in range(0, RACES, _AT_ONCE):
        some = shop.skus[begin : begin + _AT_ONCE]
        moments = chance.choices(("at_once", "between", "after"), k=len(some))
        asks = _Asks(shop, till=till_asks, looks=looks)
        ends = await asyncio.gather(*(asks.race(sku, moment) for sku, moment in zip(some, moments, strict=True)))
        for sku, (at_till, online) in zip(some, ends, strict=True):
            tally.both += at_till and online
            tally.neither += not (at_till or online)
            if at_till and online:
                sold.append(sku)
    tally.found = await _found(shop, sold)
    return tally


@dataclass(frozen=True, slots=True)
class _Asks:
    """Who has the unit promised before it is sold: the till, or a shop system online. The other asks nobody.

    Attributes:
        looks: What is set when we looked at the other side's count, by sku.
    """

    shop: Shop
    till: bool
    looks: dict[str, asyncio.Event]

    async def race(self, sku: str, moment: str) -> tuple[bool, bool]:
        """Both want the unit; whether it was sold at the till, and online."""
        answered = asyncio.Event()
        self.looks[sku] = asyncio.Event()

        async def asking() -> bool:
            promised = await _promised(self.shop, sku, SHELF if self.till else WEB)
            answered.set()
            return promised and _buy(self.shop, sku, online=not self.till)

        async def not_asking() -> bool:
            if moment != "at_once":
                await (self.looks[sku] if moment == "between" else answered).wait()
            return _buy(self.shop, sku, online=True) if self.till else _hand_over(self.shop, sku)

        asked, other = await asyncio.gather(asking(), not_asking())
        return (asked, other) if self.till else (other, asked)


def _watched(shop: Shop, platform: str) -> dict[str, asyncio.Event]:
    """Events that are set when a platform's count of their sku was looked at."""
    inventory: Any = shop.house.platforms[platform].inventory
    read, looks = inventory.levels, dict[str, asyncio.Event]()

    async def levels(skus: Sequence[str], locations: Sequence[str]) -> Any:
        found = await read(skus, locations)
        for sku in skus:
            if sku in looks:
                looks[sku].set()
        return found

    inventory.levels = levels
    return looks


def _hand_over(shop: Shop, sku: str) -> bool:
    """Ring up what a customer holds in their hand, whatever the count says."""
    level = shop.world.levels[sku, SHELF]
    if level.available > 0:
        return _buy(shop, sku, online=False)
    level.on_hand += 1
    sold = _buy(shop, sku, online=False)
    actions.adjust(shop.world, sku, SHELF, -1, None)
    return sold


async def _promised(shop: Shop, sku: str, place: str) -> bool:
    try:
        await shop.house.reservations.reserve(f"basket-{sku}", sku, place, 1)
    except TillhandError:
        return False
    return True


def _buy(shop: Shop, sku: str, *, online: bool) -> bool:
    try:
        actions.sell(
            shop.world,
            place="ONLINE" if online else SHELF,
            customer_key=None,
            lines=[(sku, 1)],
            channel="online" if online else "pos",
            occurred_at=shop.world.now(),
            pickup_place=WEB if online else "",
        )
    except actions.OutOfStock:
        return False
    return True


async def _found(shop: Shop, sold: Sequence[str]) -> int:
    """How many of these have an oversell that stands, with a way out."""
    await listen(shop)
    async with shop.house.database.transaction() as connection:
        await connection.execute(text("UPDATE sync_job SET due_at = 'epoch', claimed_until = NULL"))
    await shop.house.mirroring.run()
    async with shop.house.database.reading() as connection:
        found = {each.sku for each in await oversold(connection) if each.remedies}
    return len(found & set(sold))


def _write_blindly(shop: Shop) -> None:
    """Shopify's counts as they would be written without the comparison; the rest stays as it is."""
    inventory: Any = shop.house.platforms["shopify"].inventory
    compare = inventory.adjust

    async def adjust(adjustment: Any, context: Any) -> Any:
        return await compare(adjustment.model_copy(update={"expected": None}), context)

    inventory.adjust = adjust
