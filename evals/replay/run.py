"""One replay: a database of its own, a worker beside it, the log fed through, and everything counted."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from evals.process import resident_mib
from evals.replay import chain
from evals.replay.feed import Fed, Feed
from evals.replay.log import TransactionLog
from evals.replay.platform import PREPARE
from knowledge.identity.match_key import MatchKeys
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from policies.errors import Unavailable
from server.queue.inbox import Inbox
from server.secret import Secret
from server.settings import Settings
from server.telemetry import Metrics
from tools.audit.verify import verify

_NAME = "tillhand_replay"
_SHOPS = ["S1", "S2", "S3", "S4", "S5"]
_SETTLE = 120.0  # seconds for the last allowed actions to be carried out

_ACTIONS = text("SELECT kind, state, count(*) AS n FROM action GROUP BY kind, state ORDER BY kind, state")
_EFFECTS = text("SELECT count(*) AS n, coalesce(sum(times - 1), 0) AS replays FROM replay_effect")
_OPEN = text("SELECT count(*) FROM action WHERE state IN ('allowed', 'executing')")
# an offer at full price takes nothing off, so nothing is made anywhere
_EXECUTED = text(
    "SELECT count(*) FROM action WHERE state IN ('executed', 'undone') AND NOT (kind = 'discount' AND money = 0)"
)
_EVENTS = text("SELECT state, count(*) AS n FROM event GROUP BY state")
_TOPICS = text("SELECT topic, count(*) AS n FROM event WHERE source = 'replay' AND state = 'handled' GROUP BY topic")


@dataclass(slots=True)
class Progress:
    """Where a running replay stands."""

    events: int
    rows: int
    worker_mib: float  # the largest
    feeder_mib: float


@dataclass(slots=True)
class Replayed:
    """What a replay came to. Seconds, MiB; `actions` by kind and state; `worker` as the worker counted it."""

    rows: int
    events: int
    made: int
    duplicates: int
    bad: dict[str, int]
    wall_s: float
    feeder_cpu_s: float
    topics: dict[str, int]
    states: dict[str, int]
    actions: dict[str, int]
    executed: int
    effects: int
    replays: int
    ledger: str
    ledger_ok: bool
    worker: dict[str, Any]
    memory: list[Progress] = field(default_factory=list[Progress])

    @property
    def per_second(self) -> float:
        """The log's events handled per second of wall time."""
        return self.events / self.wall_s


@dataclass(frozen=True, slots=True)
class Options:
    """How to replay: rows at most, unit cost as a share of price (`None`: unknown), currency, worker processes."""

    limit: int | None = None
    cost_share: Decimal | None = Decimal("0.5")
    currency: str = "GBP"
    workers: int = 2


