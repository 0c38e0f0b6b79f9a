"""Which variant a basket lacks, learned from whole baskets: EASE^R, one matrix in closed form.

Every variant is predicted from all others at once, so that what merely sells well explains itself away. Baskets weigh
less the longer and the older they are. Steck 2019, https://arxiv.org/abs/1905.03375
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_VARIANTS: Final = 4_000  # the best sold; the matrix is inverted whole, and time grows as the cube
LEAST: Final = 5  # baskets a variant was in; fewer say nothing of its company
MOST_BASKET: Final = 100  # variants; a larger basket is a reseller's restock
KEEP: Final = 128  # others a variant speaks for; the rest of its row is next to nothing
LONG: Final = 0.5  # a basket's weight falls with this power of its size
# chosen on baskets of July 2011, trained on those before (`python -m evals.next_item.choose`)
RIDGE: Final = 10.0
HALF_LIFE: Final = 120.0  # days
LATELY: Final = 7.0  # days until what sold counts half in what sells now

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class NextItemModel:
    """What each variant says of others. Rows are variants in the order of `skus`.

    Attributes:
        others: Places of the variants it speaks for, the weightiest first.
        weights: What it adds to each of their scores; negative where it speaks against.
        together: Baskets that held both.
        own: Baskets each variant was in.
        lately: Baskets it was in, each day's counting half after `LATELY` days.
        baskets: How many were learned from.
    """

    skus: tuple[str, ...]
    others: Ints
    weights: Floats
    together: Ints
    own: Ints
    lately: Floats
    baskets: int

    def scores(self, rows: Sequence[int], weights: Sequence[float] | None = None) -> Floats:
        """Every variant's score for a basket of these rows, each with its weight."""
        found = np.zeros(len(self.skus), dtype=np.float32)
        for place, row in enumerate(rows):
            found[self.others[row]] += self.weights[row] * (1.0 if weights is None else weights[place])
        return found


def learn(
    baskets: Iterable[tuple[float, Sequence[str]]], *, ridge: float = RIDGE, half_life: float = HALF_LIFE
) -> NextItemModel | None:
    """The model of these baskets; `None` when no variant was sold often enough.

    Args:
        baskets: Age in days, and the variants, each once.
        ridge: How much is needed before a variant is believed.
        half_life: Days after which a basket counts half.
    """
    kept = [(age, skus) for age, skus in baskets if 1 <= len(skus) <= MOST_BASKET]
    names, own = _sold(kept)
    if not names:
        return None
    number = {sku: place for place, sku in enumerate(names)}
    gram = np.zeros((len(names), len(names)), dtype=np.float32)
    counts = np.zeros_like(gram)
    lately = np.zeros(len(names), dtype=np.float32)
    for age, skus in kept:
        rows = np.array([number[sku] for sku in skus if sku in number], dtype=np.intp)
        if not len(rows):
            continue
        pairs = np.ix_(rows, rows)
        gram[pairs] += 0.5 ** (age / half_life) / len(skus) ** LONG
        counts[pairs] += 1
        lately[rows] += 0.5 ** (age / LATELY)
    weights = _ease(gram, ridge)
    keep = min(KEEP, max(1, len(names) - 1))
    others = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :keep].astype(np.int32)
    picked = np.take_along_axis(weights, others, axis=1)
    together = np.take_along_axis(counts, others, axis=1).astype(np.int32)
    return NextItemModel(tuple(names), others, picked.astype(np.float32), together, own, lately, len(kept))


def _sold(baskets: Sequence[tuple[float, Sequence[str]]]) -> tuple[list[str], Ints]:
    """The variants worth a row, the best sold first, and in how many baskets each was."""
    held: dict[str, int] = {}
    for _, skus in baskets:
        for sku in skus:
            held[sku] = held.get(sku, 0) + 1
    ranked = sorted((sku for sku, count in held.items() if count >= LEAST), key=lambda sku: (-held[sku], sku))
    names = ranked[:MOST_VARIANTS]
    return names, np.array([held[sku] for sku in names], dtype=np.int32)


def _ease(gram: Floats, ridge: float) -> Floats:
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)
