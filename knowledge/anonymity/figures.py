"""What is said of a group: means of clipped shares, rounded coarsely at a place nobody knows, and one sentence."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Final

from knowledge.anonymity.habits import Share, Traits

_BANDS: Final = (1.0, 2.5, 5.0, 10.0, 25.0)  # times the least: with 20, a group is 20-49, 50-99, 100-199, 200-499, 500+
_MONEY: Final = 10  # whole units of currency; one customer of twenty moves a mean by 15 at most
_TENTHS: Final = 10  # percentage points
_UNITS: Final = 1
_ORDERS: Final = 1
_STAYS: Final = 1.5  # steps
_ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Figures:
    """A group in round numbers.

    Attributes:
        basket: Whole units of currency per purchase, to the next 10.
        orders: Purchases per customer in the year.
        units: Goods per purchase.
        online_percent: Of purchases, to the next 10.
        discounted_percent: The same.
        size: How many customers, as a band such as `20-49`.
    """

    basket: int
    orders: int
    units: int
    online_percent: int
    discounted_percent: int
    size: str

    def as_json(self) -> dict[str, int | str]:
        """By name."""
        return asdict(self)


def figures(shares: Sequence[Share], least: int, chance: Random, stood: Figures | None = None) -> Figures:
    """The figures of a group.

    Every mean is moved by up to half a step before it is rounded, so that where it would tip to the next step is not
    known, and two releases that differ by one customer cannot be taken apart. A figure that stood stays while it is
    within a step and a half of the mean: one customer who leaves, erased or not, does not show.

    Args:
        shares: Of everybody in the group, and nobody else.
        least: Customers in the smallest group.
        chance: Nobody may be able to draw the same again.
        stood: What was released of the same group before.
    """

    def mean(name: str, part: str, step: int, scale: float = 1.0) -> int:
        exact = sum(getattr(share, part) for share in shares) / len(shares) * scale
        if stood is not None and abs(getattr(stood, name) - exact) <= _STAYS * step:
            return int(getattr(stood, name))
        return max(0, round((exact + chance.uniform(-step / 2, step / 2)) / step) * step)

    size = size_band(len(shares), least)
    if stood is not None and stood.size in {size_band(len(shares) + off, least) for off in (-least // 4, least // 4)}:
        size = stood.size
    return Figures(
        basket=mean("basket", "basket", _MONEY),
        orders=max(1, mean("orders", "orders", _ORDERS)),
        units=max(1, mean("units", "units", _UNITS)),
        online_percent=min(100, mean("online_percent", "online", _TENTHS, 100)),
        discounted_percent=min(100, mean("discounted_percent", "discounted", _TENTHS, 100)),
        size=size,
    )


def size_band(count: int, least: int) -> str:
    """The band a count lies in."""
    edges = [round(least * times) for times in _BANDS]
    low = max(edge for edge in edges if edge <= max(count, least))
    above = [edge for edge in edges if edge > low]
    return f"{low}-{above[0] - 1}" if above else f"{low} or more"


def sentence(traits: Traits, told: Figures, currency: str) -> str:
    """The group in words: what its customers share, then its figures. Nothing else can get in."""
    shared = [
        f"location {traits.place or _ANY}",
        f"category {traits.category or _ANY}",
        f"basket {traits.basket or _ANY} {currency}",
        f"time {traits.when or _ANY}",
        f"buys at a discount {traits.discounts or _ANY}",
        f"last seen {traits.recency or _ANY}",
        f"bought {traits.frequency or _ANY}",
    ]
    return (
        f"Customers: {', '.join(shared)}; about {told.basket} {currency} and {told.units} goods a purchase, "
        f"{told.orders} purchases, {told.online_percent} % online, {told.discounted_percent} % at a discount; "
        f"{told.size} customers."
    )
