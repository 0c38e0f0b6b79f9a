"""Another policy's worth is told from a log that holds enough of it, and refused from one that does not."""

import numpy as np
import pytest

from knowledge.measure.off_policy import LARGEST_WEIGHT, LEAST_SIZE, Log, worth
from policies.errors import Refused


def log(count: int, second: float, seed: int = 4) -> Log:
    """Two arms; the first earns 100, the second 160 and more for some; drawn with this chance."""
    rng = np.random.default_rng(seed)
    context = rng.normal(size=(count, 1))
    arm = (rng.random(count) < second).astype(np.intp)
    reward = 100 + arm * (60 + 20 * context[:, 0]) + rng.normal(0, 50, count)
    return Log(context, arm, np.where(arm == 1, second, 1 - second), reward)


def always(arm: int, count: int) -> np.ndarray:
    return np.eye(2)[np.full(count, arm)]


def test_the_worth_of_another_policy_and_of_the_difference_is_told():
    drawn = log(20_000, 0.1)
    found = worth(drawn, always(1, 20_000))
    assert found.low < 160 < found.high
    apart = worth(drawn, always(1, 20_000), beside=always(0, 20_000))
    assert apart.low < 60 < apart.high
    assert abs(apart.value - 60) < 10
    assert abs(apart.snips - 60) < 15


def test_the_policy_that_ran_is_worth_what_it_earned():
    drawn = log(5_000, 0.5)
    same = np.tile([0.5, 0.5], (5_000, 1))
    found = worth(drawn, same)
    assert abs(found.value - drawn.reward.mean()) < 1
    assert found.largest == 1.0


@pytest.mark.parametrize(
    ("occasions", "told"), [(int(LEAST_SIZE * 10 * 0.8), False), (int(LEAST_SIZE * 10 * 1.2), True)]
)
def test_too_few_effective_occasions_are_refused(occasions: int, told: bool):
    if told:
        assert worth(log(occasions, 0.1), always(1, occasions)).size >= LEAST_SIZE
        return
    with pytest.raises(Refused) as refusal:
        worth(log(occasions, 0.1), always(1, occasions))
    assert refusal.value.code == "measure.thin_support"
    assert "tillhand measure plan" in refusal.value.hint


@pytest.mark.parametrize(("chance", "told"), [(1 / LARGEST_WEIGHT, True), (0.99 / LARGEST_WEIGHT, False)])
def test_a_weight_beyond_fifty_is_refused(chance: float, told: bool):
    drawn = log(60_000, chance)
    if told:
        assert worth(drawn, always(1, 60_000)).largest <= LARGEST_WEIGHT + 1e-9
        return
    with pytest.raises(Refused):
        worth(drawn, always(1, 60_000))
