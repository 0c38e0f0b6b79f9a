"""Which variants are bought together more often than chance explains, counted over whole baskets.

Pure arithmetic on arrays: a quarter of a chain's baskets is counted in seconds, off the event loop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BASKET = (
    100  # variants. A larger basket is a reseller's restock: it tells of no taste, and pairs grow as its square
)
KEEP = 12  # companions per variant; an offer looks at a handful
MIN_TOGETHER = 3  # baskets
# G-squared of a pair follows chi-squared with one degree of freedom when the two are unrelated; 25 lets one unrelated
# pair in two million through, and a chain of 2,000 variants has two million pairs.
MIN_EVIDENCE = 25.0
PRIOR_BASKETS = 2.0  # imagined baskets at chance level, so that a lift from few baskets is not taken at its word
_FLUSH = 2_000_000  # pairs held before they are summed up: 16 MB

Codes = NDArray[np.int64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CoPurchases:
    """Parallel columns, one row per ordered pair kept, by sku and falling evidence.

    The diagonal (`other` equal to `sku`) says in how many baskets the variant was, with the lift it has over itself:
    all baskets divided by its own.
    """

    sku: list[str]
    other: list[str]
    together: list[int]
    lift: list[int]  # basis points
    baskets: int


class BasketCounter:
    """Adds up baskets; `result` may be asked once all are in."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._by_size: dict[int, list[list[int]]] = {}
        self._waiting = 0
        self._codes: Codes = np.empty(0, dtype=np.int64)
        self._counts: Codes = np.empty(0, dtype=np.int64)
        self._single: list[int] = []
        self._room = 0.0  # ordered pairs that fit in the baskets
        self._baskets = 0

    def add(self, skus: Iterable[str]) -> None:
        """One basket; a variant counts once however many units there are."""
        number = self._number
        members = sorted({number.setdefault(sku, len(number)) for sku in skus})
        if not 1 <= len(members) <= MAX_BASKET:
            return
        self._baskets += 1
        self._single.extend(members)
        self._room += len(members) * (len(members) - 1)
        if len(members) > 1:
            self._by_size.setdefault(len(members), []).append(members)
            self._waiting += len(members) * (len(members) - 1) // 2
            if self._waiting >= _FLUSH:
                self._flush()

    def result(self) -> CoPurchases:
        """What is bought together beyond chance."""
        self._flush()
        names = list(self._number)
        alone = np.bincount(np.asarray(self._single, dtype=np.int64), minlength=len(names)).astype(np.float64)
        left, right = self._codes >> 32, self._codes & 0xFFFF_FFFF
        together = self._counts.astype(np.float64)
        # A long basket holds many pairs merely by being long. Dealing every unit out at random, two variants meet in
        # a basket of n with a chance that grows as n(n-1), not as one basket in so many.
        expected = alone[left] * alone[right] * (self._room / max(float(len(self._single)), 1.0) ** 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            evidence = 2 * (together * np.log(together / expected) - (together - expected))
        kept = (together >= MIN_TOGETHER) & (together > expected) & (evidence >= MIN_EVIDENCE)
        left, right, evidence = left[kept], right[kept], evidence[kept]
        together, expected = together[kept], expected[kept]
        one, other = np.concatenate([left, right]), np.concatenate([right, left])
        best = _best(one, other, np.concatenate([evidence, evidence]))
        lift = (together + PRIOR_BASKETS) / (expected + PRIOR_BASKETS)
        both_together, both_lift = np.concatenate([together, together]), np.concatenate([lift, lift])
        own = np.flatnonzero(alone)
        return CoPurchases(
            [names[i] for i in own] + [names[i] for i in one[best]],
            [names[i] for i in own] + [names[i] for i in other[best]],
            _whole(np.concatenate([alone[own], both_together[best]])),
            _whole(np.concatenate([self._baskets / alone[own], both_lift[best]]) * 10_000),
            self._baskets,
        )

    def _flush(self) -> None:
        parts: list[Codes] = [_pairs(rows) for rows in self._by_size.values()]
        self._by_size.clear()
        self._waiting = 0
        if not parts:
            return
        codes, counts = np.unique(np.concatenate(parts), return_counts=True)
        merged, place = np.unique(np.concatenate([self._codes, codes]), return_inverse=True)
        summed = np.zeros(len(merged), dtype=np.int64)
        np.add.at(summed, place, np.concatenate([self._counts, counts]))
        self._codes, self._counts = merged, summed


def _pairs(rows: Sequence[Sequence[int]]) -> Codes:
    """Every pair of baskets of one size, as one number each: the smaller in the high half."""
    members = np.asarray(rows, dtype=np.int64)
    first, second = np.triu_indices(members.shape[1], k=1)
    return ((members[:, first] << 32) | members[:, second]).ravel()


def _best(one: Codes, other: Codes, evidence: NDArray[np.float64]) -> Index:
    """Places of the `KEEP` strongest companions of each variant; ties by the variant seen first."""
    order = np.lexsort((other, -evidence, one))
    sorted_one = one[order]
    start = np.flatnonzero(np.r_[True, sorted_one[1:] != sorted_one[:-1]]) if len(order) else order
    length = np.diff(np.r_[start, len(order)])
    rank = np.arange(len(order)) - np.repeat(start, length)
    return order[rank < KEEP]


def _whole(column: NDArray[np.float64]) -> list[int]:
    rounded: Codes = np.rint(np.minimum(column, 2**31 - 1)).astype(np.int64)
    return rounded.tolist()
