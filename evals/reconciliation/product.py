"""The product's own hourly run over a platform whose faults are known (`evals.reconciliation.platform`).

Events go through the path of live ones into the store, and the look reads documents and counts from there, and from the
platform as it is in production. A fault is found when one of its cells is told of, and its cause is right when it is
the one told, or "several" where faults of different causes met in a cell. A fault that no telling showed is counted
apart (`Fault.hidden`). Rival: every count that moved without a document, or document that moved no count, is an alert.
Seeds reported are not those it was mended on.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import insert, text

from evals.demo.database import fresh_database
from evals.reconciliation.platform import NAME, SKUS, CountingPlatform, Trading, by_cell, shops
from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell
from knowledge.store.connection import Connection
from knowledge.store.migrate import migrate
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from knowledge.store.tables import action, variant
from knowledge.unify.apply import apply
from tools.platform import Platform
from tools.reconciling import Reconciling, standing

DAYS: Final = 12
SEEDS: Final = (23, 24, 43, 44)  # 21, 22, 31 to 34, 41 and 42 were looked at while causes were mended
_DUE: Final = {Cause.TRANSFER: timedelta(days=4, hours=6)}  # what is on its way is waited for
_DUE_ELSE: Final = timedelta(hours=12)
_NAIVE = text(
    """
    SELECT (SELECT count(*) FROM stock_change WHERE cause IN ('count', 'correction') AND state = 'available'
              AND reference = '')
         + (SELECT count(*) FROM stock_movement WHERE units <> shown) AS alerts
    """
)


@dataclass(slots=True)
class Tally:
    """What the days came to."""

    alerts: int = 0
    false: int = 0
    right: int = 0
    found: set[int] = field(default_factory=set[int])
    due: int = 0
    hidden: int = 0
    missed: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    naive: int = 0
    sales: int = 0


async def trade(seed: int) -> Tally:
    """Some days of trading, a look every hour."""
    with tempfile.TemporaryDirectory(prefix="tillhand-reconcile-", ignore_cleanup_errors=True) as folder:
        url = fresh_database(Path(folder) / "pg")
        migrate(url)
        database = Database(url)
        try:
            return await _trade(database, seed)
        finally:
            await database.close()


async def _trade(database: Database, seed: int) -> Tally:
    trading, places, tally = Trading(seed), shops(), Tally()
    looking = Reconciling(
        database, {NAME: cast("Platform", CountingPlatform(trading))}, places, lambda: trading.at + timedelta(minutes=1)
    )
    async with database.transaction() as connection:
        await save_locations(connection, places)
        rows = [_variant(sku, trading.at) for sku in SKUS]
        for row in rows:
            await connection.execute(insert(variant).values(row))
    told: dict[Cell, datetime] = {}
    sent, ever = 0, list[Any]()
    for _ in range(DAYS * 24):
        events = trading.hour()
        ever += [fault for fault in trading.faults if fault not in ever]
        async with database.transaction() as connection:
            for moving in trading.sent[sent:]:
                await connection.execute(insert(action).values(_transfer(moving, trading.at)))
            sent = len(trading.sent)
        async with database.transaction() as connection:
            await apply(connection, events, places, at=trading.at)
        await looking.run()
        async with database.reading() as connection:
            told = await _judge(connection, trading, told, tally)
    for fault in ever:
        if fault.at + _DUE.get(fault.cause, _DUE_ELSE) <= trading.at:
            if fault.hidden:
                tally.hidden += 1
                continue
            tally.due += 1
            if id(fault) not in tally.found:
                tally.missed.append(f"{fault.cause} {fault.off}")
    tally.sales = trading.sales
    async with database.reading() as connection:
        tally.naive = int((await connection.execute(_NAIVE)).scalar_one())
    return tally


async def _judge(
    connection: Connection, trading: Trading, told: dict[Cell, datetime], tally: Tally
) -> dict[Cell, datetime]:
    """Compare what is newly told with what is wrong, and put it right."""
    now: dict[Cell, datetime] = {}
    for each in await standing(connection):
        cell = (each.sku, each.location)
        now[cell] = each.since
        if told.get(cell) == each.since:
            continue
        tally.alerts += 1
        faults = by_cell([fault for fault in trading.faults if not fault.hidden]).get(cell, [])
        known = [fault for fault in faults if id(fault) not in tally.found] or faults
        causes = {fault.cause for fault in known}
        right = each.cause in causes if len(causes) == 1 else each.cause == Cause.SEVERAL
        if not known:
            tally.false += 1
            tally.wrong.append(f"false {each}")
        elif right:
            tally.right += 1
        else:
            tally.wrong.append(f"{each.cause} for {known}")
        tally.found |= {id(fault) for fault in faults}
    for fault in [one for one in trading.faults if id(one) in tally.found and set(one.off) <= now.keys()]:
        trading.put_right(fault)
    return now


def _variant(sku: str, at: datetime) -> dict[str, Any]:
    return {
        "sku": sku,
        "title": sku,
        "product": sku,
        "category": "Goods",
        "price": 1_000,
        "currency": "USD",
        "unit_cost": 400,
        "lightspeed_product": f"lightspeed:product:{sku}",
        "observed_at": at,
    }


def _transfer(moving: Any, at: datetime) -> dict[str, Any]:
    """Of ours, as the executor leaves it."""
    facts = {
        "kind": "transfer",
        "reference": moving.reference,
        "origin": moving.origin,
        "destination": moving.destination,
        "lines": [{"sku": moving.sku, "units": moving.units}],
    }
    return {
        "id": moving.reference,
        "kind": "transfer",
        "location_id": moving.destination,
        "actor_id": "planner",
        "actor": {},
        "idempotency_key": moving.reference,
        "fingerprint": "0" * 64,
        "facts": facts,
        "proposal": {},
        "correlation_id": moving.reference,
        "causation_id": moving.reference,
        "situation": {},
        "verdict": {},
        "state": "executed",
        "money": 0,
        "currency": "USD",
        "created_at": at,
    }
