"""Transfers: worth it, within every limit, never below what a location must keep, and near the best there is."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize

from knowledge.planning.moving import Network, Shelves, best_moves, candidates

_optimize: Any = optimize


def network(places: int, *, cost: float = 10.0, lane: int = 100, hands: int = 100) -> Network:
    return Network(np.full((places, places), cost), np.full((places, places), lane), np.full(places, hands))


def shelves(stock: Any, mean: Any) -> Shelves:
    return Shelves(np.asarray(stock, np.int64), np.asarray(mean, float), np.full(np.shape(mean), 0.3))


def plan(stock: Any, mean: Any, keep: Any, ways: Network, pack: int = 1):
    both = shelves(stock, mean)
    count = len(both.stock)
    among = candidates(
        both, both, np.asarray(keep, np.int64), np.full(count, 100.0), np.full(count, pack, np.int64), ways
    )
    return best_moves(among, ways)


def test_goods_go_from_where_they_lie_to_where_they_sell():
    found = plan([[20, 0]], [[1.0, 5.0]], [[2, 2]], network(2))
    assert len(found.value)
    assert set(found.origin.tolist()) == {0}
    assert set(found.destination.tolist()) == {1}


def test_nothing_goes_where_moving_costs_more_than_it_earns():
    assert len(plan([[20, 0]], [[1.0, 5.0]], [[2, 2]], network(2, cost=95.0)).value) > 0
    assert len(plan([[20, 0]], [[1.0, 5.0]], [[2, 2]], network(2, cost=100.0)).value) == 0


@pytest.mark.parametrize(("stock", "packs"), [(5, 0), (6, 1)])
def test_an_origin_keeps_its_safety_stock_to_the_unit(stock: int, packs: int):
    assert len(plan([[stock, 0]], [[0.1, 9.0]], [[4, 0]], network(2), pack=2).value) == packs


CASES = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(CASES, st.integers(1, 3), st.integers(1, 4))
def test_no_lane_hand_pack_or_safety_stock_is_overdrawn(seed: int, lane: int, hands: int):
    chance = np.random.default_rng(seed)
    variants, places, pack = 6, 4, 2
    mean = chance.gamma(0.6, 4.0, (variants, places))
    stock = chance.poisson(mean * chance.gamma(1.0, 1.5, mean.shape))
    keep = np.ceil(mean * 0.5).astype(np.int64)
    ways = network(places, lane=lane, hands=hands)
    found = plan(stock, mean, keep, ways, pack)
    left = stock.copy()
    np.add.at(left, (found.variant, found.origin), -pack)
    assert (left >= np.minimum(keep, stock)).all()
    lanes = np.zeros((places, places), int)
    np.add.at(lanes, (found.origin, found.destination), 1)
    assert (lanes <= lane).all()
    assert (lanes.sum(0) + lanes.sum(1) <= hands).all()
    assert found.earns <= found.bound + 1e-6
    assert (found.value > 0).all()


def _same(group: NDArray[np.intp]) -> NDArray[np.float64]:
    """A row for each pack, with a one at each move that takes it."""
    return (np.arange(int(group.max()) + 1)[:, None] == group).astype(np.float64)


def test_the_bound_is_that_of_the_linear_program():
    chance = np.random.default_rng(3)
    mean = chance.gamma(0.6, 4.0, (30, 5))
    both = shelves(chance.poisson(mean * chance.gamma(1.0, 1.5, mean.shape)), mean)
    ways = network(5)
    among = candidates(both, both, np.zeros((30, 5), np.int64), np.full(30, 100.0), np.ones(30, np.int64), ways)
    packs = [np.unique(among.variant * 100 + end, return_inverse=True)[1] for end in (among.given, among.taken)]
    rows: Any = np.vstack([_same(group) for group in packs])
    told = _optimize.linprog(-among.value, A_ub=rows, b_ub=np.ones(len(rows)), bounds=(0, 1))
    found = best_moves(among, ways)
    assert found.earns == pytest.approx(-told.fun, rel=1e-6)
    assert found.bound == pytest.approx(-told.fun, rel=1e-6)


def test_nothing_to_move_earns_nothing():
    found = plan([[3, 3]], [[1.0, 1.0]], [[3, 3]], network(2))
    assert (len(found.value), found.bound) == (0, 0.0)
