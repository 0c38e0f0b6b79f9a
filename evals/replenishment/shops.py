"""Twenty shops made of a real retailer's sales: every unit sold went to one of them, drawn once per seed.

The log has few locations, so 200 variants' real daily sales are dealt out: shops differ in size, and each variant has
its own mix of shops around it. What was sold counts as what was wanted.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.forecast.stream import CLOSED, Stream, in_at
from knowledge.demand.history import History

SHOPS: Final = 20
VARIANTS: Final = 200
PACKS: Final = (1, 2, 4)
BEGIN: Final = 112  # days of the log before the first order
CHOSEN_AT: Final = 174  # days of the log that say which variants a chain carries


@dataclass(frozen=True, slots=True)
class Shops:
    """A chain of made-up shops with real demand.

    Attributes:
        history: Whole log; a spot for every variant and shop.
        price: By spot, in the log's currency.
        pack: Units per pack, by spot.
        mix: Chance that a unit of its variant is sold there, by spot: what no forecast knows.
    """

    history: History
    price: NDArray[np.float64]
    pack: NDArray[np.int64]
    mix: NDArray[np.float64]

    @property
    def demand(self) -> NDArray[np.int64]:
        """Units wanted, `[spots, days]`."""
        return self.history.units.astype(np.int64)


def deal(stream: Stream, seed: int) -> Shops:
    """The shops of this seed."""
    chance = np.random.default_rng(seed)
    whole = stream.by_sku()
    known = in_at(whole, CHOSEN_AT)
    chosen = np.sort(chance.choice(known, VARIANTS, replace=False))
    size = chance.dirichlet(np.full(SHOPS, 4.0))
    units = np.zeros((VARIANTS, SHOPS, stream.days), np.float32)
    mixes = np.zeros((VARIANTS, SHOPS))
    for row, sku in enumerate(chosen):
        mix = mixes[row] = chance.dirichlet(size * 60)
        for day in np.flatnonzero(whole.units[sku]):
            units[row, :, day] = chance.multinomial(int(whole.units[sku, day]), mix)
    history = History(
        units.reshape(-1, stream.days),
        np.repeat(np.arange(VARIANTS, dtype=np.int32), SHOPS),
        np.tile(np.arange(SHOPS, dtype=np.int32), VARIANTS),
        [stream.skus[int(sku)] for sku in chosen],
        [f"shop-{at + 1:02d}" for at in range(SHOPS)],
        stream.first,
        whole.known_from[chosen],
        events=CLOSED,
    )
    pack = np.repeat(chance.choice(PACKS, VARIANTS), SHOPS).astype(np.int64)
    return Shops(history, np.repeat(stream.price[chosen], SHOPS), pack, mixes.ravel())
