"""The whole ledger recomputed: a million chained records, beside hashing their bytes and nothing else."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from evals.process import resident_mib
from evals.row import Row
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database
from policies.errors import Refused
from tools.audit.anchor import Anchors
from tools.audit.entry import FIRST, Entry, link
from tools.audit.ledger import Head
from tools.audit.verify import Verification, verify

RECORDS: Final = 1_000_000
GOAL_S: Final = 60.0
GROWTH: Final = 1.3  # memory at the end over memory after the first second
_ANCHOR_EVERY: Final = 50_000  # records: an hour of a large chain
_START: Final = datetime(2026, 11, 20, tzinfo=UTC)
_COPY: Final = "COPY ledger (seq, at, kind, action_id, correlation_id, entry, previous, hash) FROM STDIN"


async def measure() -> list[Row]:
    """Wall seconds and memory of verifying; Linux, for it reads /proc."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        anchors, bare = await asyncio.to_thread(_fill, url)
        database = Database(url)
        began = time.perf_counter()
        found, memory = await _verified(database, anchors)
        took = time.perf_counter() - began
        await database.close()
    if not found.whole or found.anchors != len(anchors.heads):
        raise Refused("The ledger of the bench is not whole.", code="bench.ledger")
    growth = max(memory) / memory[0]
    return [
        Row("audit_verify_1m_s", round(took, 1), "s", f"< {GOAL_S:.0f}", round(bare, 1), holds=took < GOAL_S),
        Row("audit_verify_memory_growth", round(growth, 2), "x", f"<= {GROWTH}", 1.0, holds=growth <= GROWTH),
    ]


async def _verified(database: Database, anchors: Anchors) -> tuple[Verification, list[float]]:
    """What was found, and the memory in MiB from the first second on."""
    memory: list[float] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(1)
            memory.append(resident_mib(os.getpid()))

    watching = asyncio.create_task(watch())
    async with database.reading() as connection:
        found = await verify(connection, anchors)
    watching.cancel()
    return found, memory or [resident_mib(os.getpid())]


def _fill(url: str) -> tuple[Anchors, float]:
    """Write the records as the product would have; returns anchors and the seconds that bare hashing takes."""
    heads: list[Head] = []
    previous, bare = FIRST, 0.0
    with psycopg.connect(url) as connection:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for seq, entry in enumerate(_entries(), 1):
                text = entry.text(seq)
                began = time.perf_counter()
                own = link(previous, text)
                bare += time.perf_counter() - began
                copy.write_row((seq, entry.at, entry.kind, entry.action, entry.correlation, text, previous, own))
                previous = own
                if seq % _ANCHOR_EVERY == 0:
                    heads.append(Head(seq, own))
        connection.execute("UPDATE ledger_head SET seq = %s, hash = %s", (RECORDS, previous))
    return Anchors(tuple(heads)), bare


def _entries() -> Iterator[Entry]:
    """Decisions, what came of them, and calls: a third each, as large as real ones."""
    for number in range(RECORDS):
        at = _START + timedelta(milliseconds=900 * number)
        story = f"story-{number // 3:08d}"
        if number % 3 == 0:
            yield Entry("decision", at, _decision(number), f"act_{number:032x}", story)
        elif number % 3 == 1:
            yield Entry("executed", at, _receipt(number, at), f"act_{number - 1:032x}", story)
        else:
            yield Entry("call", at, _call(number), "", story)


def _decision(number: int) -> dict[str, Any]:
    attributes: dict[str, Any] = {"everywhere": True, "locations": [], "person": False, "model": False}
    context = {
        "percent_bp": 1_000,
        "amount": 299,
        "transaction_total": 299,
        "customer_day_total": 299,
        "location_day_total": 12_345,
        "cost_known": True,
        "margin_after": 1_200,
        "margin_floor": 200,
        "in_stock": True,
        "price_age_s": 1,
        "limit": {"percent_bp": 3_000, "transaction_free": 5_000, "transaction_max": 20_000, "location_day": 200_000},
    }
    return {
        "actor": {"id": "specialist:offers", "role": "offers_specialist", "door": "event", "model": False},
        "action": {"kind": "discount", "store": "STORE_1", "code": f"TH{number:010d}", "percent": 1_000},
        "proposal": {"rationale": "Goes with the basket.", "evidence": {"lines": [{"sku": "SCARF", "units": 1}]}},
        "situation": {"kind": "discount", "principal": {"attrs": attributes}, "context": context, "approval": "none"},
        "verdict": {"outcome": "allow", "reasons": [{"rule": "offers.who", "sentence": ""}], "rules": "d" * 64},
        "state": "allowed",
    }


def _receipt(number: int, at: datetime) -> dict[str, Any]:
    return {
        "platform": "shopify",
        "reference": f"gid://shopify/DiscountCodeNode/{number}",
        "at": at.isoformat(),
        "replayed": False,
        "call": "POST discountCodeBasicCreate",
        "digest": "e" * 64,
        "tries": 1,
    }


def _call(number: int) -> dict[str, Any]:
    arguments = {"names": ["sku"], "values": {"sku": f"SKU-{number % 2_000:04d}"}}
    actor = {"id": "associate:ben", "role": "associate", "door": "mcp", "model": True}
    return {"actor": actor, "tool": "check_inventory", "arguments": arguments, "result": "answered"}
