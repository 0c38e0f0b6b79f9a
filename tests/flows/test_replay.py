"""A replayed log is handled whole: every row seen by the supervisor, every effect once, the ledger whole."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evals.replay.command import whole
from evals.replay.run import Options, Progress, Replayed, replay
from tests.unit.evals.replay.test_log import ROW, write

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

START = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - a log's times are UTC without saying so
DAYS = 40


def story() -> list[dict[str, Any]]:
    """Forty days of two goods that always sell together: little in four weeks, then a rush in shop S1."""
    rows: list[dict[str, Any]] = []
    for day in range(DAYS):
        for basket in range(2 if day < 29 else 8):
            at = START + timedelta(days=day, minutes=basket * 30)
            order = {**ROW, "ts": at, "order_id": f"{day}-{basket}", "cust_key": f"c{basket}"}
            rows += [{**order, "sku": sku} for sku in ("A", "B")]
        look = {"type": "online.view", "store_id": None, "order_id": None, "fulfil": None, "unit_price": None}
        rows.append({**ROW, **look, "ts": START + timedelta(days=day, hours=8), "cust_key": "c1"})
    back = {"type": "return.line", "order_id": "C1", "ref_order_id": "0-0", "qty": 1}
    rows.append({**ROW, **back, "ts": START + timedelta(days=DAYS)})
    return [{**row, "seq": number} for number, row in enumerate(rows, 1)]


async def test_a_log_runs_whole_through_inbox_lanes_supervisor_and_guard(tmp_path: Path):
    rows = story()
    watched: list[Progress] = []
    done: Replayed = await replay(write(tmp_path, *rows), Options(workers=2), watched.append)
    assert whole(done)
    assert sum(done.topics.values()) == len(rows)
    seen = done.worker["seen"]
    assert {name: seen[name] for name in done.topics} == done.topics
    assert done.actions.get("transfer executed", 0) >= 1, done.actions
    assert done.effects == done.executed == sum(n for name, n in done.actions.items() if name.endswith("executed"))
    assert done.ledger_ok
    assert watched[-1].events == len(rows)
