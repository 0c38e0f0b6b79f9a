"""The retailer's promotions as offers know them: what is reduced for everybody where, now or soon, and to what price.

Days are those of the place's own clock, both ends included. Where several promotions run on the same goods the cheapest
counts: which of them a platform applies is its own affair, and nothing of ours comes on top of any. Catalog prices are
the ordinary ones; one that is as low as a promotion's price already is not reduced again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from knowledge.store.places import ONLINE, Place
from policies.vocabulary.money import round_half_even

_WHOLE: Final = 100  # percent


class Untold(StrEnum):
    """Why goods in a promotion are not told of; no percentage of ours comes on them all the same."""

    CURRENCY = "promotion.currency"  # its price is in another one than the goods'
    NOTHING_LEFT = "promotion.nothing_left"  # it leaves no price


class Priced(Protocol):
    """What a promotion is looked up by: goods of an offer, and variants of the guard's."""

    @property
    def category(self) -> str:
        """Of the goods; "" for none."""
        ...

    @property
    def price(self) -> int:
        """Minor units."""
        ...

    @property
    def currency(self) -> str:
        """ISO 4217."""
        ...


@dataclass(frozen=True, slots=True)
class Promotion:
    """One, as the calendar has it; fields as in the table `promotion`."""

    sku: str
    category: str
    location: str
    channel: str
    first_day: date
    last_day: date
    percent: int | None
    price: int | None
    currency: str

    @classmethod
    def read(cls, row: Any) -> "Promotion":
        """From a row of the table, by column name."""
        return cls(
            row["sku"],
            row["category"],
            row["location_id"],
            row["channel"],
            date.fromisoformat(row["first_day"]),
            date.fromisoformat(row["last_day"]),
            row["percent"],
            row["price"],
            row["currency"],
        )

    def at(self, place: Place) -> bool:
        """Whether it is held there."""
        if self.location:
            return self.location == place.id
        return not self.channel or (self.channel == ONLINE) == (place.kind == ONLINE)

    def charges(self, goods: Priced) -> int | Untold:
        """Minor units one unit costs by it, or why nobody can say."""
        if self.percent is not None:
            left = goods.price - round_half_even(goods.price * self.percent, _WHOLE)
        elif self.currency != goods.currency:
            return Untold.CURRENCY
        else:
            left = min(goods.price, self.price or 0)
        return left if left > 0 else Untold.NOTHING_LEFT


@dataclass(frozen=True, slots=True)
class Reduced:
    """Goods in a promotion here and now.

    Attributes:
        charged: Minor units of one unit; the ordinary price where nobody can say, and then `why` says so.
    """

    charged: int
    why: Untold | None = None


class Calendar:
    """Promotions by what they are of.

    Args:
        promotions: Those that may run on the days asked about; others do no harm.
    """

    def __init__(self, promotions: Iterable[Promotion] = ()) -> None:
        self._by_sku: dict[str, list[Promotion]] = {}
        self._by_category: dict[str, list[Promotion]] = {}
        for one in promotions:
            if one.sku:
                self._by_sku.setdefault(one.sku, []).append(one)
            else:
                self._by_category.setdefault(one.category, []).append(one)

    def at(self, place: Place, moment: datetime, *, ahead_days: int = 0) -> "PlaceCalendar":
        """What it says of a place at a moment, by the place's own clock."""
        return PlaceCalendar(self, place, moment.astimezone(ZoneInfo(place.timezone)).date(), ahead_days)

    def of(self, sku: str, category: str) -> Sequence[Promotion]:
        """All of these goods, wherever and whenever: by sku, by category, and of everything."""
        if not (self._by_sku or self._by_category):
            return ()
        by_category = self._by_category.get(category, []) if category else []
        return (*self._by_sku.get(sku, ()), *by_category, *self._by_category.get("", ()))


@dataclass(frozen=True, slots=True)
class PlaceCalendar:
    """A calendar at one place and day.

    Attributes:
        ahead_days: Goods whose promotion begins within as many days are kept from discounts of ours too.
    """

    calendar: Calendar
    place: Place
    day: date
    ahead_days: int = 0

    def running(self, sku: str, goods: Priced) -> Reduced | None:
        """The cheapest promotion of these goods that runs; `None` when none does."""
        told = [one.charges(goods) for one in self._held(sku, goods) if one.first_day <= self.day]
        if not told:
            return None
        prices = [each for each in told if not isinstance(each, Untold)]
        if prices:
            return Reduced(min(prices))
        return Reduced(goods.price, next(each for each in told if isinstance(each, Untold)))

    def bars(self, sku: str, goods: Priced) -> bool:
        """Whether no percentage of ours may be taken off: a promotion runs, or is about to begin."""
        soon = self.day + timedelta(days=self.ahead_days)
        return any(one.first_day <= soon for one in self._held(sku, goods))

    def _held(self, sku: str, goods: Priced) -> list[Promotion]:
        """Of these goods, here, and not over."""
        known = self.calendar.of(sku, goods.category)
        return [one for one in known if one.last_day >= self.day and one.at(self.place)]
