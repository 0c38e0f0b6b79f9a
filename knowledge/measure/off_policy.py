"""What another policy would have earned, told from the log of ours: possible because ours drew, and wrote down how.

Doubly robust with clipped weights (Dudik, Langford, Li, ICML 2011; Su et al., ICML 2020): a cross-fitted model says
what each arm earns, and weighted residuals of the logged arm correct it. Self-normalized inverse propensity
(Swaminathan and Joachims, NeurIPS 2015) stands beside it and uses no model. Where the log hardly ever did what the
other policy would do, no formula helps, and nothing is told.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.measure.sequence import Floats
from policies.errors import Refused

CLIP: Final = 10.0
LEAST_SIZE: Final = 500.0  # effective occasions
LARGEST_WEIGHT: Final = 50.0
_Z95: Final = 1.959963984540054
_FOLDS: Final = 2
_RIDGE: Final = 10.0  # imagined occasions that earn the arm's mean whatever the context


@dataclass(frozen=True, slots=True)
class Log:
    """Occasions as they were decided.

    Attributes:
        context: One row per occasion: what was known before the draw, as numbers, without a constant.
        arm: Index of the arm that was drawn.
        propensity: With which chance.
        reward: What it earned, in minor units.
    """

    context: Floats
    arm: NDArray[np.intp]
    propensity: Floats
    reward: Floats


@dataclass(frozen=True, slots=True)
class Worth:
    """What a policy earns per occasion, in minor units.

    Attributes:
        value: Clipped doubly robust, with the 95 % interval `low` to `high`.
        snips: Self-normalized inverse propensity.
        size: Effective occasions.
        largest: Weight.
    """

    value: float
    low: float
    high: float
    snips: float
    size: float
    largest: float


def worth(log: Log, policy: Floats, *, beside: Floats | None = None) -> Worth:
    """What a policy would have earned.

    Args:
        log: Of ours.
        policy: Chance of each arm on each occasion, a row each.
        beside: Another policy; the worth is then the difference to it.

    Raises:
        Refused: `measure.thin_support`.
    """
    rows = np.arange(log.arm.size)
    weight = policy[rows, log.arm] / log.propensity
    size, largest = _support(weight)
    model = _earned(log, policy.shape[1])
    part, clipped = _doubly_robust(log, policy, weight, model)
    snips = float((weight * log.reward).sum() / weight.sum())
    if beside is not None:
        other = beside[rows, log.arm] / log.propensity
        other_size, other_largest = _support(other)
        size, largest = min(size, other_size), max(largest, other_largest)
        other_part, other_clipped = _doubly_robust(log, beside, other, model)
        part, clipped = part - other_part, clipped - other_clipped
        snips -= float((other * log.reward).sum() / other.sum())
    value = float(part.mean())
    # what clipping left out is a bias whose size the sample tells: it is no error that averages out, so it is added
    half = _Z95 * float(part.std(ddof=1)) / float(np.sqrt(part.size)) + abs(float(clipped.mean()))
    return Worth(value, value - half, value + half, snips, size, largest)


def _support(weight: Floats) -> tuple[float, float]:
    """Effective occasions and the largest weight, or a refusal where they are too thin."""
    squares = float((weight * weight).sum())
    size = float(weight.sum()) ** 2 / squares if squares else 0.0
    largest = float(weight.max(initial=0.0))
    if size < LEAST_SIZE or largest > LARGEST_WEIGHT:
        raise Refused(
            f"The log holds too little of what this policy would do: {size:.0f} effective occasions of {LEAST_SIZE:.0f}"
            f" wanted, largest weight {largest:.0f} of at most {LARGEST_WEIGHT:.0f}.",
            code="measure.thin_support",
            hint="Let exploration run longer, ask about a policy nearer to the one that ran, or measure it with a"
            " hold-out: tillhand measure plan.",
        )
    return size, largest


def _doubly_robust(log: Log, policy: Floats, weight: Floats, model: Floats) -> tuple[Floats, Floats]:
    """Each occasion's part of the value, and what clipping took from it."""
    rows = np.arange(log.arm.size)
    residual = log.reward - model[rows, log.arm]
    clipped = np.minimum(weight, CLIP)
    return (policy * model).sum(axis=1) + clipped * residual, (weight - clipped) * residual


def _earned(log: Log, arms: int) -> Floats:
    """What each arm would have earned on each occasion: ridge regressions by arm, fitted on the other fold.

    Occasions are weighted by how rarely their arm was drawn, so that the fit holds for all occasions and not for those
    the log preferred.
    """
    count = log.arm.size
    design = np.column_stack([np.ones(count), log.context])
    fold = np.arange(count) % _FOLDS
    found = np.zeros((count, arms))
    penalty = _RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    for held in range(_FOLDS):
        other = fold != held
        overall = float(log.reward[other].mean())
        for arm in range(arms):
            mine = other & (log.arm == arm)
            if not mine.any():
                found[fold == held, arm] = overall
                continue
            x, y, w = design[mine], log.reward[mine], np.minimum(1 / log.propensity[mine], CLIP)
            w = w / w.mean()
            gram = (x * w[:, None]).T @ x + penalty
            found[fold == held, arm] = design[fold == held] @ np.linalg.lstsq(gram, (x * w[:, None]).T @ y)[0]
    return found
