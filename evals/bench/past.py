"""A month of ten shops judged again under other limits, and its last week reviewed."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import text

from evals.bench.recorded_month import BEGINS, LIMITS, decide_month
from evals.row import Row
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.situation import Situation
from policies.vocabulary.actor import Actor, Door, Role
from tools.past.past import Past
from tools.past.tried import Tried
from tools.review.report import make_report
from tools.review.week import Week, chain_timezone

_GOAL: Final = 60.0  # seconds
_REVIEW: Final = 30.0
_OPERATOR: Final = Actor("operator:bench", Role.OPERATOR, None, Door.CLI)
_SAMPLE: Final = 4_000  # situations judged bare, for the floor
_ANALYZE: Final = text("ANALYZE")
_SITUATIONS: Final = text("SELECT situation FROM action LIMIT :limit")


async def measure() -> list[Row]:
    """Decide the month, judge it again twice, and review a week of it."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        try:
            places, engine = await decide_month(database)
            async with database.transaction() as connection:
                await connection.execute(_ANALYZE)
            return await _measure(database, places, engine)
        finally:
            await database.close()


async def _measure(database: Database, places: Places, engine: Engine) -> list[Row]:
    stricter = LIMITS.text.replace("transaction_free = 5000 ", "transaction_free = 2000 ", 1)
    stricter = stricter.replace("margin_floor_bp = 1000 ", "margin_floor_bp = 1500 ", 1)
    tried, wall, cpu = await _try(database, places, engine, Limits(stricter))
    same, *_ = await _try(database, places, engine, LIMITS)
    began = time.monotonic()
    week = Week.at(BEGINS, chain_timezone(places)).before(-2)
    async with database.transaction() as connection:
        await make_report(connection, places, week)
    reviewed = time.monotonic() - began
    floor = await _bare(database, engine)
    decided = tried.judged.decided
    return [
        Row("policy_try_month_wall_s", wall, "s", "< 60", None, wall < _GOAL),
        Row("policy_try_month_cpu_s", cpu, "s", "", None, None),
        Row("policy_try_decisions", float(decided), "", "", None, None),
        Row("policy_try_cpu_per_decision_us", 1e6 * cpu / decided, "us", "", floor, None),
        Row("policy_try_changed", float(tried.changed), "", "> 0", None, tried.changed > 0),
        Row("policy_try_unchanged_rules_change", float(same.changed), "", "0", None, same.changed == 0),
        Row("review_week_wall_s", reviewed, "s", "< 30", None, reviewed < _REVIEW),
    ]


async def _try(database: Database, places: Places, engine: Engine, limits: Limits) -> tuple[Tried, float, float]:
    past = Past(database, engine, places)
    wall, cpu = time.monotonic(), time.process_time()
    tried = await past.try_rules(_OPERATOR, BEGINS, limits=limits)
    return tried, time.monotonic() - wall, time.process_time() - cpu


async def _bare(database: Database, engine: Engine) -> float:
    """CPU microseconds of judging one situation, and nothing else: what no way of judging again can save."""
    async with database.reading() as connection:
        rows = (await connection.execute(_SITUATIONS, {"limit": _SAMPLE})).scalars().all()
    situations = [Situation.read(row) for row in rows]
    began = time.process_time()
    for situation in situations:
        engine.decide(situation)
    return 1e6 * (time.process_time() - began) / len(situations)
