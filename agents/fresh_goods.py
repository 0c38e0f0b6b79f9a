"""Goods at the price of this moment: what the platform says now takes the place of what the catalog remembers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from knowledge.offers.goods import Goods
from tools.fresh_prices import WITHIN, FreshPrices


async def fresh_goods(  # noqa: PLR0913  # what is asked about, of whom, and how fresh it must be
    prices: FreshPrices,
    platform: str,
    goods: Mapping[str, Goods],
    skus: Iterable[str],
    *,
    now: datetime,
    seconds: int,
    within: float = WITHIN,
) -> dict[str, Goods]:
    """Those of these goods whose price is known as of now; a stale one the platform does not confirm is left out.

    Args:
        prices: Asks the platform.
        platform: That sells them.
        goods: As the catalog has them.
        skus: Of the goods to ask about; others are ignored.
        now: The present.
        seconds: How old a price may be.
        within: Seconds to wait for the platform.
    """
    asked = [goods[sku] for sku in dict.fromkeys(skus) if sku in goods]
    stale = [one for one in asked if now - one.priced_at > timedelta(seconds=seconds)]
    told = await prices.of(platform, [one.sku for one in stale], younger_than=seconds, within=within) if stale else {}
    found = {one.sku: one for one in asked if one not in stale}
    for one in stale:
        price = told.get(one.sku)
        if price is not None and price.price.currency == one.currency:
            found[one.sku] = replace(one, price=price.price.minor, priced_at=price.observed_at)
    return {str(sku): one for sku, one in found.items()}
