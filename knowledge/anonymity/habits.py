"""One customer's behavior in bands, and what they may add to a figure: clipped, so that nobody can move one far."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from knowledge.store.places import Places
from policies.errors import NotFound
from policies.vocabulary.ids import CustomerRef
from policies.vocabulary.money import exponent

OTHER: Final = "other goods"
BASKET_EDGES: Final = (30, 60, 90, 150, 300)  # whole units of the chain's currency
MOST_PURCHASES: Final = 12  # of one customer, the newest: who buys every day counts no more than who buys every month
MOST_SPENT: Final = 300  # whole units of the chain's currency, for one purchase
MOST_UNITS: Final = 8  # goods in one purchase
_RECENT_DAYS: Final = (30, 90)
_AFTERNOON, _EVENING = 12, 17  # local hours
_SATURDAY: Final = 5
_OFTEN: Final = 0.5  # share of purchases with a discount
_LONGEST: Final = 40  # characters of a category's name
_SIGNS: Final = frozenset(" &-/")


class Traits(NamedTuple):
    """What customers are grouped by; every value is one of a few, and "" says nothing."""

    place: str
    category: str
    basket: str
    when: str
    discounts: str
    recency: str
    frequency: str


class Share(NamedTuple):
    """What one customer adds to a group's figures, each within fixed bounds.

    Attributes:
        basket: Whole units of currency per purchase, at most `MOST_SPENT`.
        orders: Purchases, at most `MOST_PURCHASES`.
        units: Goods per purchase, at most `MOST_UNITS`.
        online: Share of purchases made online.
        discounted: Share of purchases with a discount.
    """

    basket: float
    orders: float
    units: float
    online: float
    discounted: float


@dataclass(frozen=True, slots=True)
class Habits:
    """One customer, as far as groups are made of customers."""

    traits: Traits
    share: Share


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase.

    Attributes:
        total: Minor units of the chain's currency.
        categories: Of each unit bought, by the catalog's own names.
    """

    customer: CustomerRef
    place: str
    channel: str
    at: datetime
    total: int
    units: int
    discounted: bool
    categories: Sequence[str]


def habits(bought: Iterable[Bought], places: Places, *, currency: str, at: datetime) -> dict[CustomerRef, Habits]:
    """The behavior of every customer.

    Args:
        bought: Purchases of `currency`, one customer's together, the newest first.
        places: Where they were made; what was bought at an unknown place is left out.
        currency: The chain's.
        at: The present.
    """
    found: dict[CustomerRef, Habits] = {}
    scale = 10 ** exponent(currency)
    zones = {str(place.id): ZoneInfo(place.timezone) for place in places}
    for customer, purchases in groupby(bought, key=lambda one: one.customer):
        newest = [one for one in purchases if _known(places, one.place)][:MOST_PURCHASES]
        if newest:
            found[customer] = _habits(newest, zones, scale, at)
    return found


def category_word(name: str) -> str:
    """A category's name as a group may carry it: short plain words, else `OTHER`, for platforms send anything."""
    word = " ".join(name.split()).lower()
    plain = all(letter in _SIGNS or (letter.isascii() and letter.isalpha()) for letter in word)
    return word if word and plain and len(word) <= _LONGEST else OTHER


def band(value: float, edges: Sequence[int]) -> str:
    """The band a value lies in: `under 30`, `30-60`, `300 or more`."""
    below = 0
    for edge in edges:
        if value < edge:
            return f"{below}-{edge}" if below else f"under {edge}"
        below = edge
    return f"{below} or more"


def _known(places: Places, place: str) -> bool:
    try:
        places.get(place)
    except NotFound:
        return False
    return True


def _habits(newest: Sequence[Bought], zones: Mapping[str, ZoneInfo], scale: int, at: datetime) -> Habits:
    count = len(newest)
    spent = sum(min(one.total / scale, MOST_SPENT) for one in newest) / count
    discounted = sum(one.discounted for one in newest) / count
    share = Share(
        basket=spent,
        orders=float(count),
        units=sum(min(one.units, MOST_UNITS) for one in newest) / count,
        online=sum(one.channel == "online" for one in newest) / count,
        discounted=discounted,
    )
    traits = Traits(
        place=_most(one.place for one in newest),
        category=_most(category_word(name) for one in newest for name in one.categories) or OTHER,
        basket=band(spent, BASKET_EDGES),
        when=_most(_when(one.at.astimezone(zones[one.place])) for one in newest),
        discounts="never" if not discounted else "often" if discounted >= _OFTEN else "sometimes",
        recency=_recency((at - newest[0].at).days),
        frequency="once" if count == 1 else "2-3 times" if count <= 3 else "4 times or more",  # noqa: PLR2004
    )
    return Habits(traits, share)


def _most(values: Iterable[str]) -> str:
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else ""


def _when(local: datetime) -> str:
    day = "weekend" if local.weekday() >= _SATURDAY else "weekday"
    return f"{day} {'evenings' if local.hour >= _EVENING else 'afternoons' if local.hour >= _AFTERNOON else 'mornings'}"


def _recency(days: int) -> str:
    month, quarter = _RECENT_DAYS
    return f"within {month} days" if days <= month else f"within {quarter} days" if days <= quarter else "longer ago"
