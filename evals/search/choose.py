"""Choose the weights of the search on one half of the judged queries, and write them where the product reads them.

Run as `python -m evals.search.choose`. The half is told by `evals.search.judged.chosen_on`; the other half is only ever
reported on, by `python -m evals search`.
"""

import asyncio
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evals.search.judged import Query, read_judged
from evals.search.quality import Quality, quality
from evals.search.shop import questions_of, searching, stocked
from knowledge.catalog.index import CatalogIndex, Looked
from knowledge.catalog.ranking import FILE, Sureness, Weights, apart, rank, shipped

GOAL: Final = 0.78
GOAL_JUDGED: Final = 0.93
_TEXT: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
_COVER: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_RIDGE: Final = 3.0  # on standardized signs: two weights learned from fifty queries must not run away
_STEPS: Final = 50
_LEAST: Final = 0.1  # sureness; to refuse what is there costs more than to show what is not: nine in ten must be right
_DEPTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One query, and what the index knows of every product beside it."""

    query: Query
    looked: Looked


async def see(queries: Sequence[Query]) -> tuple[CatalogIndex, list[Seen]]:
    """Every query as the product's own index sees it."""
    judged = await read_judged()
    async with stocked(judged.products) as database, searching(database) as finder:
        index = finder.index
        assert index is not None  # noqa: S101  # it was learned
        vectors = await questions_of(queries)
        return index, [Seen(query, index.look(query.text, vectors[query.text])) for query in queries]


def choose(skus: Sequence[str], seen: Sequence[Seen]) -> Weights:
    """The weights that rank and judge these queries best: a coarse grid, then a logistic curve."""
    base = shipped()
    both = [replace(base, text=text, held=held, meaning=1.0) for text, held in itertools.product(_TEXT, _COVER)]
    best = max(both, key=lambda weights: _worth(ranked_quality(skus, seen, weights)))
    words = [
        replace(best, words_text=1.0, words_held=held, words_named=named)
        for held, named in itertools.product(_COVER, _COVER)
    ]
    best = max(words, key=lambda weights: _worth(ranked_quality(skus, seen, weights, meaning=False)))
    sure, words_sure = _sureness(seen, best, meaning=True), _sureness(seen, best, meaning=False)
    return replace(best, sure=sure, least=_LEAST, words_sure=words_sure, words_least=_LEAST)


def ranked_quality(skus: Sequence[str], seen: Sequence[Seen], weights: Weights, *, meaning: bool = True) -> Quality:
    """How good the order is, whether or not the best is said to fit."""
    orders: dict[str, list[str]] = {}
    for each in seen:
        scores = rank(each.looked.matches, each.looked.meaning if meaning else None, weights).scores
        orders[each.query.text] = [skus[int(place)] for place in np.argsort(-scores, kind="stable")[:_DEPTH]]
    return quality([each.query for each in seen], orders)


def _worth(found: Quality) -> float:
    """The goal that is further from being met, as a share of it; both readings count."""
    return min(found.ndcg / GOAL, found.ndcg_judged / GOAL_JUDGED)


def _sureness(seen: Sequence[Seen], weights: Weights, *, meaning: bool) -> Sureness:
    """How the signs of these questions tell which have an answer."""
    signs: list[tuple[float, ...]] = []
    for each in seen:
        cosines = each.looked.meaning if meaning else None
        score = rank(each.looked.matches, cosines, weights).sign
        signs.append((score,) if cosines is None else (score, apart(cosines) or 0.0))
    answered = np.array([each.query.answerable for each in seen], dtype=np.float64)
    table = np.array(signs)
    offset, slopes = _logistic(table, answered)
    typical = float(np.median(table[answered > 0, 1])) if meaning else 0.0
    return Sureness(offset, slopes[0], slopes[1] if meaning else 0.0, typical)


def _logistic(table: NDArray[Any], answered: NDArray[Any]) -> tuple[float, list[float]]:
    """Newton's method on standardized signs, brought back to their own units."""
    middle, spread = table.mean(0), table.std(0)
    signs = np.column_stack([np.ones(len(table)), (table - middle) / spread])
    weights = np.zeros(signs.shape[1])
    ridge = np.diag([0.0, *[_RIDGE] * table.shape[1]])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-signs @ weights))
        slope = signs.T @ (answered - chance) - ridge @ weights
        curve = (signs * (chance * (1 - chance))[:, None]).T @ signs + ridge
        weights = weights + np.linalg.solve(curve, slope)
    slopes = weights[1:] / spread
    return float(weights[0] - slopes @ middle), [float(each) for each in slopes]


def told(weights: Weights) -> str:
    """As `knowledge.catalog.ranking.read` reads it."""
    sure, words = weights.sure, weights.words_sure
    apart_told = f"apart = {sure.apart:.4f}, typical = {sure.typical:.4f}"
    return f"""\
# Written by `python -m evals.search.choose` from one half of the judged queries; the other half is reported on.

[words_and_meaning]
text = {weights.text}
held = {weights.held}
meaning = {weights.meaning}
least = {weights.least:.4f}
sure = {{ offset = {sure.offset:.4f}, score = {sure.score:.4f}, {apart_told} }}

[words_alone]
text = {weights.words_text}
held = {weights.words_held}
named = {weights.words_named}
least = {weights.words_least:.4f}
sure = {{ offset = {words.offset:.4f}, score = {words.score:.4f} }}
"""


async def main() -> int:
    """Choose and write."""
    queries = [query for query in (await read_judged()).queries if query.chosen_on]
    index, seen = await see(queries)
    weights = choose(index.skus, seen)
    FILE.write_text(told(weights), encoding="utf-8")
    print(ranked_quality(index.skus, seen, weights))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
