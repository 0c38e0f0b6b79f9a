"""What a shelf lacks after an order comes is what drawing a hundred thousand such weeks says."""

import numpy as np
import pytest

from knowledge.planning.arrival import Demand, short_after

DRAWS = 100_000


def drawn(chance: np.random.Generator, mean: float, dispersion: float) -> np.ndarray:
    return chance.poisson(chance.gamma(1 / dispersion, mean * dispersion, DRAWS))


@pytest.mark.parametrize(
    ("on_hand", "before", "arriving", "after"),
    [(0, 4.0, 3, 2.0), (3, 4.0, 0, 2.0), (3, 4.0, 5, 6.0), (20, 4.0, 0, 9.0), (64, 30.0, 10, 60.0), (-2, 1.0, 2, 3.0)],
)
def test_small_counts_are_exact(on_hand: int, before: float, arriving: int, after: float):
    chance = np.random.default_rng(5)
    left = np.maximum(max(on_hand, 0) - drawn(chance, before, 0.4), 0)
    seen = np.maximum(drawn(chance, after, 0.4) - left - arriving, 0).mean()
    told = short_after(
        np.array([on_hand]),
        Demand(np.array([before]), np.array([0.4])),
        np.array([[arriving]]),
        Demand(np.array([after]), np.array([0.4])),
    )
    assert told[0, 0] == pytest.approx(seen, rel=0.03, abs=0.01)


@pytest.mark.parametrize(("on_hand", "before"), [(65, 20.0), (400, 100.0), (30, 65.0)])
def test_large_counts_are_near(on_hand: int, before: float):
    chance = np.random.default_rng(6)
    left = np.maximum(on_hand - drawn(chance, before, 0.1), 0)
    seen = np.maximum(drawn(chance, 240.0, 0.1) - left - 20, 0).mean()
    told = short_after(
        np.array([on_hand]),
        Demand(np.array([before]), np.array([0.1])),
        np.array([[20]]),
        Demand(np.array([240.0]), np.array([0.1])),
    )
    assert told[0, 0] == pytest.approx(seen, rel=0.1)


def test_each_unit_more_leaves_less_short_and_by_ever_less():
    told = short_after(
        np.array([5, 90]),
        Demand(np.array([4.0, 50.0]), np.array([0.5, 0.5])),
        np.array([range(30), range(30)]),
        Demand(np.array([6.0, 90.0]), np.array([0.5, 0.5])),
    )
    saved = -np.diff(told, axis=1)
    assert (saved > 0).all()
    assert (np.diff(saved, axis=1) <= 1e-9).all()
