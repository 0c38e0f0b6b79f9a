"""Compare the model's constants on months before the test: what `knowledge.offers.next_item` and `next_basket` hold.

Run as `python -m evals.next_item.choose`; takes some minutes. Ridge and half-life are chosen on the baskets of July
2011. The constants of the next basket were chosen likewise on the orders of April to July, by `ahead` over them.
"""

import sys
from functools import partial
from itertools import product
from typing import Final

from evals.next_item.recorded import read_recorded
from evals.next_item.suite import Hits, complete, periods
from knowledge.offers.next_item import learn

_RIDGE: Final = (5.0, 10.0, 20.0, 40.0)
_HALF_LIFE: Final = (60.0, 120.0, 10_000.0)


def main() -> int:
    """Every pair of constants, and what July says of it."""
    recorded = read_recorded()
    start, end = recorded.day(2011, 7), recorded.day(2011, 8)
    for ridge, half_life in product(_RIDGE, _HALF_LIFE):
        hits = Hits()
        for period in periods(recorded, start, end, partial(learn, ridge=ridge, half_life=half_life)):
            complete(period, hits, rivals=False)
        print(f"ridge {ridge:g}, half-life {half_life:g} days: {hits.share('ease'):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
