"""Effects are told when they are there, not told when they are not, and never before enough is known."""

import numpy as np
import pytest

from knowledge.measure.experiment import LEAST, Customers, effects, lift
from knowledge.measure.power import power
from knowledge.measure.sequence import confidence_sequence, half_width
from policies.errors import Refused

SHARE = 0.2


def customers(count: int, effect: float, seed: int = 1) -> Customers:
    rng = np.random.default_rng(seed)
    level = rng.gamma(2.0, 500.0, count)
    before, after = level * rng.uniform(0.5, 1.5, count), level * rng.uniform(0.5, 1.5, count)
    held_out = rng.random(count) < SHARE
    return Customers(np.where(held_out, after, after + effect), before, held_out)


def test_an_effect_is_told_with_an_interval_that_holds_it():
    found = lift(customers(20_000, 150.0), share=SHARE, cap=1e9, planned=20_000)
    assert found.low < 150 < found.high
    assert found.shown == 1
    assert found.offered + found.held_out == 20_000


def test_harm_is_told_as_harm():
    assert lift(customers(20_000, -150.0), share=SHARE, cap=1e9, planned=20_000).shown == -1


def test_no_effect_is_left_open():
    found = lift(customers(20_000, 0.0), share=SHARE, cap=1e9, planned=20_000)
    assert (found.shown, found.low < 0 < found.high) == (0, True)


def test_the_time_before_explains_what_it_can():
    found = lift(customers(5_000, 0.0), share=SHARE, cap=1e9, planned=5_000)
    assert found.variance_left < 0.5


def test_one_resellers_order_counts_no_more_than_the_cap():
    usual = customers(5_000, 0.0)
    outcome = usual.outcome.copy()
    outcome[np.flatnonzero(~usual.held_out)[100]] = 1e9
    found = lift(Customers(outcome, usual.before, usual.held_out), share=SHARE, cap=5_000, planned=5_000)
    plain = lift(usual, share=SHARE, cap=5_000, planned=5_000)
    assert abs(found.value - plain.value) < 10


@pytest.mark.parametrize(("count", "told"), [(LEAST - 1, False), (LEAST, True)])
def test_too_few_customers_are_refused(count: int, told: bool):
    few = customers(LEAST, 0.0)
    part = Customers(few.outcome[:count], few.before[:count], few.held_out[:count])
    if told:
        lift(part, share=SHARE, cap=1e9, planned=LEAST)
        return
    with pytest.raises(Refused) as refusal:
        lift(part, share=SHARE, cap=1e9, planned=LEAST)
    assert refusal.value.code == "measure.too_few"


def test_a_customers_value_rests_on_nobody_who_came_later():
    whole = customers(2_000, 100.0)
    part = Customers(whole.outcome[:1_000], whole.before[:1_000], whole.held_out[:1_000])
    np.testing.assert_allclose(
        effects(whole, share=SHARE, cap=1e9)[0][:1_000], effects(part, share=SHARE, cap=1e9)[0], rtol=1e-9
    )


def test_intervals_shrink_and_are_tightest_where_it_was_planned():
    widths = half_width(np.asarray([100.0, 1_000.0, 10_000.0]), planned=1_000)
    assert widths[0] > widths[1] > widths[2]
    at = np.asarray([1_000.0])
    assert half_width(at, planned=1_000) < half_width(at, planned=100)
    assert half_width(at, planned=1_000) < half_width(at, planned=10_000)


def test_looking_ninety_nine_times_at_nothing_alarms_rarely():
    rng = np.random.default_rng(3)
    looks = np.linspace(100, 4_000, 99).astype(np.intp)
    alarms = sum(confidence_sequence(rng.normal(0, 1, 4_000), looks, planned=4_000).excludes_zero for _ in range(200))
    assert alarms <= 10


def test_what_can_be_seen_shrinks_with_customers_and_costs_more_when_looked_at_often():
    small, large = (power(count, share=0.05, deviation=1_000.0) for count in (1_000, 100_000))
    assert small.always_valid > large.always_valid
    assert large.always_valid > large.one_look
    assert not power(LEAST - 1, share=0.5, deviation=1.0).enough
    assert power(LEAST, share=0.5, deviation=1.0).enough
    assert not power(LEAST, share=0.05, deviation=1.0).enough, "twenty held out are not forty"