async def replay(file: Path, options: Options, watch: Callable[[Progress], None]) -> Replayed:
    """Run a log through the product.

    Raises:
        Misconfigured: The file cannot be read, or no database can be had.
        Unavailable: The worker died.
    """
    with tempfile.TemporaryDirectory(prefix="tillhand-replay-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        secret = Secret.read(Settings(home=home).secret_path)
        log = TransactionLog(file, MatchKeys(secret.derive("match-key")), currency=options.currency)
        titles = _titles(file.with_name("products.parquet"))
        url = _database(home)
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        try:
            async with database.transaction() as connection:
                await save_locations(connection, chain.places(_SHOPS))
                await connection.execute(text(PREPARE))
            async with contextlib.AsyncExitStack() as stack:
                crew = [
                    await stack.enter_async_context(_worker(url, home, number)) for number in range(options.workers)
                ]
                feed = Feed(
                    database,
                    Inbox(database, Metrics()),
                    cost_share=options.cost_share,
                    titles=titles,
                    currency=options.currency,
                )
                began, cpu = time.monotonic(), time.process_time()
                memory: list[Progress] = []
                rows = min(log.rows, options.limit or log.rows)
                fed = feed.fed
                async for fed in feed.run(log.events(options.limit)):
                    largest = max(resident_mib(worker.pid) for worker in crew)
                    seen = Progress(fed.events, rows, largest, resident_mib(os.getpid()))
                    memory.append(seen)
                    watch(seen)
                await _settled(database)
                wall, cpu = time.monotonic() - began, time.process_time() - cpu
                figures = _together([await worker.stop() for worker in crew])
            return await _report(database, log, fed, rows, wall, cpu, figures, memory)
        finally:
            await database.close()


@dataclass(slots=True)
class _Worker:
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def stop(self) -> dict[str, Any]:
        output, _ = await self.process.communicate(b"")  # an empty input, for only then is it closed
        if self.process.returncode:
            raise Unavailable("The replay's worker died.", code="replay.worker", hint="Its last words are above.")
        return json.loads(output.splitlines()[-1])


@contextlib.asynccontextmanager
async def _worker(url: str, home: Path, number: int) -> AsyncGenerator[_Worker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "evals.replay.worker", url, str(home), str(number),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if process.stdout is None:
        raise Unavailable("The replay's worker has no pipes.", code="replay.worker")
    try:
        if not await process.stdout.readline():
            raise Unavailable("The replay's worker did not start.", code="replay.worker", hint="Its words are above.")
        yield _Worker(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Several workers' figures as one: counts and seconds add up, the largest memory counts."""
    whole: dict[str, Any] = {}
    for name in parts[0]:
        values = [part[name] for part in parts]
        if isinstance(values[0], dict):
            counts: Counter[str] = Counter()
            for value in values:
                counts.update(value)
            whole[name] = dict(counts)
        else:
            whole[name] = max(values) if name == "peak_mib" else sum(values)
    return whole


def _database(folder: Path) -> str:
    """A new, empty database: in a server of its own, or on the operator's server when DATABASE_URL names one."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        return start_embedded(folder / "pg", _NAME)
    with psycopg.connect(given, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_NAME)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_NAME)))
    parts = conninfo_to_dict(make_conninfo(given, dbname=_NAME))
    user, host = parts.get("user", "postgres"), parts.get("host", "localhost")
    password = f":{parts['password']}" if parts.get("password") else ""
    return f"postgresql://{user}{password}@{host}:{parts.get('port', 5432)}/{_NAME}"


def _titles(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    parquet: Any = pyarrow.parquet  # ships no types
    table = parquet.read_table(file)
    rows: list[dict[str, Any]] = table.to_pylist()
    return {str(row["sku"]): str(row["description"]).strip() or str(row["sku"]) for row in rows}


async def _settled(database: Database) -> None:
    """Wait until nothing that was allowed is left to carry out."""
    async with asyncio.timeout(_SETTLE):
        while True:
            async with database.reading() as connection:
                if not (await connection.execute(_OPEN)).scalar_one():
                    return
            await asyncio.sleep(0.1)


async def _report(  # noqa: PLR0913, PLR0917  # everything a replay leaves behind
    database: Database, log: TransactionLog, fed: Fed, rows: int, wall: float, cpu: float,
    figures: dict[str, Any], memory: list[Progress],
) -> Replayed:  # fmt: skip
    async with database.reading() as connection:
        actions = {f"{row.kind} {row.state}": row.n for row in await connection.execute(_ACTIONS)}
        effects = (await connection.execute(_EFFECTS)).one()
        states = {row.state: row.n for row in await connection.execute(_EVENTS)}
        topics = {row.topic: row.n for row in await connection.execute(_TOPICS)}
        executed = (await connection.execute(_EXECUTED)).scalar_one()
        checked = await verify(connection)
    return Replayed(
        rows=rows,
        events=fed.events,
        made=fed.made,
        duplicates=fed.duplicates,
        bad=dict(log.bad.count),
        wall_s=wall,
        feeder_cpu_s=cpu,
        topics=topics,
        states=states,
        actions=actions,
        executed=executed,
        effects=effects.n,
        replays=int(effects.replays),
        ledger=f"{checked.records:,} records, {'whole' if checked.whole else checked.faults[0].sentence}",
        ledger_ok=checked.whole,
        worker=figures,
        memory=memory,
    )
