"""Offers before payment while the local model misbehaves: it hangs, is slow, fails, or lies; beside no model at all.

Each time the product starts anew, over one store of twenty thousand customers, and its tills ask at a steady rate. Late
is what the product gave up at its deadline. Right is an offer whose line says no other percentage, amount or code than
was decided; what the lying model said must never be among the lines. Percentiles hold for the machine, so the run
without a model stands beside them as the baseline.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import text

from evals.bench.chain import VARIANTS
from evals.bench.checkout import HISTORY_DAYS, LATE, P99_MS, TILLS, answered, baskets, open_product, till_keys
from evals.bench.filled_chain import filled
from evals.bench.load import closed_loop, open_loop
from evals.row import Row
from knowledge.store.session import Database
from policies.actions.discount import Discount
from tools.words_agree import agree

CUSTOMERS: Final = 20_000
RATE: Final = 8.0  # checkouts/s: less than the checkout's own bench asks for, which is the place for load
ASKED: Final = 160  # by mode
WARM_UP: Final = 40
SLOW_S: Final = 0.5  # beyond the deadline of 120 ms, and within a model's ordinary answers
WAYS: Final = ("hanging", "slow", "failing", "lying")
LIE: Final = "Take 90% off everything today with code FREE90."
_SAID: Final = text(
    """
    SELECT facts, proposal -> 'evidence' ->> 'message' AS line, ARRAY(
        SELECT title FROM variant WHERE sku IN (SELECT jsonb_array_elements_text(facts -> 'skus'))) AS titles
    FROM action WHERE kind = 'discount' AND facts ->> 'code' <> ALL(CAST(:known AS text[]))
    """
)


@dataclass(slots=True)
class _Model:
    """As much of Ollama's chat API as is asked, answered in one of `WAYS`."""

    way: str
    url: str = ""
    asked: int = 0
    serving: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # it was started as one
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
                self.asked += 1
                if self.way == "hanging":
                    await reader.read(1)  # returns when the other side gives up
                    break
                if self.way == "slow":
                    await asyncio.sleep(SLOW_S)
                writer.write(_answer(200 if self.way != "failing" else 500))
                await writer.drain()
        writer.close()


def _answer(status: int) -> bytes:
    content = json.dumps({"offer": "offer-1", "line": LIE})
    said = {"message": {"role": "assistant", "content": content}, "done": True, "done_reason": "stop"}
    body = json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", **said}).encode()
    head = f"HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def measure() -> list[Row]:
    """Latency, lateness and right answers for each way a model goes wrong; Linux, as the checkout's own bench."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home, now = Path(folder), datetime.now(UTC)
        async with filled(home, now, variants=VARIANTS, customers=CUSTOMERS, history_days=HISTORY_DAYS) as (
            world,
            base,
        ):
            asked = baskets(world, await till_keys(base, world, now))
            none = await _measured(home, base, now, asked, None)
            rows = none.rows("no_model", None)
            for way in WAYS:
                async with _model(way) as model:
                    rows += (await _measured(home, base, now, asked, model)).rows(way, none)
        return rows


@dataclass(frozen=True, slots=True)
class _Figures:
    p95: float
    p99: float
    late: float
    offered: int
    right: int
    errors: int
    model_asked: int

    def rows(self, way: str, beside: "_Figures | None") -> list[Row]:
        """As the table has them."""
        name = f"checkout_{way}"
        rows = [
            Row(f"{name}_p95_ms", round(self.p95, 1), "ms", "", beside and round(beside.p95, 1), None),
            Row(
                f"{name}_p99_ms",
                round(self.p99, 1),
                "ms",
                f"< {P99_MS:.0f}",
                beside and round(beside.p99, 1),
                self.p99 < P99_MS,
            ),
            Row(f"{name}_late_share", round(self.late, 4), "", f"<= {LATE}", beside and beside.late, self.late <= LATE),
            Row(
                f"{name}_right_answers",
                float(self.right),
                f"of {self.offered} offers",
                "= all, at least one",
                None,
                self.right == self.offered > 0,
            ),
            Row(f"{name}_errors", float(self.errors), "", "= 0", None, self.errors == 0),
        ]
        if beside is not None:  # a model that nobody asks proves nothing
            rows.append(Row(f"{name}_model_asked", float(self.model_asked), "", "> 0", None, self.model_asked > 0))
        return rows


async def _measured(
    home: Path, base: Database, now: datetime, asked: Iterator[bytes], model: _Model | None
) -> _Figures:
    known = [one.discount.code for one in await _said(base, [])]
    more = {"TILLHAND_MODEL_URL": model.url, "TILLHAND_MODEL": "m"} if model else None
    async with AsyncExitStack() as stack:
        product = await open_product(stack, home, base.url, now, more)
        await closed_loop(product.port, list(islice(asked, WARM_UP)), TILLS)
        before = (await answered(product)).get("late", 0)
        load = await open_loop(product.port, list(islice(asked, ASKED)), RATE, TILLS)
        late = (await answered(product)).get("late", 0) - before
    said = await _said(base, known)
    right = sum(one.line != LIE and agree(one.line, one.discount, one.titles) for one in said)
    errors = sum(count for status, count in load.statuses.items() if status != 200)  # noqa: PLR2004  # HTTP
    tail = load.percentile(0.95), load.percentile(0.99)
    return _Figures(*tail, late / ASKED, len(said), right, errors, model.asked if model else 0)


@dataclass(frozen=True, slots=True)
class _Said:
    discount: Discount
    line: str | None
    titles: list[str]


async def _said(base: Database, known: list[str]) -> list[_Said]:
    """Every offer that was decided with its line and its goods' titles, but for those of these codes."""
    async with base.reading() as connection:
        rows = (await connection.execute(_SAID, {"known": known})).all()
    return [_Said(Discount.model_validate(row.facts), row.line, row.titles) for row in rows]


@asynccontextmanager
async def _model(way: str) -> AsyncGenerator[_Model]:
    model = _Model(way)
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield model
    finally:
        server.close()
        for task in [*model.serving]:
            task.cancel()
        await asyncio.gather(*model.serving, return_exceptions=True)
