"""Hold-outs without any effect, and with one: how often the interval raises an alarm at any of 99 looks.

Customers spend as retail customers do: most little, a few a great deal, and the same ones as the year before. One in
twenty is held out, as the product does it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.measure.experiment import LEAST, LOOKS, Customers, effects
from knowledge.measure.power import power
from knowledge.measure.sequence import Floats, confidence_sequence

CUSTOMERS: Final = 40_000
SHARE: Final = 0.05
RUNS: Final = 400
_Z95: Final = 1.959963984540054
_SEEDS: Final = 50_000
_RESELLERS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Alarms:
    """Shares of runs.

    Attributes:
        ours: That raised an alarm at some look.
        naive: The same with a fixed interval looked at as often.
        once: The same with a fixed interval looked at once, at the end.
        covered: Whose interval at the end holds the truth.
        error: Of the estimate at the end, root mean square, in minor units.
        raw: Of the plain difference of uncapped means.
    """

    ours: float
    naive: float
    once: float
    covered: float
    error: float
    raw: float


def cap_of(run: int = 0) -> float:
    """The cap, from a year before the measurement: what one customer in a hundred spends more than."""
    return float(np.quantile(_spend(np.random.default_rng(_SEEDS - 1 - run))[0], 0.99))


def alarms(effect: float) -> Alarms:
    """Run hold-outs whose offers add so many minor units per customer."""
    cap = cap_of()
    looks = np.linspace(LEAST, CUSTOMERS, LOOKS).astype(np.intp)
    counted: list[tuple[bool, bool, bool, bool]] = []
    errors: list[tuple[float, float]] = []
    for run in range(RUNS):
        customers, capped = _run(np.random.default_rng(_SEEDS + run), effect, cap)
        values, _ = effects(customers, share=SHARE, cap=cap)
        seen = confidence_sequence(values, looks, planned=CUSTOMERS)
        fixed = _Z95 * seen.deviation / np.sqrt(seen.n)
        outside = np.abs(seen.mean) > fixed
        holds = bool(seen.low[-1] <= capped <= seen.high[-1])
        counted.append((seen.excludes_zero, bool(outside.any()), bool(outside[-1]), holds))
        plain = customers.outcome[~customers.held_out].mean() - customers.outcome[customers.held_out].mean()
        errors.append((float(seen.mean[-1]) - capped, float(plain) - effect))
    ours, naive, once, covered = (sum(each) / RUNS for each in zip(*counted, strict=True))
    error, raw = (float(each) for each in np.sqrt(np.square(errors).mean(axis=0)))
    return Alarms(ours, naive, once, covered, error, raw)


def detectable() -> float:
    """The effect that `power` says four measurements in five of this size will see."""
    customers, _ = _run(np.random.default_rng(_SEEDS - 2), 0.0, cap_of())
    values, _ = effects(customers, share=SHARE, cap=cap_of())
    deviation = float(values.std()) / float(np.sqrt(1 / SHARE + 1 / (1 - SHARE)))
    return power(CUSTOMERS, share=SHARE, deviation=deviation).always_valid


def _run(rng: np.random.Generator, effect: float, cap: float) -> tuple[Customers, float]:
    """Customers, and the effect on their capped outcome."""
    before, after = _spend(rng)
    held_out: NDArray[np.bool_] = rng.random(CUSTOMERS) < SHARE
    with_offer = after + effect
    capped = float((np.minimum(with_offer, cap) - np.minimum(after, cap)).mean())
    return Customers(np.where(held_out, after, with_offer), before, held_out), capped


def _spend(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Minor units in two windows of the same length: a customer's own level, visits, and baskets with a long tail."""
    level = rng.normal(0, 0.9, CUSTOMERS)
    windows: list[Floats] = []
    for _ in range(2):
        visits = rng.poisson(1.2 * np.exp(0.4 * level))
        baskets = np.exp(rng.normal(7.6, 0.8, CUSTOMERS) + 0.4 * level)
        resold = np.where(rng.random(CUSTOMERS) < _RESELLERS, rng.pareto(1.8, CUSTOMERS) * 60_000, 0.0)
        windows.append((visits * baskets * 0.4 + resold).astype(np.float64))
    return windows[0], windows[1]
