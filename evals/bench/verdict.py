"""What one verdict costs: the rules asked about situations as a day brings them, most allowed, some not.

`Engine.decide` alone, in this process and on one core: what every decision at every door waits for. No situation is
asked about twice, so nothing is answered from memory.
"""

import gc
import time
from random import Random
from typing import Final

from evals.row import Row
from policies.engine import Engine
from policies.ladder import Rung, Standing
from policies.limits import Limits
from policies.situation import AdjustmentFacts, DiscountFacts, Situation, TransferFacts
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId

GOAL_MS: Final = 1.0
_VERDICTS: Final = 20_000
_WARM_UP: Final = 500
_SHOPS: Final = 40


async def measure() -> list[Row]:
    """The distribution over a mixed day; `p99` is held to the goal."""
    engine, chance = Engine.read(Limits.read()), Random(7)
    situations = [_situation(engine, chance) for _ in range(_WARM_UP + _VERDICTS)]
    for situation in situations[:_WARM_UP]:
        engine.decide(situation)
    took: list[int] = []
    worked: list[int] = []
    gc.collect()
    gc.freeze()
    for situation in situations[_WARM_UP:]:
        begun, work = time.perf_counter_ns(), time.thread_time_ns()
        engine.decide(situation)
        worked.append(time.thread_time_ns() - work)
        took.append(time.perf_counter_ns() - begun)
    gc.unfreeze()
    took.sort()
    worked.sort()
    p50, p99 = took[len(took) // 2] / 1e6, took[len(took) * 99 // 100] / 1e6
    return [
        Row("verdict_p50_ms", round(p50, 3), "ms", "", None, None),
        Row("verdict_p99_ms", round(p99, 3), "ms", f"< {GOAL_MS:.0f}", None, p99 < GOAL_MS),
        Row("verdict_cpu_p99_ms", round(worked[len(worked) * 99 // 100] / 1e6, 3), "ms", "", None, None),
        Row("verdict_max_ms", round(took[-1] / 1e6, 3), "ms", "", None, None),
    ]


def _situation(engine: Engine, chance: Random) -> Situation:
    """Mostly offers of the specialist; a fifth of all are over some limit."""
    place = LocationId(f"STORE_{chance.randrange(_SHOPS)}")
    kind = chance.choices(["discount", "transfer", "stock_adjustment"], [80, 15, 5])[0]
    over = chance.random() < 0.2  # noqa: PLR2004
    if kind == "discount":
        role = chance.choices([Role.OFFERS_SPECIALIST, Role.ASSOCIATE, Role.MANAGER], [80, 15, 5])[0]
        amount = chance.randrange(50, 2_000) + (5_000 if over else 0)
        facts = DiscountFacts(
            percent_bp=chance.choice([500, 1_000, 1_500, 2_000]),
            amount=amount,
            transaction_total=amount,
            customer_day_total=amount,
            location_day_total=amount * chance.randrange(1, 20),
            cost_known=chance.random() > 0.05,  # noqa: PLR2004
            margin_after=amount * 2,
            margin_floor=amount,
            in_stock=True,
            late=False,
            price_age_s=chance.randrange(5),
            stock_age_s=chance.randrange(800),
            personalized=True,
            jurisdictions=("us_ny",),
            disclosures=("us_ny",),
        )
    elif kind == "transfer":
        role = chance.choice([Role.INVENTORY_SPECIALIST, Role.PLANNER])
        value = chance.randrange(1_000, 90_000) + (100_000 if over else 0)
        facts = TransferFacts(value, chance.randrange(1, 400), True, True, chance.randrange(3, 50), 2, 60)  # noqa: FBT003
    else:
        role = Role.PLANNER
        facts = AdjustmentFacts(chance.randrange(100, 15_000) + (20_000 if over else 0), chance.randrange(1, 80), False)  # noqa: FBT003
    actor = Actor(f"{role}:{chance.randrange(_SHOPS)}", role, None, chance.choice(list(Door)))
    return engine.situation(actor, kind, place, "NY", facts, standing=Standing(Rung.AUTO))
