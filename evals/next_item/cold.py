"""Variants hardly anybody bought before: whether their titles find them, and what that costs those the model knows.

The catalog is taken to hold every product of the recorded log from the first day on, as a catalog holds what is to be
sold; so some of what competes was never sold before the test, and all of it at some time.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evals.next_item.recorded import FILE
from knowledge.offers.cold import SPEAKS, ColdShelf
from knowledge.offers.next_item import NextItemModel
from policies.errors import Misconfigured

TITLES: Final = FILE.with_name("products.parquet")
SHOWN: Final = 10
_SIZES: Final = range(2, 21)


def read_titles(file: Path = TITLES) -> dict[str, str]:
    """Of every product, by sku.

    Raises:
        Misconfigured: The file is not there.
    """
    if not file.exists():
        raise Misconfigured(
            "The recorded products are not there.",
            code="evals.data",
            hint="They lie in ../shared/data/two_channel_stream.",
        )
    parquet: Any = importlib.import_module("pyarrow.parquet")
    return {row["sku"]: row["description"] for row in parquet.read_table(file).to_pylist()}


def whole_basket(
    model: NextItemModel, shelf: ColdShelf, skus: Sequence[str], *, speaks: float = SPEAKS
) -> Mapping[str, list[bool]] | None:
    """Each variant of a basket hidden in turn: whether it is among the ten best, the cold ones competing.

    Returns:
        By `known` and `cold`; a cold variant that no title is like counts as missed. `None` for a basket of fewer than
        2 or more than 20 variants, or with none that the model knows.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    cold = {sku: place for place, sku in enumerate(shelf.skus)}
    rows = [number[sku] for sku in skus if sku in number]
    if len(skus) not in _SIZES or not rows:
        return None
    found: dict[str, list[bool]] = {"known": [], "cold": []}
    all_told = model.scores(rows)
    held = [*rows, *(len(number) + cold[sku] for sku in skus if sku in cold)]
    for sku in skus:
        if sku not in number:
            mine = len(number) + cold[sku] if sku in cold else None
            found["cold"].append(mine is not None and _shown(all_told, shelf.scores(rows, speaks=speaks), held, mine))
            continue
        hidden = number[sku]
        left = [row for row in rows if row != hidden]
        told = all_told.copy()
        told[model.others[hidden]] -= model.weights[hidden]
        found["known"].append(_shown(told, shelf.scores(left, speaks=speaks), held, hidden))
    return found


def _shown(known: NDArray[np.float32], cold: NDArray[np.float32], held: Sequence[int], mine: int) -> bool:
    """Whether fewer than ten outside the basket score higher; of equals, half. What scores nothing is not shown."""
    scores = np.concatenate([known, np.where(cold > 0, cold, -np.inf)])
    own = float(scores[mine])
    if not np.isfinite(own):
        return False
    scores[list(held)] = -np.inf
    return int((scores > own).sum() + (scores == own).sum() // 2) < SHOWN
