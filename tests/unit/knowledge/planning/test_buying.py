"""Purchase orders: within the budget, in packs, above each supplier's minimum, best money first."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.planning.arrival import Demand, short_after
from knowledge.planning.buying import Lines, buy


def lines(position: list[int], mean: list[float], *, pack: int = 2, cost: int = 500, suppliers: list[int]) -> Lines:
    count = len(position)
    return Lines(
        np.array(position, np.int64),
        np.zeros(count, np.int64),
        Demand(np.array(mean) * 0.3, np.full(count, 0.3)),
        Demand(np.array(mean) * 0.7, np.full(count, 0.3)),
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


@pytest.mark.parametrize("mean", [30.0, 300.0])
def test_fast_goods_in_single_units_are_ordered_whole(mean: float):
    bought = buy(lines([0], [mean], pack=1, suppliers=[0]), np.array([0]), 10**9)
    assert mean * 0.7 < bought.packs[0] < mean * 4


def test_what_is_on_its_way_is_not_ordered_again():
    asked = lines([0, 0], [10.0, 10.0], suppliers=[0, 0])
    bought = buy(replace(asked, coming=np.array([0, 40])), np.array([0]), 10**6)
    assert bought.packs[0] > 0
    assert bought.packs[1] == 0


def test_an_empty_shelf_is_not_stocked_for_days_that_pass_before_the_order_comes():
    soon = lines([0], [20.0], pack=1, suppliers=[0])
    late = replace(soon, until=Demand(soon.until.mean * 10, soon.until.dispersion))
    first, second = (buy(each, np.array([0]), 10**6) for each in (soon, late))
    assert second.packs[0] <= first.packs[0]


def test_every_shelf_is_filled_until_its_next_unit_earns_no_more_than_keeping_it_costs():
    keeping, margin, cost = 0.1, 500.0, 500
    asked = lines([0, 1, 3, 0], [0.4, 2.0, 3.0, 4.0], pack=1, cost=cost, suppliers=[0, 0, 0, 0])
    bought = buy(asked, np.array([0]), 10**9, keeping=keeping)
    until, after = (Demand(each.mean, each.dispersion * 0.5) for each in (asked.until, asked.after))  # the rest passes
    around = np.maximum(bought.packs[:, None] + np.arange(-1, 2), 0)
    sold = -np.diff(short_after(asked.on_hand, until, around, after), axis=1)
    gain = sold * margin - (1 - sold) * cost * keeping
    ordered = bought.packs > 0
    assert ordered.any()
    assert (gain[ordered, 0] > 0).all()
    assert (gain[:, 1] <= 0).all()


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
