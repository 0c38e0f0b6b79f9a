"""The figures of the search eval are the ones their names say."""

import math

import pytest

from evals.search.judged import Query, chosen_on
from evals.search.quality import auc, ndcg, quality
from evals.search.slips import slipped

RATINGS = {"good": 3, "fair": 1, "bad": 0}


def test_the_best_order_is_one_and_a_worse_one_less():
    assert ndcg(["good", "fair", "bad"], RATINGS) == 1.0
    assert ndcg(["fair", "good"], RATINGS) == pytest.approx((1 + 7 / math.log2(3)) / (7 + 1 / math.log2(3)))
    assert ndcg(["unjudged", "bad"], RATINGS) == 0.0


def test_what_nobody_judged_counts_as_bad_in_one_reading_and_not_in_the_other():
    found = quality([Query("q", RATINGS, chosen_on=True)], {"q": ["unjudged", "good", "fair"]})
    assert (found.ndcg < 1.0, found.ndcg_judged, found.judged_share) == (True, 1.0, pytest.approx(2 / 3))


def test_auc_counts_ties_as_half():
    assert auc([1.0, 0.5], [0.5, 0.0]) == pytest.approx(7 / 8)


def test_a_query_is_always_in_the_same_half():
    assert [chosen_on(query) for query in ("garmin", "printer", "stylus", "ipad pro")] == [True, False, False, True]


def test_a_slip_changes_one_word_and_is_the_same_every_time():
    assert slipped("wireless mouse") == slipped("wireless mouse") != "wireless mouse"
    assert slipped("tv") == "tv"
