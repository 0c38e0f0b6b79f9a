"""A whole transaction log through `tillhand import`, beside a bare COPY of its rows and beside the replay.

The log is moved by whole weeks to end yesterday, and mapped to the columns an import reads; then the night's forecast
is made of it. The import runs as a process of its own, as an operator's would: its rate and its memory are that one's.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evals.bench.replay import LOG
from evals.replay import chain
from evals.replay.run import Options, replay
from evals.row import Row
from knowledge.store.embedded import start_embedded
from policies.errors import Misconfigured, Unavailable

_SHOPS: Final = ("S1", "S2", "S3", "S4", "S5")
_REPLAYED: Final = 20_000  # rows of the same log through the replay: enough for a steady rate
_MIB: Final = 700.0
_WEEK: Final = timedelta(days=7)
_FLOOR: Final = "CREATE TABLE bare (line text, at timestamp, type text, location text, loyalty_id text, name text, \
returned text, sku text, quantity bigint, price float8, pickup text)"


async def measure() -> list[Row]:
    """Import everything; needs the log beside the repository, or in TILLHAND_BENCH_LOG."""
    if not await asyncio.to_thread(LOG.exists):
        raise Misconfigured(
            "The transaction log is not here.", code="bench.log", hint="Point TILLHAND_BENCH_LOG at a Parquet log."
        )
    with tempfile.TemporaryDirectory(prefix="tillhand-import-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        rows = _mapped(home)
        environment = _environment(home)
        url = start_embedded(home / "pg")
        bare = await asyncio.to_thread(_copied, url, home / "orders.parquet")
        _run(environment, "import", "products", str(home / "products.parquet"))
        before = _children_cpu()
        told = _run(environment, "import", "orders", str(home / "orders.parquet"), "--timezone", "UTC", "--json")
        done: dict[str, Any] = json.loads(told.splitlines()[-1])["result"]
        cpu = _children_cpu() - before
        mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        _run(environment, "plan", "make")
        with psycopg.connect(url) as connection:
            (forecasts,) = connection.execute("SELECT count(*) FROM forecast").fetchone() or (0,)
    again = await replay(LOG, Options(limit=_REPLAYED), lambda _: None)
    rate, each = done["rows"] / done["seconds"], 1000 * cpu / done["rows"]
    replayed = 1000 * (again.worker["cpu_s"] + again.feeder_cpu_s) / again.events
    return [
        Row("import_rows_per_s", round(rate), "1/s", "", round(again.per_second), None),
        Row("import_cpu_per_row_ms", round(each, 3), "ms", "< the replay's", round(replayed, 3), each < replayed),
        Row("import_over_bare_copy", round(done["seconds"] / bare, 1), "x", "", round(rows / bare), None),
        Row("import_peak_mib", round(mib), "MiB", "< 700", None, mib < _MIB),
        Row("import_rejected", float(done["rejected"]), "", "0", None, done["rejected"] == 0),
        Row("import_then_forecasts", float(forecasts), "", "> 0", None, forecasts > 0),
    ]


def _mapped(home: Path) -> int:
    """The log and its goods in the columns of an import; returns how many rows it has."""
    parquet: Any = pq
    log: Any = parquet.read_table(LOG)
    compute: Any = pc
    arrow: Any = pa
    last: datetime = compute.max(log["ts"]).as_py().replace(tzinfo=UTC)
    moved = (datetime.now(UTC) - timedelta(days=1) - last) // _WEEK * _WEEK
    back = compute.equal(log["type"], "return.line")
    fetched = compute.fill_null(compute.equal(log["fulfil"], "pickup"), fill_value=False)
    kind = compute.if_else(compute.equal(log["type"], "online.view"), "view", "sale")
    orders = arrow.table(
        {
            "line": log["seq"].cast(arrow.string()),
            "at": compute.add(log["ts"], arrow.scalar(moved)),
            "type": compute.if_else(back, "return", kind),
            "location": compute.if_else(fetched, "ONLINE", compute.fill_null(log["store_id"], "ONLINE")),
            "loyalty_id": log["cust_key"],
            "order": compute.if_else(back, log["ref_order_id"], log["order_id"]),
            "return": compute.if_else(back, log["order_id"], None),
            "sku": log["sku"],
            "quantity": log["qty"],
            "price": log["unit_price"],
            "pickup_location": compute.if_else(fetched, log["store_id"], None),
        }
    )
    parquet.write_table(orders, home / "orders.parquet", row_group_size=50_000)
    goods = orders.group_by("sku").aggregate([("price", "max")])
    parquet.write_table(
        arrow.table({"sku": goods["sku"], "title": goods["sku"], "price": goods["price_max"]}),
        home / "products.parquet",
    )
    return int(orders.num_rows)


def _environment(home: Path) -> dict[str, str]:
    places = home / "locations.toml"
    tables: list[str] = []
    for place in chain.places(list(_SHOPS)):
        told = {name: value for name, value in asdict(place).items() if value}
        tables.append("\n".join(["[[location]]", *(f'{name} = "{value}"' for name, value in told.items()), ""]))
    places.write_text("\n".join(tables), encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")}
    ours.pop("DATABASE_URL", None)
    return {
        **ours,
        "TILLHAND_HOME": str(home),
        "TILLHAND_LOCATIONS": str(places),
        "TILLHAND_CURRENCY": "GBP",
        "TILLHAND_COUNTRY": "GB",
    }


def _children_cpu() -> float:
    """Seconds of processor time of the processes that ended; PostgreSQL's own is not among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "server", *command], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"tillhand {command[0]} ended with {done.returncode}.", code="bench.command")
    return done.stdout


def _copied(url: str, file: Path) -> float:
    """Seconds to read the same rows and COPY them into a bare table: nothing can cost less."""
    begun = time.monotonic()
    opened: Any = pq.ParquetFile(file)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_FLOOR)
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for batch in opened.iter_batches(batch_size=5_000):
                for row in batch.to_pylist():
                    copy.write_row(tuple(row.values()))
    return time.monotonic() - begun
