"""Compare the model's constants on months before the test: what `knowledge.offers.next_item` and `next_basket` hold.

Run as `python -m evals.next_item.choose`; takes some minutes. Ridge and half-life are chosen on the baskets of July
2011, how loud titles speak on those of May to July. The constants of the next basket are chosen on the orders of April
to July, one after the other and twice around: whatever finds more orders is kept. Models are learned from what came
before each week, and nothing after July is looked at.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Final

from evals.next_item.cold import read_titles
from evals.next_item.recorded import Recorded, read_recorded
from evals.next_item.suite import Hits, Moment, beside_cold, complete, moments, periods
from knowledge.offers.cold import shelve
from knowledge.offers.next_basket import CHOSEN, Constants, next_basket
from knowledge.offers.next_item import learn

_RIDGE: Final = (5.0, 10.0, 20.0, 40.0)
_HALF_LIFE: Final = (60.0, 120.0, 10_000.0)
_TRIED: Final[Mapping[str, Sequence[float]]] = {
    "last": (0.0, 1.0, 2.0, 3.0, 4.0),
    "selling": (0.6, 0.7, 0.8, 0.9, 1.0),
    "taste": (1.0, 2.0, 3.0, 4.0, 6.0),
    "recently": (0.0, 0.3, 0.6, 0.9),
    "alike": (0.5, 0.75, 1.0, 1.25),
    "taste_days": (15.0, 60.0, 180.0),
    "unknown": (0.003, 0.01, 0.03, 0.06),
}
_SPEAKS: Final = (0.0, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)
_AROUND: Final = 2
_SHOWN: Final = 10


def main() -> int:
    """Every pair of the model's constants, and what July says; then the next basket's, and what April to July say."""
    recorded = read_recorded()
    start, end = recorded.day(2011, 7), recorded.day(2011, 8)
    for ridge, half_life in product(_RIDGE, _HALF_LIFE):
        hits = Hits()
        for period in periods(recorded, start, end, partial(learn, ridge=ridge, half_life=half_life)):
            complete(period, hits, rivals=False)
        print(f"ridge {ridge:g}, half-life {half_life:g} days: {hits.share('ease'):.4f}")
    _titles(recorded)
    print(_next_basket(recorded))
    return 0


def _titles(recorded: Recorded) -> None:
    """How loud titles speak for variants the model does not know: as long as whole baskets gain by it."""
    titles = read_titles()
    told = periods(recorded, recorded.day(2011, 5), recorded.day(2011, 8))
    shelves = [shelve(period.model.skus, titles) for period in told]
    for speaks in _SPEAKS:
        hits = Hits()
        for period, shelf in zip(told, shelves, strict=True):
            beside_cold(period, shelf, hits, speaks=speaks)
        print(f"titles {speaks:g}: whole {hits.share('whole'):.4f}, cold {hits.share('cold'):.4f}")


def _next_basket(recorded: Recorded) -> Constants:
    told = periods(recorded, recorded.day(2011, 4), recorded.day(2011, 8))
    shown = list(moments(recorded, told))
    best, found = CHOSEN, _share(shown, CHOSEN)
    for name in [*_TRIED] * _AROUND:
        for value in _TRIED[name]:
            tried = replace(best, **{name: value})
            share = _share(shown, tried)
            if share > found:
                best, found = tried, share
        print(f"{name} {getattr(best, name):g}: {found:.4f}")
    return best


def _share(shown: Sequence[Moment], by: Constants) -> float:
    """Share of orders of which one variant at least was foretold."""
    right = 0
    for each in shown:
        said = next_basket(each.model, each.past, most=_SHOWN, by=by)
        right += not {sku for sku, _ in said}.isdisjoint(each.order.skus)
    return right / len(shown)


if __name__ == "__main__":
    sys.exit(main())
