"""Logs of a policy that explored, and another policy's true worth: whether the interval told of it holds it.

Five arms whose rewards depend on six traits through a curve no linear model has; the log preferred some arms by traits
of its own, with a floor of 5 %. Judged is a policy that always takes the arm it believes best, which is what a retailer
asks about: "what if we had never explored?"
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge.measure.off_policy import Log, worth
from knowledge.measure.sequence import Floats
from policies.errors import Refused

OCCASIONS: Final = 20_000
RUNS: Final = 300
ARMS: Final = 5
FLOOR: Final = 0.05
_TRAITS: Final = 6
_SEEDS: Final = 60_000
_HARDLY_EVER: Final = 0.01
_Z95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Told:
    """What was told over all runs, of the truth.

    Attributes:
        covered: Share of intervals that hold it; `covered_ips` and `covered_naive` of plain rivals' intervals.
        error: Relative error, root mean square, of ours; `ips`, `snips` and `naive` of the rivals.
    """

    covered: float
    covered_ips: float
    covered_naive: float
    error: float
    ips: float
    snips: float
    naive: float


def told() -> Told:
    """Judge the policy in every run."""
    errors = np.zeros((RUNS, 4))
    covered = np.zeros(3)
    for run in range(RUNS):
        log, policy, truth = make(np.random.default_rng(_SEEDS + run))
        found = worth(log, policy)
        weight = policy[np.arange(OCCASIONS), log.arm] / log.propensity
        ips = weight * log.reward
        errors[run] = np.asarray([found.value, ips.mean(), found.snips, log.reward.mean()]) / truth - 1
        covered += (
            found.low <= truth <= found.high,
            abs(ips.mean() - truth) <= _half(ips),
            abs(log.reward.mean() - truth) <= _half(log.reward),
        )
    return Told(*(float(each) for each in covered / RUNS), *(float(each) for each in np.sqrt((errors**2).mean(axis=0))))


def refused_when_thin() -> bool:
    """Whether nothing is told of a policy that the log hardly ever followed."""
    rng = np.random.default_rng(_SEEDS - 1)
    few = 4_000
    arm = (rng.random(few) < _HARDLY_EVER).astype(np.intp)
    log = Log(rng.normal(size=(few, 2)), arm, np.where(arm, _HARDLY_EVER, 1 - _HARDLY_EVER), rng.random(few))
    try:
        worth(log, np.tile([0.0, 1.0], (few, 1)))
    except Refused as error:
        return error.code == "measure.thin_support"
    return False


def make(rng: np.random.Generator) -> tuple[Log, Floats, float]:
    """A log, the policy to judge, and its true worth on these occasions."""
    rows = np.arange(OCCASIONS)
    slopes = rng.normal(0, 0.6, (ARMS, _TRAITS))
    traits = rng.normal(size=(OCCASIONS, _TRAITS))
    chance = 1 / (1 + np.exp(2.2 - traits @ slopes.T))
    margin = rng.uniform(400, 2_500, ARMS)
    liking = np.exp(traits @ rng.normal(0, 0.6, (_TRAITS, ARMS)))
    propensities = FLOOR + (1 - ARMS * FLOOR) * liking / liking.sum(axis=1, keepdims=True)
    arm = (propensities.cumsum(axis=1) > rng.random((OCCASIONS, 1))).argmax(axis=1)
    bought = rng.random(OCCASIONS) < chance[rows, arm]
    reward = bought * margin[arm] * np.exp(rng.normal(-0.08, 0.4, OCCASIONS))
    believed = (chance * margin) * np.exp(rng.normal(0, 0.3, chance.shape))
    policy = np.zeros((OCCASIONS, ARMS))
    policy[rows, believed.argmax(axis=1)] = 1.0
    truth = float((policy * chance * margin).sum(axis=1).mean())
    return Log(traits, arm.astype(np.intp), propensities[rows, arm], reward), policy, truth


def _half(values: Floats) -> float:
    return _Z95 * float(values.std()) / float(np.sqrt(values.size))
