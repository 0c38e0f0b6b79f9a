"""The few numbers a forecast is made with, chosen on earlier origins than those its quality is told for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Chosen by `python -m evals.forecast.choose`, which prints what else was tried.

    Attributes:
        half_life: Days after which a day's sales count half in the level.
        quick: The same, of the chain's trend.
        reach: How far a trend is carried on: 0 not at all, 1 as far as it has come, beyond 1 further.
        slow: Half-life of weekday profiles and of a location's share of a variant.
        weekday_units: Units a variant must have sold for its own weekdays to count as much as the chain's.
        share_units: The same, of a location's share.
        likeness_days: Days of its own sales that weigh as much as what goods like it sold.
    """

    half_life: float = 42.0
    quick: float = 14.0
    reach: float = 1.0
    slow: float = 120.0
    weekday_units: float = 8_000.0
    share_units: float = 30.0
    likeness_days: float = 7.0


TUNED = Tuning()
