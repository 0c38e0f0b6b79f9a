"""Singling out: conditions that are met once in what was released, and may be met by exactly one human being."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evals.anonymity.risk import Risk
from evals.anonymity.table import COLUMNS, NUMBERS, People, Test, Value

_MOST_COLUMNS: Final = 7
_DRAWS: Final = 20  # for each guess, before the attacker gives up finding another one

Table = Sequence[Mapping[str, Value]]


def univariate(table: Table, inside: People, outside: People, tries: int, chance: Random) -> Risk:
    """One column a guess: a value that stands out, or the edge of all values."""
    guesses: list[tuple[Test, ...]] = []
    for column in COLUMNS:
        values = [row[column] for row in table if row[column] != ""]
        guesses += [(Test(column, "is", value),) for value, count in Counter(values).items() if count == 1]
        if column in NUMBERS and values:
            guesses += [
                (Test(column, "most", min(map(float, values))),),
                (Test(column, "least", max(map(float, values))),),
            ]
    chance.shuffle(guesses)
    return _tried(guesses[:tries], inside, outside)


def multivariate(table: Table, inside: People, outside: People, tries: int, chance: Random) -> Risk:
    """Several columns of one released row a guess, numbers as "at least" or "at most"; only what it alone meets."""
    middle = {column: median(float(row[column]) for row in table) for column in NUMBERS}
    columns = {column: np.array([row[column] for row in table]) for column in COLUMNS}
    guesses: dict[tuple[Test, ...], None] = {}
    for _ in range(tries * _DRAWS):
        if len(guesses) == tries:
            break
        row = chance.choice(table)
        told = [column for column in COLUMNS if row[column] != ""]
        tests = tuple(
            _test(column, row[column], middle)
            for column in sorted(chance.sample(told, min(len(told), chance.randint(2, _MOST_COLUMNS))))
        )
        if _meeting(columns, tests) == 1:
            guesses[tests] = None
    return _tried(list(guesses), inside, outside)


def _test(column: str, value: Value, middle: Mapping[str, float]) -> Test:
    if column not in NUMBERS:
        return Test(column, "is", value)
    return Test(column, "least" if float(value) > middle[column] else "most", value)


def _meeting(columns: Mapping[str, NDArray[Any]], tests: Sequence[Test]) -> int:
    """How many released rows meet all of them."""
    met: NDArray[np.bool_] | None = None
    for test in tests:
        own = columns[test.column]
        meets = (
            own == test.value if test.how == "is" else own >= test.value if test.how == "least" else own <= test.value
        )
        met = meets if met is None else met & meets
    return 0 if met is None else int(met.sum())


def _tried(guesses: Sequence[Sequence[Test]], inside: People, outside: People) -> Risk:
    hits = sum(int(inside.matching(tests).sum()) == 1 for tests in guesses)
    lucky = sum(int(outside.matching(tests).sum()) == 1 for tests in guesses)
    return Risk(hits, len(guesses), lucky, len(guesses))
