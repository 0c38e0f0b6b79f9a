"""An offer is made only when it earns more than silence, and never beyond a limit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.offers.uplift import DEFAULT, PERCENTS, best_terms
from policies.limits import Limits

LIMITS = Limits.read().place("", "").discount


@given(
    st.integers(1, 1_000_000),
    st.none() | st.integers(0, 1_000_000),
    st.floats(0, 1),
    st.integers(0, 3000),
    st.integers(0, 5000),
)
def test_the_terms_keep_every_limit(price: int, cost: int | None, chance: float, cap: int, floor: int):
    limits = replace(LIMITS, percent_bp=cap, margin_floor_bp=floor)
    terms = best_terms(price, cost, chance, limits)
    if terms is None:
        return
    after = price - terms.amount
    assert terms.percent_bp in PERCENTS
    assert terms.percent_bp <= cap
    assert 0 < terms.amount <= limits.transaction_max
    assert terms.gain >= DEFAULT.bar
    if cost is not None:
        assert (after - cost) * 10_000 >= after * floor


def test_a_margin_too_thin_for_the_smallest_discount_gets_silence():
    assert best_terms(10_000, 8_550, 0.3, LIMITS) is not None
    assert best_terms(10_000, 8_551, 0.3, LIMITS) is None


def test_a_fat_margin_gets_a_discount_but_not_the_largest():
    terms = best_terms(8_000, 3_000, 0.3, LIMITS)
    assert terms is not None
    assert terms.percent_bp == 1500


def test_an_unlikely_buyer_of_something_cheap_gets_silence():
    assert best_terms(200, 80, 0.01, LIMITS) is None


@pytest.mark.parametrize(("margin_floor", "offered"), [(5_832, True), (5_833, False)])
def test_the_margin_floor_holds_to_the_basis_point(margin_floor: int, offered: bool):
    """5 % off 80.00 at a cost of 31.67: 44.33 of 76.00 remain, which is a little less than 58.33 %."""
    limits = replace(LIMITS, percent_bp=500, margin_floor_bp=margin_floor)
    assert (best_terms(8_000, 3_167, 0.3, limits) is not None) is offered


@given(st.integers(100, 100_000), st.floats(0.01, 0.5))
def test_a_likelier_buyer_never_makes_an_offer_worth_less(price: int, chance: float):
    less, more = (best_terms(price, price // 3, each, LIMITS) for each in (chance, chance * 1.2))
    if less and less.chance * 1.2 < DEFAULT.most_likely:
        assert more is not None
        assert more.gain >= less.gain
