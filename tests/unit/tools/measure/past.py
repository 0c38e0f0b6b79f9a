"""Occasions and purchases of a campaign, written as the product writes them: half of the customers are held out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from knowledge.offers.drawing import Withheld
from knowledge.store.measure_tables import withheld
from knowledge.store.session import Database
from knowledge.store.tables import action, purchase, purchase_line
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId
from tests.small_chain import FIRST, stock_chain
from tools.withheld import keep_withheld

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SHARE = 5_000


def choice(occasion: str, arm: str, *, held_out: bool = False, kind: str = "new", share: int = SHARE) -> dict[str, Any]:
    return {
        "occasion": occasion,
        "campaign": "SPRING",
        "kind": kind,
        "holdout_bp": share,
        "floor_bp": 500,
        "held_out": held_out,
        "number": 0,
        "arm": arm,
        "sku": "BELT-1",
        "percent_bp": 0 if arm == "silence" else 1_000,
        "chance_ppm": 200_000,
        "arms": [
            {"arm": "silence", "bp": 0, "offers": []},
            {"arm": "beside", "bp": 500, "offers": []},
            {"arm": "lead", "bp": 9_500, "offers": []},
        ],
    }


def silent(occasion: str, customer: str, at: datetime, **more: Any) -> Withheld:
    chosen = choice(occasion, "silence", held_out=True, **more)
    story, ref, place = CorrelationId(f"story-{occasion}"), CustomerRef(customer), LocationId(FIRST)
    return Withheld(occasion, "SPRING", place, ref, f"T-{occasion}", "BELT-1", chosen, story, at)


async def withhold(database: Database, occasion: str, customer: str, at: datetime, **more: Any) -> bool:
    return await keep_withheld(database, silent(occasion, customer, at, **more))


def _offer(occasion: str, customer: str, at: datetime, arm: str, state: str) -> dict[str, Any]:
    facts = {"customer": customer, "transaction": f"T-{occasion}", "skus": ["BELT-1"], "code": f"TH{occasion}"}
    return {
        "id": occasion, "kind": "discount", "location_id": FIRST, "actor_id": "specialist:offers", "actor": {},
        "idempotency_key": occasion, "fingerprint": "0" * 64, "facts": facts,
        "proposal": {"evidence": {"choice": choice(occasion, arm)}}, "correlation_id": occasion, "causation_id": "",
        "situation": {}, "verdict": {}, "state": state, "money": 250, "currency": "USD", "created_at": at,
    }  # fmt: skip


async def offer(  # noqa: PLR0913  # a row's columns
    connection: Any, occasion: str, customer: str, at: datetime, *, arm: str = "lead", state: str = "executed"
) -> None:
    await connection.execute(insert(action).values(_offer(occasion, customer, at, arm, state)))


def _purchase(name: str, customer: str | None, at: datetime, units: int, transaction: str) -> dict[str, Any]:
    row = {"id": name, "channel": "pos", "location_id": FIRST, "customer_ref": customer, "occurred_at": at}
    return {**row, "received_at": at, "total": 2_500 * units, "currency": "USD", "transaction": transaction}


def _line(name: str, units: int) -> dict[str, Any]:
    return {"purchase_id": name, "sku": "BELT-1", "quantity": units, "unit_price": 2_500}


async def bought(  # noqa: PLR0913  # a row's columns
    connection: Any, name: str, customer: str | None, at: datetime, *, units: int = 1, transaction: str = ""
) -> None:
    """Belts at 25.00 that cost 9.00 each."""
    await connection.execute(insert(purchase).values(_purchase(name, customer, at, units, transaction)))
    await connection.execute(insert(purchase_line).values(_line(name, units)))


async def campaign(database: Database, *, begins: datetime, customers: int, stocked: bool = False) -> None:
    """Customers who came once: those offered something bought a belt more than those held out."""
    if not stocked:
        await stock_chain(database)
    rows = [
        (f"c_{number}", number % 2 == 0, begins + timedelta(minutes=10 * number + 1)) for number in range(customers)
    ]
    kept: list[dict[str, Any]] = []
    offered: list[dict[str, Any]] = []
    purchases: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for number, (customer, held_out, at) in enumerate(rows):
        if held_out:
            one = silent(f"o{number}", customer, at)
            row = {"occasion": one.occasion, "campaign": one.campaign, "location_id": one.location, "at": at}
            told = {"customer_ref": customer, "transaction": one.transaction, "sku": one.sku, "choice": one.choice}
            kept.append({**row, **told})
        else:
            arm = "beside" if number // 2 % 16 < 2 else "lead"
            offered.append(_offer(f"o{number}", customer, at, arm, "executed"))
        before = 1 + number // 2 % 2
        for name, when, units in (
            (f"p{number}", at + timedelta(minutes=1), before + (not held_out)),
            (f"b{number}", at - timedelta(days=9), before),
        ):
            purchases.append(_purchase(name, customer, when, units, ""))
            lines.append(_line(name, units))
    async with database.transaction() as connection:
        for table, values in ((withheld, kept), (action, offered), (purchase, purchases), (purchase_line, lines)):
            await connection.execute(insert(table), values)


async def ledger_kinds(database: Database) -> list[str]:
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT kind, entry FROM ledger ORDER BY seq"))
        return [row.kind for row in rows if json.loads(row.entry)]
