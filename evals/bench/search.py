"""How long a search takes at twenty thousand products, its question's vector included, beside plain BM25.

Every question is new, so nothing comes from memory; the time is that of the product's finder, from the words to rows of
the store. On one core: the model runs on one thread.
"""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Final

from evals.row import Row
from evals.search.baseline import PlainBm25
from evals.search.judged import read_judged
from evals.search.shop import searching, stocked
from knowledge.catalog.finder import CatalogFinder

GOAL_MS: Final = 30.0
_QUESTIONS: Final = 400
_WARM_UP: Final = 20
_SHOWN: Final = 10
_WORDS: Final = ("for home", "small", "black", "with cable", "cheap", "new", "for work", "light")


async def measure() -> list[Row]:
    """Wall and CPU milliseconds; `p50` is held to the goal."""
    judged = await read_judged()
    asked = _questions([query.text for query in judged.queries])
    async with stocked(judged.products) as database, searching(database) as finder:
        took, worked = await _timed(finder, asked)
    bm25 = await asyncio.to_thread(PlainBm25, judged.products)
    floor: list[float] = []
    for question in asked:
        begun = time.perf_counter()
        bm25.rank(question)
        floor.append((time.perf_counter() - begun) * 1e3)
    p50, p95 = _at(took, 50), _at(took, 95)
    return [
        Row("search_p50_ms", p50, "ms", f"<= {GOAL_MS:.0f}", _at(floor, 50), p50 <= GOAL_MS),
        Row("search_p95_ms", p95, "ms", "", _at(floor, 95), None),
        Row("search_cpu_p50_ms", _at(worked, 50), "ms", "", None, None),
        Row("search_products", float(len(judged.products)), "", "", None, None),
    ]


async def _timed(finder: CatalogFinder, asked: Sequence[str]) -> tuple[list[float], list[float]]:
    """Wall and CPU of each question; the process does nothing else."""
    took: list[float] = []
    worked: list[float] = []
    for place, question in enumerate(asked):
        begun, work = time.perf_counter(), time.process_time()
        await finder.find(question, None, _SHOWN)
        if place >= _WARM_UP:
            took.append((time.perf_counter() - begun) * 1e3)
            worked.append((time.process_time() - work) * 1e3)
    return took, worked


def _questions(queries: Sequence[str]) -> list[str]:
    chance = Random(7)
    made = {f"{chance.choice(queries)} {chance.choice(_WORDS)}" for _ in range(_QUESTIONS * 4)}
    return sorted(made)[: _QUESTIONS + _WARM_UP]


def _at(values: Sequence[float], percent: int) -> float:
    return round(sorted(values)[len(values) * percent // 100], 2)
