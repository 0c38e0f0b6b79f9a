"""Who wants what, where and when: most variants rest on most days, weekends are busy, some goods go together."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from evals.retailer.catalog import CATEGORIES, goes_with
from evals.retailer.places import BACKROOM, ONLINE, shops
from evals.retailer.stock import WAREHOUSE
from evals.retailer.world import Place, Variant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WEEKDAYS = (0.72, 0.74, 0.80, 0.92, 1.20, 1.52, 1.10)  # Monday first; the mean is 1
HOURS = (0.5, 0.8, 1.2, 1.3, 1.0, 0.9, 1.0, 1.4, 1.2, 0.7)  # from opening; relative
ZERO_DAYS = 0.70  # share of days on which a shop sells none of a variant it carries
CARRIED = 0.22  # share of the products in one shop
PROMOTED = 0.03  # share of the products on promotion in one week
PULL = 3.0  # times as many are bought on promotion
PARTNERS = 0.35  # share of products with one product that is often bought with it
_SHAPE = 0.6  # of the gamma law of popularity: few best sellers, a long tail
_UNITS_PER_ORDER = 1.9  # measured on `baskets`
_ONLINE_SHARE = 0.8  # of an average shop's orders


@dataclass(frozen=True, slots=True)
class Habits:
    """How customers put baskets together; shares of baskets."""

    by_taste: float = 0.6  # the first thing is from a category the customer leans to
    second: float = 0.55  # holds a second thing
    partner: float = 0.6  # of those: the first thing's partner, where it has one
    third: float = 0.18
    pair: float = 0.10  # two units of a thing


HABITS = Habits()


class Demand:
    """The wants of one world. The same seed, catalog and places always want the same.

    Attributes:
        skus: The variants' skus; every array over variants is in this order.
        popularity: By place code, over variants: share of what is bought there, 0 where not carried.
        orders: By place code: orders on an average day.
    """

    def __init__(self, seed: int, variants: dict[str, Variant], places: dict[str, Place]) -> None:
        self.skus = list(variants)
        rows = list(variants.values())
        self._seed = seed
        self.category: Ints = np.array([CATEGORIES.index(row.category) for row in rows])
        products = {number: serial for serial, number in enumerate(dict.fromkeys(r.shopify_product_id for r in rows))}
        self.product: Ints = np.array([products[row.shopify_product_id] for row in rows])
        self._products = len(products)
        chance = np.random.default_rng([seed, 1])
        self.partner = _partners(chance, self.product, self.category)
        self.popularity, self.orders = self._spread(chance, places)
        self._draws: dict[tuple[str, date], _Draw] = {}

    def rate(self, place: str) -> Floats:
        """Units of each variant on an average day."""
        return self.popularity[place] * self.orders[place] * _UNITS_PER_ORDER

    def promoted(self, day: date) -> Ints:
        """Products (numbers as in `product`) on promotion in the week of a day; every shop, Monday to Sunday."""
        monday = day - timedelta(days=day.weekday())
        chance = np.random.default_rng([self._seed, 2, monday.toordinal()])
        return np.sort(chance.choice(self._products, max(1, round(self._products * PROMOTED)), replace=False))

    def promoted_skus(self, day: date) -> tuple[str, ...]:
        """The variants on promotion in the week of a day."""
        return tuple(self.skus[number] for number in np.flatnonzero(np.isin(self.product, self.promoted(day))))

    def baskets(
        self, place: str, day: date, tastes: list[tuple[str, ...]], chance: np.random.Generator
    ) -> list[list[tuple[str, int]]]:
        """One basket of (sku, units) for each customer, given the categories each leans to; () for a stranger."""
        draw = self._draw(place, day)
        count = len(tastes)
        wanted = np.full(count, -1)
        leaning = chance.random(count) < HABITS.by_taste
        picks = chance.random(count)
        for number, taste in enumerate(tastes):
            if taste and leaning[number]:
                wanted[number] = CATEGORIES.index(taste[int(picks[number] * len(taste))])
        first = draw.pick(wanted, chance)
        second = np.where(chance.random(count) < HABITS.second, self._companions(draw, first, chance), -1)
        third = np.where(chance.random(count) < HABITS.third, draw.pick(np.full(count, -1), chance), -1)
        baskets: list[list[int]] = np.stack((first, second, third)).T.tolist()
        units: list[list[int]] = (1 + (chance.random((count, 3)) < HABITS.pair)).tolist()
        found: list[list[tuple[str, int]]] = []
        for basket, amounts in zip(baskets, units, strict=True):
            lines: dict[str, int] = {}  # a thing drawn twice is bought once
            for number, amount in zip(basket, amounts, strict=True):
                if number >= 0 and self.skus[number] not in lines:
                    lines[self.skus[number]] = amount
            found.append(list(lines.items()))
        return found

    def _companions(self, draw: "_Draw", first: Ints, chance: np.random.Generator) -> Ints:
        count = len(first)
        partner = self.partner[self.product[first]]
        to_partner = (partner >= 0) & (chance.random(count) < HABITS.partner)
        nearness = np.minimum(chance.geometric(0.55, count) - 1, 2)
        by_affinity = draw.pick(_AFFINITY[self.category[first], nearness], chance)
        by_partner = draw.pick_product(np.where(to_partner, partner, -1), chance)
        return np.where(by_partner >= 0, by_partner, by_affinity)

    def _draw(self, place: str, day: date) -> "_Draw":
        key = (place, day - timedelta(days=day.weekday()))
        found = self._draws.get(key)
        if found is None:
            pull = np.where(np.isin(self.product, self.promoted(day)), PULL, 1.0)
            found = self._draws[key] = _Draw(self.popularity[place] * pull, self.category, self.product)
        return found

    def _spread(
        self, chance: np.random.Generator, places: dict[str, Place]
    ) -> tuple[dict[str, Floats], dict[str, float]]:
        """What each place carries and how well it sells there, and how many orders make `ZERO_DAYS` come true."""
        fame = chance.gamma(_SHAPE, size=len(self.skus)) + 1e-3
        jeans = np.flatnonzero(self.product == 1)
        fame[[self.skus.index("PROD_001"), int(jeans[2])]] = fame.max()  # the samples' tee, and jeans of a middle size
        popularity: dict[str, Floats] = {}
        orders: dict[str, float] = {}
        for place in shops(places):
            carried = chance.random(self._products) < CARRIED
            carried[:2] = True  # the tee and the jeans that the samples speak of
            local = fame * chance.gamma(4.0, 0.25, size=len(fame)) * carried[self.product]
            popularity[place.code] = local / local.sum()
            orders[place.code] = _orders_for(popularity[place.code])
        everywhere = fame * chance.gamma(4.0, 0.25, size=len(fame))
        popularity[ONLINE] = popularity[WAREHOUSE] = everywhere / everywhere.sum()
        orders[ONLINE] = _ONLINE_SHARE * float(np.mean(list(orders.values())))
        orders[WAREHOUSE] = 0.0
        west = sum((popularity[place.code] for place in shops(places, "lightspeed")), np.zeros(len(fame)))
        popularity[BACKROOM] = west / west.sum()
        orders[BACKROOM] = 0.0
        return popularity, orders


class _Draw:
    """Weighted picks of variants at one place in one week: of all, of a category, or of a product."""

    def __init__(self, weights: Floats, category: Ints, product: Ints) -> None:
        self._all = np.cumsum(weights)
        self._by_category = _Groups(weights, category, len(CATEGORIES))
        self._by_product = _Groups(weights, product, int(product.max()) + 1)

    def pick(self, category: Ints, chance: np.random.Generator) -> Ints:
        """A variant of each category; of any where it is -1 or not carried."""
        points: Floats = chance.random(len(category)) * self._all[-1]
        anything: Ints = np.asarray(np.searchsorted(self._all, points, side="right"), dtype=np.int64)
        found = self._by_category.pick(category, chance)
        return np.where(found >= 0, found, anything)

    def pick_product(self, product: Ints, chance: np.random.Generator) -> Ints:
        """A variant of each product; -1 where it is -1 or not carried."""
        return self._by_product.pick(product, chance)


class _Groups:
    """Variants sorted by group, so that one cumulative sum serves weighted picks within any of them."""

    def __init__(self, weights: Floats, group: Ints, groups: int) -> None:
        self._order = np.argsort(group, kind="stable")
        self._sums = np.concatenate(([0.0], np.cumsum(weights[self._order])))
        edges = np.searchsorted(group[self._order], np.arange(groups + 1))
        self._low, self._high = self._sums[edges[:-1]], self._sums[edges[1:]]

    def pick(self, group: Ints, chance: np.random.Generator) -> Ints:
        low, high = self._low[group], self._high[group]
        point = low + (high - low) * chance.random(len(group))
        found = self._order[np.minimum(np.searchsorted(self._sums, point, side="right") - 1, len(self._order) - 1)]
        return np.where((group >= 0) & (high > low), found, -1)


def _orders_for(popularity: Floats) -> float:
    """Orders on an average day that leave `ZERO_DAYS` of the carried variants unsold, if units fall by chance."""
    shares = popularity[popularity > 0]
    low, high = 0.0, 1e6
    for _ in range(60):
        units = (low + high) / 2
        unsold = np.mean([np.exp(-units * busy * shares).mean() for busy in WEEKDAYS])
        low, high = (units, high) if unsold > ZERO_DAYS else (low, units)
    return low / _UNITS_PER_ORDER


def _partners(chance: np.random.Generator, product: Ints, category: Ints) -> Ints:
    """For each product the product often bought with it, or -1. The tee's are the jeans, and the other way round."""
    count = int(product.max()) + 1
    categories: Ints = np.zeros(count, dtype=np.int64)
    categories[product] = category
    partner: Ints = np.full(count, -1)
    for number in np.flatnonzero(chance.random(count) < PARTNERS).tolist():
        likely = np.flatnonzero(categories == _AFFINITY[categories[number], 0])
        if len(likely):
            partner[number] = chance.choice(likely)
    partner[0], partner[1] = 1, 0
    return partner


_AFFINITY: Ints = np.array([[CATEGORIES.index(other) for other in goes_with(one)] for one in CATEGORIES])
