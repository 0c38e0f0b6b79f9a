"""`tillhand plan`: what a planner sees and tells at the keyboard, and who else may not."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg import sql

from tests.command_line import Run

DAYS = 150


@pytest.fixture
def planner(run: Run, database_url: str) -> str:
    """A planner's key, in a chain whose two shops sold tees for half a year; one of them has hardly any left."""
    now = datetime.now(UTC)
    chance = np.random.default_rng(1)
    sales = [
        ("TEE", place, (now - timedelta(days=age)).date().isoformat(), int(chance.poisson(mean)))
        for age in range(1, DAYS)
        for place, mean in (("A", 4.0), ("B", 1.0))
    ]
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        for place in ("A", "B"):
            cursor.execute(
                "INSERT INTO location (id, name, platform, platform_id, kind, region, timezone, stock_location)"
                " VALUES (%s, %s, 'log', %s, 'shop', 'NY', 'UTC', %s)",
                (place, place, place, place),
            )
        cursor.execute(
            "INSERT INTO variant (sku, title, product, vendor, price, currency, unit_cost, observed_at)"
            " VALUES ('TEE', 'Tee', 'Tee', 'Loom', 3000, 'USD', 1200, now())"
        )
        cursor.executemany("INSERT INTO daily_sale (sku, location_id, day, units) VALUES (%s, %s, %s, %s)", sales)
        for place, available in (("A", 3), ("B", 80)):
            cursor.execute(
                "INSERT INTO inventory_level (sku, location_id, available, observed_at) VALUES ('TEE', %s, %s, now())",
                (place, available),
            )
    return run("credential", "add", "planner:ada", "--role", "planner")[1].strip()


def test_a_planner_reads_the_plan_and_writes_it_for_the_erp(run: Run, planner: str, tmp_path: Path):
    assert run("plan", "forecast", "TEE", key=planner)[0] == 2
    code, made, _ = run("plan", "make")
    assert (code, made.strip()) == (0, "2 forecasts are kept.")
    _, told, _ = run("plan", "forecast", "TEE", key=planner)
    assert "A " in told
    _, moved, _ = run("plan", "transfers", key=planner)
    assert [word for word in moved.split() if word in {"A", "B"}] == ["B", "A"]
    code, out, _ = run("plan", "running-out", key=planner)
    assert (code, "TEE" in out) == (1, True)
    run("plan", "supplier", "Loom", "--lead", "5", "--review", "7", "--pack", "6", key=planner)
    file = tmp_path / "orders.csv"
    run("plan", "orders", "--budget", "1000000", "--csv", str(file), key=planner)
    header, line, *_ = file.read_text().splitlines()
    assert header == "vendor,sku,location,units,cost_minor,currency"
    assert line.startswith("Loom,TEE,A,")


def test_a_file_for_the_erp_has_every_line_whatever_is_shown(run: Run, planner: str, tmp_path: Path, database_url: str):
    with psycopg.connect(database_url) as connection:
        for table, columns in (
            ("variant", "title, product, vendor, price, currency, unit_cost, observed_at"),
            ("daily_sale", "location_id, day, units"),
            ("inventory_level", "location_id, available, observed_at"),
        ):
            copied = sql.SQL(
                "INSERT INTO {table} (sku, {columns})"
                " SELECT 'TEE-' || n, {columns} FROM {table}, generate_series(1, 59) AS n WHERE sku = 'TEE'"
            )
            names = sql.SQL(", ").join(map(sql.Identifier, columns.split(", ")))
            connection.execute(copied.format(table=sql.Identifier(table), columns=names))
    run("plan", "make")
    run("plan", "supplier", "Loom", "--lead", "5", "--review", "7", "--pack", "6", key=planner)
    file = tmp_path / "orders.csv"
    _, shown, _ = run("plan", "orders", "--budget", "100000000", "--csv", str(file), key=planner)
    assert "There are more" in shown
    assert len(file.read_text().splitlines()) == 60 + 1
    _, half, _ = run("plan", "orders", "--budget", "100000000", "--demand", "50", key=planner)
    stands, supposed = (
        int(re.findall(r"\d+", line)[0])
        for line in half.splitlines()
        if line.startswith(("As it stands", "As supposed"))
    )
    assert stands == 60
    assert supposed <= stands


def test_a_planner_overrides_within_bounds_and_others_may_not(run: Run, planner: str):
    run("plan", "make")
    today = datetime.now(UTC).date()
    days = ("--from", today.isoformat(), "--to", (today + timedelta(days=3)).isoformat(), "--reason", "fair")
    code, shown, _ = run("plan", "override", "30", "--sku", "TEE", *days, "--dry-run", key=planner)
    assert (code, "every location" in shown, "before" in shown) == (0, True, True)
    assert "+30 %" not in run("plan", "forecast", "TEE", key=planner)[1], "a dry run changes nothing"
    assert run("plan", "override", "30", "--sku", "TEE", *days, key=planner)[0] == 0
    code, clash, _ = run("plan", "override", "5", "--sku", "TEE", "--location", "A", *days, key=planner)
    assert (code, "take that override back first" in " ".join(clash.split())) == (1, True)
    _, told, _ = run("plan", "forecast", "TEE", key=planner)
    assert "+30 %" in told
    assert "equal to 30" in run("plan", "override", "31", "--sku", "TEE", *days, key=planner)[2]
    assert run("plan", "overrides", key=planner)[0] == 0
    assert run("plan", "noticed", key=planner)[0] == 0
    assert run("plan", "event", "200", *days, key=planner)[0] == 0
    manager = run("credential", "add", "manager:max", "--role", "manager")[1].strip()
    assert "Only a planner" in run("plan", "event", "200", *days, key=manager)[2]
    assert run("plan", "make", key=planner)[0] == 2
