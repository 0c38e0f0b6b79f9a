"""The count of unfairness between cohorts sees what is planted, and sees nothing where nothing is."""

import numpy as np

from evals.offers.fairness import Gaps, fairness, gaps
from evals.offers.policies import Run
from evals.offers.retailer import make

SEED = 3


def test_offers_made_by_a_coin_are_fair_and_a_tenth_kept_from_one_cohort_shows():
    retailer = make(SEED)
    rng = np.random.default_rng(SEED)
    visits = retailer.customer.size
    arm = np.where(rng.random(visits) < 0.5, rng.integers(1, 5, visits), 0)
    none = np.zeros(visits, dtype=np.intp)
    found = gaps(retailer, Run(none, arm, none, np.zeros(retailer.hidden.size, dtype=np.bool_), {}), SEED)
    assert max(abs(found.rate), abs(found.value)) < 0.05
    assert -0.15 < found.planted_rate - found.rate < -0.08
    assert found.planted_value < found.value


def test_a_gap_that_matters_does_not_pass_nor_one_nobody_can_be_sure_of():
    even, unfair, unsure = Gaps(0.001, 0.0, -0.1, -0.1), Gaps(-0.1, -0.1, -0.2, -0.2), Gaps(0.2, 0.2, 0.1, 0.1)
    assert [row.holds for row in fairness([even, even], 12.7)] == [True, True]
    assert [row.holds for row in fairness([unfair, unfair], 12.7)] == [False, False]
    assert [row.holds for row in fairness([unfair, unsure], 12.7)] == [False, False]
