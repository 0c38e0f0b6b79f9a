"""Whether the measure tells the truth about offers: false alarms, coverage and power, beside what people use instead.

All of it is simulation with known truth: no labelled experiment of a real retailer is at hand (Hillstrom's e-mails and
the Open Bandit Dataset are not in `../shared/data`), so nothing here says how strong offers are anywhere.
"""

from evals.measure.hold_out import alarms, detectable
from evals.measure.off_policy import refused_when_thin, told
from evals.row import Row

_FALSE = 0.05
_COVERS = 0.93
_POWER = 0.8


async def measure() -> list[Row]:
    """False alarms over 99 looks, coverage, what adjusting saves, the promised power, and off-policy intervals."""
    nothing, effect = alarms(0.0), detectable()
    there = alarms(effect)
    log = told()
    return [
        _most("measure_false_alarms_99_looks", nothing.ours, _FALSE, nothing.naive),
        _beside("measure_false_alarms_one_look_fixed", nothing.once, None),
        _least("measure_interval_covers", there.covered, 0.95, None),
        _least("measure_power_at_detectable_effect", there.ours, _POWER, None),
        _beside("measure_detectable_effect_minor_units", effect, None),
        _beside("measure_error_capped_adjusted_minor_units", there.error, there.raw),
        _least("measure_off_policy_covers", log.covered, _COVERS, log.covered_ips),
        _beside("measure_off_policy_covers_naive_mean", log.covered_naive, None),
        _beside("measure_off_policy_error", log.error, log.ips),
        _beside("measure_off_policy_error_snips", log.snips, log.naive),
        Row("measure_refuses_thin_support", float(refused_when_thin()), "", "= 1", None, refused_when_thin()),
    ]


def _most(name: str, value: float, goal: float, baseline: float | None) -> Row:
    return Row(name, round(value, 4), "share", f"<= {goal}", baseline, value <= goal)


def _least(name: str, value: float, goal: float, baseline: float | None) -> Row:
    return Row(name, round(value, 4), "share", f">= {goal}", baseline, value >= goal)


def _beside(name: str, value: float, baseline: float | None) -> Row:
    return Row(name, round(value, 4), "", "", baseline, None)
