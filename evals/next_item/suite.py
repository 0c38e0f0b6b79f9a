"""What a basket lacks and what a customer buys next, foretold by the product's own model; a real retailer's orders.

Trained on orders before August 2011 and tested on those of August and September: the model is learned anew every week,
as the product does every night, from orders that were over by then. Its constants were chosen on earlier months
(`evals.next_item.choose`). Completion hides each variant of a test basket in turn and looks for it among the ten best
given the others; a basket has 2 to 20 variants the model knows, as in the figures it is compared with. `_all_sizes`
counts every basket of 2 or more, and a variant the model does not know as missed. `_cold` are those variants, found by
their titles; `_beside_cold` is completion while they compete for the ten places, and `_whole` every variant of baskets
of 2 to 20, told by titles too, beside the same without. For customers who bought before, the
ten best are compared with their next order. The rivals see what the model sees; what sells now is counted anew every
night, for the model and for them.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.next_item.cold import read_titles, whole_basket
from evals.next_item.recorded import Order, Recorded, read_recorded
from evals.row import Row
from knowledge.offers.calibration import calibrate, calibrate_titles
from knowledge.offers.cold import SPEAKS, ColdShelf, shelve
from knowledge.offers.lacking import NextItems
from knowledge.offers.next_basket import next_basket
from knowledge.offers.next_item import LATELY, MOST_BASKET, NextItemModel, learn

COMPLETION: Final = 0.36
NEXT_BASKET: Final = 0.76
READ_MS: Final = 1.0
SHOWN: Final = 10
_SEEDS: Final = 12  # of a basket, as an offer looks at
_EVERY: Final = 7.0  # days between two trainings
_WINDOW: Final = 365.0
_SIZES: Final = range(2, 21)

Scores = NDArray[np.float32]


@dataclass(slots=True)
class Hits:
    """Shares that were right, by name; each basket or order counts once."""

    told: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, share: float) -> None:
        """One more."""
        self.told[name].append(share)

    def share(self, name: str) -> float:
        """The mean."""
        return float(np.mean(self.told[name]))


@dataclass(frozen=True, slots=True)
class Period:
    """A week's model, and what came after it was learned."""

    model: NextItemModel
    orders: Sequence[Order]


def periods(
    recorded: Recorded, start: float, end: float, train: Callable[..., NextItemModel | None] = learn
) -> list[Period]:
    """Each week's, from orders that were over when it began."""
    found: list[Period] = []
    for begin in np.arange(start, end, _EVERY).tolist():
        before = [(begin - order.at, order.skus) for order in recorded.orders if begin - _WINDOW <= order.at < begin]
        model = train(before)
        orders = [order for order in recorded.orders if begin <= order.at < min(begin + _EVERY, end)]
        if model is not None:
            found.append(Period(model, orders))
    return found


