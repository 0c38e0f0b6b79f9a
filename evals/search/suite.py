"""Catalog search through the product's own finder, on searches that people judged, beside BM25 and MiniLM alone.

Weights were chosen on one half of the queries; rows that end in `_other_half` tell of the other. "No good answer" means
that nobody rated any shown product above 0. What was shown came from a word search, so a query such as "stylus" counts
as one without an answer, though the catalog has a stylus that no rater was shown.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from evals.row import Row
from evals.search.baseline import PlainBm25, nearest
from evals.search.choose import GOAL, GOAL_JUDGED, Seen, choose
from evals.search.judged import Query, read_judged
from evals.search.quality import Quality, auc, quality
from evals.search.shop import questions_of, searching, stocked
from evals.search.slips import slipped
from knowledge.catalog.finder import CatalogFinder
from knowledge.catalog.index import CatalogIndex
from knowledge.catalog.ranking import apart, rank, shipped

GOAL_AUC: Final = 0.85
_DEPTH: Final = 1_000
Orders = dict[str, list[str]]


async def measure() -> list[Row]:
    """Ranking on the half the weights never saw, and on all; abstaining; slips; and without the model."""
    judged = await read_judged()
    async with stocked(judged.products) as database, searching(database) as finder:
        ours, sure = await _asked(finder, judged.queries)
        index = finder.index
        assert index is not None  # noqa: S101  # it was learned
        vectors = await questions_of(judged.queries)
        seen = [Seen(query, index.look(query.text, vectors[query.text])) for query in judged.queries]
        slips, _ = await _asked(finder, judged.queries, slipped)
        async with searching(database, meaning=False) as wordy:
            words, _ = await _asked(wordy, judged.queries)
    bm25 = await asyncio.to_thread(PlainBm25, judged.products)
    plain = {query.text: bm25.rank(query.text) for query in judged.queries}
    wrong = {query.text: bm25.rank(slipped(query.text)) for query in judged.queries}
    by_meaning = {
        each.query.text: nearest(index.skus, each.looked.meaning) for each in seen if each.looked.meaning is not None
    }
    held_out = [query for query in judged.queries if not query.chosen_on]
    return [
        *_ranking("_other_half", held_out, ours, plain, by_meaning),
        *_ranking("_all", judged.queries, ours, plain, by_meaning),
        *_abstaining(judged.queries, held_out, sure, _crossed(index, seen)),
        _beside("search_ndcg_one_slip", quality(held_out, slips), quality(held_out, wrong)),
        _beside("search_ndcg_words_alone", quality(held_out, words), quality(held_out, plain)),
    ]


async def _asked(
    finder: CatalogFinder, queries: Sequence[Query], typed: Callable[[str], str] = str
) -> tuple[Orders, dict[str, float]]:
    """What the product finds, and how sure it says it is."""
    orders: Orders = {}
    sure: dict[str, float] = {}
    for query in queries:
        findings = await finder.find(typed(query.text), None, _DEPTH)
        orders[query.text] = [each.sku for each in findings.found]
        sure[query.text] = findings.sureness
    return orders, sure


def _ranking(name: str, queries: Sequence[Query], ours: Orders, plain: Orders, by_meaning: Orders) -> list[Row]:
    mine, bm25, minilm = (quality(queries, orders) for orders in (ours, plain, by_meaning))
    return [
        _held(f"search_ndcg10{name}", mine.ndcg, GOAL, bm25.ndcg),
        _held(f"search_ndcg10_judged_only{name}", mine.ndcg_judged, GOAL_JUDGED, bm25.ndcg_judged),
        Row(f"search_judged_at_10{name}", round(mine.judged_share, 3), "", "", round(bm25.judged_share, 3), None),
        Row(f"minilm_alone_ndcg10{name}", round(minilm.ndcg, 3), "", "", None, None),
        Row(f"minilm_alone_ndcg10_judged_only{name}", round(minilm.ndcg_judged, 3), "", "", None, None),
        Row(f"minilm_alone_judged_at_10{name}", round(minilm.judged_share, 3), "", "", None, None),
    ]


def _abstaining(
    queries: Sequence[Query], held_out: Sequence[Query], sure: dict[str, float], crossed: dict[str, float]
) -> list[Row]:
    lost = [query for query in held_out if query.answerable and sure[query.text] < shipped().least]
    answerable = sum(query.answerable for query in held_out)
    return [
        _held("search_abstention_auc_other_half", _auc(held_out, sure), GOAL_AUC, None),
        _held("search_abstention_auc_each_half_by_the_other", _auc(queries, crossed), GOAL_AUC, None),
        Row("search_answerable_refused_other_half", round(len(lost) / answerable, 3), "", "", None, None),
    ]


def _crossed(index: CatalogIndex, seen: Sequence[Seen]) -> dict[str, float]:
    """How sure each query's answer is by weights that were chosen on the half it is not in."""
    sure: dict[str, float] = {}
    for half in (True, False):
        weights = choose(index.skus, [each for each in seen if each.query.chosen_on is half])
        for each in seen:
            meaning = each.looked.meaning
            if each.query.chosen_on is not half and meaning is not None:
                score = rank(each.looked.matches, meaning, weights).sign
                sure[each.query.text] = weights.sure.of(score, apart(meaning))
    return sure


def _auc(queries: Sequence[Query], sure: dict[str, float]) -> float:
    good = [sure[query.text] for query in queries if query.answerable]
    return auc(good, [sure[query.text] for query in queries if not query.answerable])


def _held(name: str, value: float, goal: float, baseline: float | None) -> Row:
    floor = None if baseline is None else round(baseline, 3)
    return Row(name, round(value, 3), "", f">= {goal}", floor, value >= goal)


def _beside(name: str, ours: Quality, theirs: Quality) -> Row:
    return Row(f"{name}_other_half", round(ours.ndcg, 3), "", "", round(theirs.ndcg, 3), None)
