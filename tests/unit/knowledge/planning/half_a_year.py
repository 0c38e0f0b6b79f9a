"""Two shops over half a year of sales; what is on their shelves, what is overridden, and what was done for them."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, text

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.planning.overrides import keep_override
from knowledge.store.session import Database
from knowledge.store.tables import inventory_level
from policies.actions.forecast_override import ForecastOverride
from policies.vocabulary.money import Money
from tests.unit.agents.shop import NOW, open_shop

TODAY = NOW.date()
SALE = text(
    "INSERT INTO daily_sale (sku, location_id, day, units) SELECT * FROM unnest("
    "CAST(:sku AS text[]), CAST(:place AS text[]), CAST(:day AS text[]), CAST(:units AS int[]))"
)


async def open_half_a_year(database: Database) -> Database:
    """Half a year in which two shops sell four and one tees a day, and jeans now and then."""
    await open_shop(database)
    chance = np.random.default_rng(1)
    rows: list[tuple[str, str, str, int]] = []
    for age in range(1, 150):
        day = (TODAY - timedelta(days=age)).isoformat()
        for sku, place, mean in (("TEE", "STORE_1", 4.0), ("TEE", "STORE_2", 1.0), ("JEANS", "STORE_1", 0.5)):
            rows.append((sku, place, day, int(chance.poisson(mean))))
    columns = zip(*rows, strict=True)
    async with database.transaction() as connection:
        await connection.execute(SALE, dict(zip(("sku", "place", "day", "units"), map(list, columns), strict=True)))
    return database


async def kept(database: Database, sku: str = "TEE", place: str = "STORE_1", today: date = TODAY) -> Kept:
    async with database.reading() as connection:
        return (await kept_forecasts(connection, today, [sku]))[sku, place]


async def override(database: Database, percent: int, **changed: Any) -> bool:
    told: dict[str, Any] = {
        "store": "STORE_1", "sku": "TEE", "percent": percent, "first": TODAY, "last": TODAY + timedelta(days=6),
        "cause": "local_event", "words": "street fair", "value": Money(0, "USD"), "reference": "tillhand-1", **changed,
    }  # fmt: skip
    action = told.pop("action", "action-1")
    async with database.transaction() as connection:
        made = ForecastOverride(**told)
        return await keep_override(connection, made, action=action, by=told.get("by", "planner:ada"), at=NOW)


def done(kind: str, state: str, facts: dict[str, Any], at: datetime) -> dict[str, Any]:
    """An action that reached this state then."""
    return {
        "id": f"{kind}-1", "kind": kind, "location_id": "STORE_1", "actor_id": "planner:ada", "actor": {},
        "idempotency_key": "k", "fingerprint": "f", "facts": facts, "proposal": {}, "correlation_id": "c",
        "causation_id": "c", "situation": {}, "verdict": {}, "state": state, "money": 0, "currency": "USD",
        "created_at": at, "settled_at": at,
    }  # fmt: skip


async def stock(database: Database, levels: dict[tuple[str, str], int]) -> None:
    async with database.transaction() as connection:
        for (sku, place), available in levels.items():
            row = {"sku": sku, "location_id": place, "available": available, "observed_at": NOW}
            await connection.execute(insert(inventory_level).values(row))
