"""Purchase orders: within the budget, in packs, above each supplier's minimum, best money first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.planning.buying import Lines, buy


def lines(position: list[int], mean: list[float], *, pack: int = 2, cost: int = 500, suppliers: list[int]) -> Lines:
    count = len(position)
    return Lines(
        np.array(position, np.int64),
        np.array(mean),
        np.full(count, 0.3),
        np.full(count, pack, np.int64),
        np.full(count, cost, np.int64),
        np.full(count, 500.0),
        np.array(suppliers, np.intp),
    )


def test_what_sells_is_ordered_and_what_lies_there_is_not():
    bought = buy(lines([0, 40], [10.0, 10.0], suppliers=[0, 0]), np.array([0]), 10**6)
    assert bought.packs[0] > 0
    assert bought.packs[1] == 0


@pytest.mark.parametrize(("budget", "packs"), [(999, 0), (1000, 1), (1999, 1), (2000, 2)])
def test_a_budget_is_kept_to_the_cent(budget: int, packs: int):
    assert buy(lines([0], [20.0], suppliers=[0]), np.array([0]), budget).packs.tolist() == [packs]


def test_an_order_below_its_suppliers_minimum_is_not_placed_and_its_money_goes_to_others():
    both = lines([0, 0], [1.5, 20.0], suppliers=[0, 1])
    free = buy(both, np.array([0, 0]), 10**6)
    assert free.spent[0] > 0
    held = buy(both, np.array([int(free.spent[0]) + 1, 0]), 10**6)
    assert held.spent.tolist() == [0, free.spent[1]]
    met = buy(both, np.array([int(free.spent[0]), 0]), 10**6)
    assert met.spent[0] == free.spent[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60_000), st.integers(0, 20_000))
def test_no_order_breaks_budget_or_minimum(seed: int, budget: int, minimum: int):
    chance = np.random.default_rng(seed)
    mean = chance.gamma(0.8, 6.0, 12)
    asked = lines(chance.poisson(mean * 0.5).tolist(), mean.tolist(), suppliers=chance.integers(0, 3, 12).tolist())
    bought = buy(asked, np.full(3, minimum), budget)
    assert bought.spent.sum() <= budget
    assert all(spent == 0 or spent >= minimum for spent in bought.spent.tolist())
    assert bought.spent.sum() == (bought.packs * asked.pack * asked.cost).sum()
    assert bought.earns >= 0
