"""How good one ranking is, in the readings the goals are told in."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from evals.search.judged import Query

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over queries that have an answer; `judged_share` over all.

    Attributes:
        ndcg: What nobody judged counts as bad.
        ndcg_judged: What nobody judged is left out.
        judged_share: Of the first ten, how many somebody judged: how far `ndcg` can be believed.
    """

    ndcg: float
    ndcg_judged: float
    judged_share: float


def quality(queries: Iterable[Query], ranked: Mapping[str, Sequence[str]]) -> Quality:
    """Of rankings by query text: product ids, best first."""
    plain: list[float] = []
    judged: list[float] = []
    shares: list[float] = []
    for query in queries:
        order = ranked[query.text]
        first = order[:_DEPTH]
        if first:
            shares.append(sum(each in query.ratings for each in first) / len(first))
        if query.answerable:
            plain.append(ndcg(order, query.ratings))
            judged.append(ndcg([each for each in order if each in query.ratings], query.ratings))
    return Quality(fmean(plain), fmean(judged), fmean(shares) if shares else 0.0)


def ndcg(order: Sequence[str], ratings: Mapping[str, int]) -> float:
    """Discounted cumulative gain of the first ten over the best possible; a rating r gains 2^r - 1."""
    best = sorted(ratings.values(), reverse=True)
    return _gain([ratings.get(each, 0) for each in order]) / _gain(best)


def auc(good: Sequence[float], bad: Sequence[float]) -> float:
    """How often a query with an answer scores above one without; ties count half."""
    wins = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    return wins / (len(good) * len(bad))


def _gain(ratings: Sequence[int]) -> float:
    return sum((2**rating - 1) / math.log2(place + 2) for place, rating in enumerate(ratings[:_DEPTH]))
