"""The whole transaction log through the product, beside the bare inbox with nobody reading."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from evals.replay.log import TransactionLog
from evals.replay.run import Options, replay
from evals.row import Row
from knowledge.identity.match_key import MatchKeys
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database
from policies.errors import Misconfigured
from server.queue.inbox import Inbox
from server.telemetry import Metrics

LOG = Path(
    os.environ.get("TILLHAND_BENCH_LOG")
    or Path(__file__).parents[3] / "shared" / "data" / "two_channel_stream" / "events.parquet"
)
_BARE = 20_000  # events through the bare inbox: enough for a steady figure
_BURST = 200
_SECONDS = 600.0
_PER_SECOND = 700.0
_MIB = 700.0

_NEXT = text("SELECT seq, facts FROM event WHERE lane = :lane AND state = 'pending' ORDER BY seq LIMIT :limit")
_DONE = text("UPDATE event SET state = 'handled' WHERE seq = ANY(CAST(:seqs AS bigint[]))")
_LANES = text("SELECT DISTINCT lane FROM event ORDER BY lane")


async def measure() -> list[Row]:
    """Replay everything; needs the log beside the repository, or in TILLHAND_BENCH_LOG."""
    if not await asyncio.to_thread(LOG.exists):
        raise Misconfigured(
            "The transaction log is not here.", code="bench.log", hint="Point TILLHAND_BENCH_LOG at a Parquet log."
        )
    bare = await _bare_inbox()
    done = await replay(LOG, Options(), lambda _: None)
    decided = sum(done.worker["decisions"].values())
    cpu = done.worker["cpu_s"] + done.feeder_cpu_s
    quarter = max(1, len(done.memory) // 4)
    early = max(each.worker_mib for each in done.memory[:quarter])
    late = max(each.worker_mib for each in done.memory[-quarter:])
    return [
        Row("replay_wall_s", done.wall_s, "s", "<= 600", None, done.wall_s <= _SECONDS),
        Row("replay_events_per_s", done.per_second, "1/s", ">= 700", None, done.per_second >= _PER_SECOND),
        Row("replay_cpu_per_event_ms", 1000 * cpu / done.events, "ms", "", bare, None),
        Row("replay_cpu_per_decision_ms", 1000 * cpu / max(decided, 1), "ms", "", bare, None),
        Row("replay_decisions", float(decided), "", "", None, None),
        Row("replay_worker_peak_mib", done.worker["peak_mib"], "MiB", "< 700", None, done.worker["peak_mib"] < _MIB),
        Row("replay_memory_late_over_early", late / early, "x", "<= 1.3", None, late / early <= 1.3),  # noqa: PLR2004
        Row(
            "replay_lost_or_doubled",
            float(abs(done.executed - done.effects)),
            "",
            "0",
            None,
            done.executed == done.effects,
        ),
    ]


async def _bare_inbox() -> float:
    """CPU milliseconds per event of storing it, reading it and marking it handled: nothing can cost less."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        inbox = Inbox(database, Metrics())
        began = time.process_time()
        events = list(TransactionLog(LOG, MatchKeys(bytes(32)), currency="GBP").events(_BARE))
        await inbox.append_all(events)
        async with database.reading() as connection:
            lanes = (await connection.execute(_LANES)).scalars().all()
        for lane in lanes:
            while True:
                async with database.transaction() as connection:
                    rows = (await connection.execute(_NEXT, {"lane": lane, "limit": _BURST})).all()
                    if rows:
                        await connection.execute(_DONE, {"seqs": [row.seq for row in rows]})
                if not rows:
                    break
        used = time.process_time() - began
        await inbox.close()
        await database.close()
    return 1000 * used / _BARE
