"""A chain of two shops, a warehouse and an online shop that no platform keeps, and what an import left in its store."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg

from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from knowledge.vault.intake import Intake
from knowledge.vault.key_file import KeyFile
from knowledge.vault.vault import Vault
from server.importing.columns import Kind
from server.importing.files import FileImport
from server.importing.taking import Taking
from server.importing.ways import FileWays

ENVIRONMENT: Final = {
    "TILLHAND_LIGHTSPEED_URL": "http://127.0.0.1:9",
    "TILLHAND_LIGHTSPEED_CLIENT_ID": "nobody",
    "TILLHAND_LIGHTSPEED_CLIENT_SECRET": "nothing",
    "TILLHAND_LIGHTSPEED_REFRESH_TOKEN": "nothing",
}
PLACES: Final = (
    ("WAREHOUSE", "log", "warehouse", "UTC"),
    ("ONLINE", "log", "online", "Europe/Berlin"),
    ("S1", "log", "shop", "Europe/Berlin"),
    ("S2", "log", "shop", "America/New_York"),
    ("POS", "lightspeed", "shop", "UTC"),
)
# what has no random name in it, and no time at which it happened to be imported
_SEEN: Final = (
    "SELECT sku, title, price, unit_cost, observed_at FROM variant",
    "SELECT sku, location_id, available, on_hand, version, observed_at FROM inventory_level",
    "SELECT id, channel, location_id, occurred_at, received_at, total, currency, codes, cancelled FROM purchase",
    "SELECT id, version, customer_ref IS NULL FROM purchase",
    "SELECT purchase_id, sku, quantity, unit_price, discount, returned FROM purchase_line",
    "SELECT sku, location_id, day, units, returned FROM daily_sale",
    "SELECT digest, orders, spent, first_order_at, last_order_at FROM match_key JOIN customer USING (ref)",
    "SELECT digest, sku, interest.kind, at FROM interest JOIN match_key ON match_key.ref = interest.customer_ref",
    "SELECT id, occurred_at, facts::text, state FROM event WHERE source = 'import:file'",
)


def place_them(url: str) -> None:
    """Put the locations into the store."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, platform, kind, zone in PLACES:
            stock = "WAREHOUSE" if kind == "online" else name
            cursor.execute(
                "INSERT INTO location (id, name, platform, platform_id, kind, region, timezone, stock_location)"
                " VALUES (%s, %s, %s, %s, %s, 'NY', %s, %s)",
                (name, name, platform, name, kind, zone, stock),
            )


def store(url: str) -> list[list[str]]:
    """Everything an import may leave, in an order of its own."""
    with psycopg.connect(url) as connection:
        return [sorted(map(repr, connection.execute(asked.encode()).fetchall())) for asked in _SEEN]


def ask(url: str, asked: str) -> list[tuple[Any, ...]]:
    """A SELECT's rows."""
    with psycopg.connect(url) as connection:
        return connection.execute(asked.encode()).fetchall()


def write_csv(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as CSV, with the columns of the first."""
    listed = list(rows)
    lines = [",".join(listed[0]), *(",".join(str(row[name]) for name in listed[0]) for row in listed)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def order_row(order: int, sku: str, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    """One line of an order."""
    return {
        "order": f"O{order}",
        "at": f"2026-03-{order % 28 + 1:02}T23:30:00",
        "location": ("S1", "S2", "ONLINE")[order % 3],
        "sku": sku,
        "quantity": quantity,
        "price": "12.50",
        "email": f"c{order % 5}@example.com" if order % 4 else "",
        "type": "sale",
        "return": "",
        **more,
    }


async def import_orders(url: str, home: Path, files: Iterable[Path]) -> None:
    """Files of orders, one after another, without the command line around it."""
    keys = KeyFile(home / "vault.keys")
    database = Database(url, pool=2)
    try:
        async with database.reading() as connection:
            places = await Places.load(connection)
        taking = Taking(places, Vault(database, keys), utc_now)
        importing = FileImport(database, taking, places, Intake(keys, country="US"), "USD")
        for file in files:
            rejects = file.with_suffix(".rejects")
            report = await importing.run(Kind.ORDERS, file, FileWays(), rejects=rejects, watch=lambda _: None)
            assert not report.rejected
    finally:
        await database.close()


def result(said: str) -> dict[str, Any]:
    """What `--json` said last."""
    return json.loads(said.splitlines()[-1])["result"]


async def kill_after_progress(process: asyncio.subprocess.Process, rows: int) -> None:
    """Kill -9 as soon as an import has told that it took so many rows."""
    assert process.stdout is not None
    async for line in process.stdout:
        told = json.loads(line)
        if told.get("progress", {}).get("rows", 0) >= rows:
            process.kill()
            break
    await process.wait()