async def measure() -> list[Row]:
    """Both tasks, with their rivals."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Row]:
    recorded = read_recorded()
    start, end = recorded.day(2011, 8), recorded.day(2011, 10)
    hits, titles = Hits(), read_titles()
    told = periods(recorded, start, end)
    for period in told:
        complete(period, hits)
        beside_cold(period, shelve(period.model.skus, titles), hits)
    ahead(recorded, told, hits)
    rivals = ("popular", "lately", "together")
    rows = [
        _held("next_item_hit10", hits.share("ease"), COMPLETION, max(hits.share(name) for name in rivals)),
        *(Row(f"next_item_hit10_{name}", round(hits.share(name), 4), "", "", None, None) for name in rivals),
        Row("next_item_hit10_all_sizes", round(hits.share("ease_all"), 4), "", "", None, None),
        Row("next_item_hit10_cold", round(hits.share("cold"), 4), "", "", round(hits.share("cold_untold"), 4), None),
        Row("next_item_hidden_cold", float(len(hits.told["cold"])), "", "", None, None),
        _held("next_item_hit10_beside_cold", hits.share("beside_cold"), COMPLETION, hits.share("ease")),
        Row("next_item_hit10_whole", round(hits.share("whole"), 4), "", "", round(hits.share("whole_untold"), 4), None),
        Row("next_item_baskets", float(len(hits.told["ease"])), "", "", None, None),
    ]
    personal = ("popular_next", "lately_next", "often_next", "often_lately_next")
    rows += [
        _held("next_basket_hit10", hits.share("ours_next"), NEXT_BASKET, max(hits.share(name) for name in personal)),
        *(Row(f"next_basket_hit10_{name[:-5]}", round(hits.share(name), 4), "", "", None, None) for name in personal),
        Row("next_basket_orders", float(len(hits.told["ours_next"])), "", "", None, None),
    ]
    return [*rows, *_read(told)]


def _read(told: Sequence[Period]) -> list[Row]:
    """What the register reads: how long it takes, and whether chances measured on one week hold in the next."""
    (before, last), titles = told[-2:], read_titles()
    lately = [order.skus for order in before.orders]
    curve = calibrate(before.model, lately)
    titled = calibrate_titles(before.model, shelve(before.model.skus, titles), lately)
    if curve is None or titled is None:
        return []
    rows = {sku: place for place, sku in enumerate(last.model.skus)}
    learned = NextItems(last.model, curve, rows, shelve(last.model.skus, titles), titled)
    chances = _Chances()
    took: list[float] = []
    for order in last.orders:
        begun = time.perf_counter()
        found = learned.lacking(order.skus[::2][:_SEEDS], SHOWN)
        took.append((time.perf_counter() - begun) * 1_000)
        chances.add([(each.chance, each.sku in order.skus[1::2]) for each in found])
    # what titles say ranks low among ten; asked for by itself it shows whether it is worth what it says
    alone, nobody = _Chances(), replace(last.model, weights=np.zeros_like(last.model.weights))
    by_title = replace(learned, model=nobody)
    for order in last.orders:
        found = by_title.lacking(order.skus[::2][:_SEEDS], SHOWN)
        alone.add([(each.chance, each.sku in order.skus[1::2]) for each in found])
    p50 = float(np.median(took))
    return [
        Row("next_item_read_p50_ms", round(p50, 3), "ms", f"< {READ_MS:.0f}", None, p50 < READ_MS),
        chances.row("next_item_chance_told_beside_came"),
        alone.row("next_item_title_chance_told_beside_came"),
    ]


@dataclass(slots=True)
class _Chances:
    """Chances that were told, and what came."""

    said: list[float] = field(default_factory=list[float])
    came: list[bool] = field(default_factory=list[bool])

    def add(self, told: Iterable[tuple[float, bool]]) -> None:
        for chance, came in told:
            self.said.append(chance)
            self.came.append(came)

    def row(self, name: str) -> Row:
        """What was said, and as its baseline what came."""
        return Row(name, round(float(np.mean(self.said)), 4), "", "", round(float(np.mean(self.came)), 4), None)


def complete(period: Period, hits: Hits, *, rivals: bool = True) -> None:
    """Hide each variant of each basket in turn."""
    model = period.model
    number = {sku: place for place, sku in enumerate(model.skus)}
    counts = _counts(model) if rivals else None
    for order in period.orders:
        rows = [number[sku] for sku in order.skus if sku in number]
        if len(order.skus) >= _SIZES.start and rivals:
            hits.add("ease_all", _found(model.scores(rows), rows, model) * len(rows) / len(order.skus) if rows else 0.0)
        if len(rows) not in _SIZES:
            continue
        hits.add("ease", _found(model.scores(rows), rows, model))
        if counts is not None:
            hits.add("popular", _fixed(model.own.astype(np.float32), rows))
            hits.add("lately", _fixed(model.lately, rows))
            hits.add("together", _paired(counts, rows))


def beside_cold(period: Period, shelf: ColdShelf, hits: Hits, *, speaks: float = SPEAKS) -> None:
    """Completion with the variants the model does not know competing by their titles, and without; each by variant."""
    for order in period.orders:
        for suffix, found in (("", speaks), ("_untold", 0.0)):
            told = whole_basket(period.model, shelf, order.skus, speaks=found)
            if told is None:
                continue
            for right in told["cold"]:
                hits.add(f"cold{suffix}", float(right))
            for right in (*told["known"], *told["cold"]):
                hits.add(f"whole{suffix}", float(right))
            known = len(told["known"])
            if known in _SIZES and not suffix:
                hits.add("beside_cold", sum(told["known"]) / known)


@dataclass(frozen=True, slots=True)
class Moment:
    """An order of a customer who bought before, and what was known the night before it."""

    model: NextItemModel
    past: Sequence[tuple[float, Sequence[str]]]
    order: Order


def ahead(recorded: Recorded, told: Sequence[Period], hits: Hits) -> None:
    """The next order of each customer who bought before, by ours and its rivals."""
    for each in moments(recorded, told):
        _next(each.model, each.past, each.order, hits)


def moments(recorded: Recorded, told: Sequence[Period]) -> Iterator[Moment]:
    """Every order of somebody who bought before, in its order of time."""
    past: dict[str, list[Order]] = defaultdict(list)
    at, night, model = 0, -1.0, None
    for period in told:
        for order in period.orders:
            if model is None or order.at // 1 != night:
                night = order.at // 1
                model = replace(period.model, lately=_lately(recorded, period.model, night))
            while at < len(recorded.orders) and recorded.orders[at].at < order.at:
                past[recorded.orders[at].customer].append(recorded.orders[at])
                at += 1
            earlier = past[order.customer] if order.customer else []
            if earlier:
                yield Moment(model, [(order.at - each.at, each.skus) for each in earlier], order)


def _lately(recorded: Recorded, model: NextItemModel, night: float) -> Scores:
    """What sells now, as a training of this night counts it."""
    number = {sku: place for place, sku in enumerate(model.skus)}
    found = np.zeros(len(model.skus), dtype=np.float32)
    for order in recorded.orders:
        if night - 10 * LATELY <= order.at < night and len(order.skus) <= MOST_BASKET:
            rows = [number[sku] for sku in order.skus if sku in number]
            found[rows] += 0.5 ** ((night - order.at) / LATELY)
    return found


def _next(model: NextItemModel, earlier: Sequence[tuple[float, Sequence[str]]], order: Order, hits: Hits) -> None:
    bought = {*order.skus}
    ours = [sku for sku, _ in next_basket(model, earlier, most=SHOWN)] or _best(model, model.lately)
    hits.add("ours_next", float(bool(bought & {*ours})))
    hits.add("popular_next", float(bool(bought & {*_best(model, model.own.astype(np.float32))})))
    hits.add("lately_next", float(bool(bought & {*_best(model, model.lately)})))
    often: dict[str, int] = defaultdict(int)
    for _, skus in earlier:
        for sku in skus:
            often[sku] += 1
    hits.add("often_next", float(bool(bought & {*sorted(often, key=lambda sku: (-often[sku], sku))[:SHOWN]})))
    number = {sku: place for place, sku in enumerate(model.skus)}
    both = np.full(len(model.skus), 0.02, dtype=np.float32)
    for age, skus in earlier:
        for sku in skus:
            if sku in number:
                both[number[sku]] += 0.5 ** (age / 120.0)
    selling = (both * (model.lately + 0.5) ** 0.7).astype(np.float32)
    hits.add("often_lately_next", float(bool(bought & {*_best(model, selling)})))


def _best(model: NextItemModel, scores: Scores) -> list[str]:
    return [model.skus[row] for row in np.argsort(-scores, kind="stable")[:SHOWN]]


def _found(scores: Scores, rows: Sequence[int], model: NextItemModel) -> float:
    """Share of the basket's variants found when each is hidden once."""
    right = 0
    for hidden in rows:
        own = scores.copy()
        own[model.others[hidden]] -= model.weights[hidden]
        right += _rank(own, rows, hidden) < SHOWN
    return right / len(rows)


def _fixed(scores: Scores, rows: Sequence[int]) -> float:
    return sum(_rank(scores.copy(), rows, hidden) < SHOWN for hidden in rows) / len(rows)


def _paired(counts: Scores, rows: Sequence[int]) -> float:
    total = counts[list(rows)].sum(axis=0)
    return sum(_rank(total - counts[hidden], rows, hidden) < SHOWN for hidden in rows) / len(rows)


def _rank(scores: Scores, rows: Sequence[int], hidden: int) -> int:
    """How many variants outside the basket score higher; of equals, half."""
    mine = float(scores[hidden])
    scores[list(rows)] = -np.inf
    return int((scores > mine).sum() + (scores == mine).sum() // 2)


def _counts(model: NextItemModel) -> Scores:
    """How often each two were bought together, among the pairs the model keeps."""
    counts = np.zeros((len(model.skus), len(model.skus)), dtype=np.float32)
    np.put_along_axis(counts, model.others, model.together.astype(np.float32), axis=1)
    return np.maximum(counts, counts.T)


def _held(name: str, value: float, goal: float, baseline: float) -> Row:
    return Row(name, round(value, 4), "", f">= {goal}", round(baseline, 4), value >= goal)
