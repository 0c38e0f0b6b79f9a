"""A count in other units than the one before: cases where pieces were counted, or pieces where cases were.

Nobody tells that units changed. What is left without a reason is a count that is exactly so many times another, by a
number goods are packed in; of few pieces that is chance as well, so those are left to the hourly look.
"""

from typing import Final

from knowledge.unify.journal import Cell
from knowledge.unify.oddities import Oddity

CASES: Final = frozenset({6, 8, 10, 12, 16, 18, 20, 24, 30, 36, 40, 48, 50, 60, 72, 80, 96, 100, 120, 144})
_CASES_AT_LEAST: Final = 3  # two cases sold as 24 pieces, or two pieces with 22 come in: it happens every day


def other_units(before: int, after: int) -> int | None:
    """How many pieces one case holds, where one of two counts looks like the other in cases."""
    few, many = sorted((before, after))
    if few < _CASES_AT_LEAST or many % few or many // few not in CASES:
        return None
    return many // few


def counted_otherwise(cell: Cell, before: int, after: int) -> Oddity | None:
    """What is said of such a count; the count is kept as told."""
    pieces = other_units(before, after)
    if pieces is None:
        return None
    sku, place = cell
    now = "cases" if after < before else "pieces"
    told = f"{before} became {after} without a reason: {now}, {pieces} to the case?"
    answer = "Kept as told. If so, put the count right there, and how many pieces its case holds; else count the shelf."
    return Oddity("units_changed", f"{sku} at {place}", told, answer)
