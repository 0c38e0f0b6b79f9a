"""`tillhand import` of files: the store ends the same however the rows arrive, and nobody is woken by them."""

import asyncio
import json
import os
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.vault.key_file import KeyFile
from knowledge.vault.tombstones import Tombstones
from server.cli import main
from tests.flows.importing import (
    ENVIRONMENT,
    ask,
    import_orders,
    kill_after_progress,
    order_row,
    place_them,
    result,
    store,
    write_csv,
)
from tests.fresh_database import FreshDatabases

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command; answers its exit code, what it said, and what it complained about."""
    place_them(database_url)
    monkeypatch.setenv("TILLHAND_HOME", str(tmp_path / "home"))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "240")

    def command(*arguments: str, url: str = database_url) -> tuple[int, str, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        code = main(["import", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_orders_returns_customers_products_and_counts_come_in_and_nobody_is_woken(
    run: Run, database_url: str, tmp_path: Path
):
    rows = [
        order_row(1, "TEE", 2, code="SPRING"),
        order_row(1, "HAT", code="SPRING"),
        order_row(1, "TEE", 1, type="return", code="", **{"return": "R1"}),
    ]
    files = {
        "products": [{"sku": "TEE", "title": "Tee", "price": "12.50", "unit_cost": "4"}],
        "stock": [{"sku": "TEE", "location": "S1", "available": 7, "counted_at": "2026-04-01T08:00:00Z"}],
        "customers": [{"email": "c1@example.com", "name": "Ada Example", "consent_email": "yes"}],
        "orders": rows,
    }
    for kind, told in files.items():
        assert run(kind, str(write_csv(tmp_path / f"{kind}.csv", told)))[0] == 0
    # half past eleven at night in New York is the next day nowhere but in UTC
    sold = "SELECT sku, location_id, day, units, returned FROM daily_sale ORDER BY sku"
    assert ask(database_url, sold) == [("HAT", "S2", "2026-03-02", 1, 0), ("TEE", "S2", "2026-03-02", 2, 1)]
    lines = "SELECT sku, quantity, unit_price, returned FROM purchase_line ORDER BY sku"
    assert ask(database_url, lines) == [("HAT", 1, 1250, 0), ("TEE", 2, 1250, 1)]
    told = "SELECT orders, spent, consent_email, first_order_at FROM customer"
    assert ask(database_url, told) == [(1, 3750, True, datetime(2026, 3, 3, 4, 30, tzinfo=UTC))]
    assert ask(database_url, "SELECT available, observed_at FROM inventory_level") == [
        (7, datetime(2026, 4, 1, 8, tzinfo=UTC))
    ]
    assert ask(database_url, "SELECT DISTINCT state FROM event") == [("handled",)]
    for table in ("action", "approval", "promise", "procrastinate_jobs", "vault_arrival"):
        assert ask(database_url, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608  # a name of ours
    whole_rows = "SELECT string_agg(event::text, '') FROM event", "SELECT string_agg(customer::text, '') FROM customer"
    raw = str([ask(database_url, asked) for asked in whole_rows])
    assert "c1@example" not in raw
    assert "Ada" not in raw


def test_what_is_imported_twice_or_in_another_file_again_changes_nothing(run: Run, database_url: str, tmp_path: Path):
    rows = [order_row(number, sku) for number in range(1, 9) for sku in ("TEE", "HAT")]
    assert run("orders", str(write_csv(tmp_path / "a.csv", rows)))[0] == 0
    before = store(database_url)
    code, said, _ = run("orders", str(tmp_path / "a.csv"))
    assert (code, "imported whole before" in said) == (0, True)
    code, said, _ = run("orders", str(write_csv(tmp_path / "b.csv", rows[::-1])), "--json")
    assert (code, result(said)["taken"], result(said)["known"]) == (0, 0, 16)
    assert store(database_url) == before


ROWS: list[dict[str, Any]] = [
    *(order_row(number, sku, 1 + number % 3) for number in range(1, 7) for sku in ("TEE", "HAT", "BAG")),
    *(order_row(number, "TEE", 1, type="return", **{"return": f"R{number}"}) for number in (1, 2, 4)),
    *(order_row(number, "HAT", type="view") for number in (1, 2)),
    *(order_row(number, "TEE", 2, price=price) for number in (3, 4) for price in ("9.00", "14.00")),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 4), again=st.integers(0, 12))
def test_any_split_any_order_and_any_repetition_of_rows_gives_the_same_store(  # noqa: PLR0913, PLR0917
    databases: FreshDatabases, database_url: str, tmp_path: Path, seed: int, cuts: int, again: int
):
    if not ask(database_url, "SELECT 1 FROM event LIMIT 1"):
        place_them(database_url)
        asyncio.run(import_orders(database_url, tmp_path, [write_csv(tmp_path / "whole.csv", ROWS)]))
    chance = random.Random(seed)
    mixed = [*ROWS, *chance.choices(ROWS, k=again)]  # among them one sku at three prices on one order
    chance.shuffle(mixed)
    url = databases.take()
    try:
        place_them(url)
        files = [write_csv(tmp_path / f"{seed}-{part}.csv", mixed[part::cuts]) for part in range(cuts)]
        asyncio.run(import_orders(url, tmp_path, files))
        assert store(url) == store(database_url)
    finally:
        databases.give_back(url)


def test_each_bad_row_is_told_with_line_and_reason_and_without_a_value_and_the_rest_is_taken(
    run: Run, database_url: str, tmp_path: Path
):
    good = order_row(1, "TEE")
    bad: list[dict[str, Any]] = [
        {**good, "location": "ATLANTIS"}, {**good, "at": "2999-01-01T00:00:00Z"}, {**good, "at": "1970-01-01"},
        {**good, "quantity": 0}, {**good, "quantity": "1.5"}, {**good, "price": "-1"}, {**good, "price": ""},
        {**good, "sku": ""}, {**good, "type": "theft"}, {**good, "email": "4111 1111 1111 1111"},
    ]  # fmt: skip
    file = write_csv(tmp_path / "o.csv", [good, *bad, order_row(2, "TEE")])
    code, said, _ = run("orders", str(file))
    assert code == 3
    assert "12 rows of orders: 2 were taken, 0 were known, 10 were rejected." in said
    told = (tmp_path / "o.csv.rejects.csv").read_text()
    assert [line.split(",")[:3] for line in told.splitlines()[1:]] == [
        ["3", "location", "location.unknown"], ["4", "at", "time.future"], ["5", "at", "time.past"],
        ["6", "quantity", "quantity.zero"], ["7", "quantity", "cell.whole"], ["8", "price", "cell.negative"],
        ["9", "price", "cell.missing"], ["10", "sku", "cell.missing"], ["11", "type", "cell.choice"],
        ["12", "email", "payment.card_number"],
    ]  # fmt: skip
    assert not {"ATLANTIS", "theft", "4111", "example.com"} & set(told.replace(",", " ").split())
    assert "4111" not in said
    # what the operator mends is read again, and the rest is not counted twice
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO location (id, name, platform, platform_id, kind, region, timezone, stock_location)"
            " VALUES ('ATLANTIS', 'A', 'log', 'A', 'shop', 'NY', 'UTC', 'ATLANTIS')"
        )
    code, said, _ = run("orders", str(file), "--json")
    assert (code, result(said)["taken"], result(said)["known"], result(said)["rejected"]) == (3, 1, 2, 9)


def test_counts_below_zero_and_counts_a_platform_keeps_are_not_taken(run: Run, database_url: str, tmp_path: Path):
    rows = [
        {"sku": "TEE", "location": "S1", "available": -2},
        {"sku": "TEE", "location": "POS", "available": 2},
        {"sku": "TEE", "location": "S2", "available": 2},
    ]
    code, said, _ = run("stock", str(write_csv(tmp_path / "s.csv", rows)), "--as-of", "2026-04-01T08:00:00Z", "--json")
    assert (code, result(said)["rejects"]) == (3, {"stock.negative": 1, "stock.kept": 1})
    assert ask(database_url, "SELECT location_id, available FROM inventory_level") == [("S2", 2)]


def test_a_file_nothing_can_be_taken_of_is_exit_1_and_leaves_no_trace(run: Run, database_url: str, tmp_path: Path):
    cut = tmp_path / "cut.parquet"
    arrow: Any = pa
    pq.write_table(arrow.table({"sku": ["A"], "title": ["A"], "price": [1.0]}), cut)
    cut.write_bytes(cut.read_bytes()[:-9])
    code, _, told = run("products", str(cut))
    assert (code, "not a whole Parquet file" in told) == (1, True)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("sku:title:price\nA:A:1\n")
    code, _, told = run("products", str(wrong))
    assert (code, "the delimiter is another one" in told) == (1, True)
    assert run("orders", str(write_csv(tmp_path / "o.csv", [order_row(1, "A", location="NOWHERE")])))[0] == 1
    assert ask(database_url, "SELECT count(*) FROM event") == [(0,)]


def test_a_retailers_own_names_words_numbers_and_old_skus_are_mapped(run: Run, database_url: str, tmp_path: Path):
    file = tmp_path / "umsatz.csv"
    file.write_bytes(
        b"\xef\xbb\xbfBeleg;Zeit;Filiale;Artikel;Menge;Preis;Art\r\n"
        b"17;31.03.2026 23:30;Mitte;ALT-1;1;1.234,50;Verkauf\r\n"
        b"17;31.03.2026 23:30;Mitte;ALT-2;2;24,00;Verkauf\r\n"
        b"18;01.04.2026 09:00;Mitte;ALT-2;-1;24,00;Verkauf\r\n"
    )
    ways = tmp_path / "ways.toml"
    ways.write_text(
        'time_format = "%d.%m.%Y %H:%M"\ncurrency = "EUR"\n[columns]\norder = "Beleg"\nat = "Zeit"\n'
        'location = "Filiale"\nsku = "Artikel"\nquantity = "Menge"\nprice = "Preis"\ntype = "Art"\n'
        '[values.location]\nMitte = "S1"\n[values.type]\nVerkauf = "sale"\n'
        '[renamed]\nALT-1 = "NEW"\nALT-2 = "DOZEN"\n[units]\nALT-2 = 12\n'
    )
    assert run("orders", str(file), "--map", str(ways))[0] == 0
    assert ask(database_url, "SELECT id, total, currency, occurred_at FROM purchase") == [
        ("register:order:17", 128250, "EUR", datetime(2026, 3, 31, 21, 30, tzinfo=UTC))
    ]
    assert ask(database_url, "SELECT sku, quantity, unit_price FROM purchase_line ORDER BY sku") == [
        ("DOZEN", 24, 200), ("NEW", 1, 123450),
    ]  # fmt: skip
    assert ask(database_url, "SELECT day, units, returned FROM daily_sale WHERE sku = 'DOZEN' ORDER BY day") == [
        ("2026-03-31", 24, 0), ("2026-04-01", 0, 12),
    ]  # fmt: skip


@pytest.mark.parametrize(("price", "quantity"), [("9" * 20, 1), ("12.50", 99999999999), ("-" + "9" * 20, 1)])
def test_a_number_nobody_could_mean_is_one_rejected_row(
    run: Run, database_url: str, tmp_path: Path, price: str, quantity: int
):
    rows = [order_row(1, "TEE"), order_row(2, "TEE", quantity, price=price), order_row(3, "TEE")]
    code, _, _ = run("orders", str(write_csv(tmp_path / "o.csv", rows)))
    assert (code, ask(database_url, "SELECT count(*) FROM purchase")) == (3, [(2,)])
    assert "more than anybody sells" in (tmp_path / "o.csv.rejects.csv").read_text(encoding="utf-8")


def test_what_holds_several_pieces_is_worth_their_sum(run: Run, database_url: str, tmp_path: Path):
    rows = [{"sku": "BOX", "title": "Eggs", "price": "24.00", "unit_cost": "12.50"}]
    ways = tmp_path / "ways.toml"
    ways.write_text('[renamed]\nBOX = "EGG"\n[units]\nBOX = 12\n')
    assert run("products", str(write_csv(tmp_path / "p.csv", rows)), "--map", str(ways))[0] == 0
    assert ask(database_url, "SELECT sku, price, unit_cost FROM variant") == [("EGG", 200, 104)]


@pytest.mark.parametrize("kinds", [("stock", "orders"), ("orders", "stock")])
def test_what_was_sold_after_a_count_is_off_it_whichever_is_read_first(
    run: Run, database_url: str, tmp_path: Path, kinds: tuple[str, str]
):
    rows = {
        "stock": [{"sku": "TEE", "location": "S1", "available": 10, "counted_at": "2026-03-10T12:00:00Z"}],
        "orders": [
            order_row(n, "TEE", 2, location="S1", at=at)
            for n, at in enumerate(("2026-03-09T12:00:00", "2026-03-11T12:00:00", "2026-03-12T12:00:00"))
        ],
    }
    for kind in (*kinds, *kinds):  # and again, which adds nothing
        assert run(kind, str(write_csv(tmp_path / f"{kind}.csv", rows[kind])))[0] == 0
    assert ask(database_url, "SELECT available FROM inventory_level") == [(6,)]


def test_a_dry_run_says_what_would_be_and_changes_nothing(run: Run, database_url: str, tmp_path: Path):
    file = write_csv(tmp_path / "o.csv", [order_row(1, "TEE"), order_row(2, "TEE", location="NOWHERE")])
    before = store(database_url)
    code, said, _ = run("orders", str(file), "--dry-run")
    assert (code, "1 would be taken, 0 were known, 1 would be rejected" in said) == (3, True)
    assert store(database_url) == before
    assert ask(database_url, "SELECT count(*) FROM history_import") == [(0,)]
    assert not (tmp_path / "o.csv.rejects.csv").exists()


def test_an_erased_customer_does_not_come_back(run: Run, database_url: str, tmp_path: Path):
    run("status")  # the house makes its keys
    stones = Tombstones(KeyFile(tmp_path / "home" / "vault.keys").erasure)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO tombstone (digest, at) VALUES (%s, now())",
            [stones.of_identifier("email", "c1@example.com")],
        )
    people = [{"email": "C1@example.com", "name": "Gone Example"}, {"email": "c2@example.com", "name": "Here Example"}]
    assert run("customers", str(write_csv(tmp_path / "c.csv", people)))[0] == 0
    assert run("orders", str(write_csv(tmp_path / "o.csv", [order_row(1, "TEE"), order_row(2, "TEE")])))[0] == 0
    assert ask(database_url, "SELECT count(*) FROM match_key") == [(1,)]
    assert ask(database_url, "SELECT count(*) FROM vault_subject") == [(1,)]
    assert ask(database_url, "SELECT id, customer_ref IS NULL FROM purchase ORDER BY id") == [
        ("register:order:O1", True), ("register:order:O2", False),
    ]  # fmt: skip
    keys = ask(database_url, "SELECT facts -> 'keys' FROM event WHERE topic = 'customer.updated' ORDER BY seq")
    assert keys[0] == ([],)


def test_goods_and_customers_known_better_are_not_made_older(run: Run, database_url: str, tmp_path: Path):
    new = [{"sku": "TEE", "title": "New", "price": "20", "updated_at": "2026-05-01"}]
    old = [{"sku": "TEE", "title": "Old", "price": "10", "updated_at": "2025-05-01"}]
    bare = [{"sku": "TEE", "title": "Undated", "price": "9"}, {"sku": "HAT", "title": "Hat", "price": "5"}]
    for number, rows in enumerate((new, old, bare)):
        assert run("products", str(write_csv(tmp_path / f"p{number}.csv", rows)))[0] == 0
    assert ask(database_url, "SELECT sku, title, price FROM variant ORDER BY sku") == [
        ("HAT", "Hat", 500), ("TEE", "New", 2000),
    ]  # fmt: skip


def test_a_process_killed_in_the_middle_goes_on_where_it_was_and_counts_nothing_twice(
    run: Run, databases: FreshDatabases, database_url: str, tmp_path: Path
):
    rows = [order_row(number, sku, **({"quantity": 0} if number % 997 == 0 else {}))
            for number in range(1, 3_001) for sku in ("TEE", "HAT")]  # fmt: skip
    file = write_csv(tmp_path / "o.csv", rows)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")},
        "TILLHAND_HOME": str(tmp_path / "home"),
        **ENVIRONMENT,
        "DATABASE_URL": database_url,
    }

    async def begin_and_kill() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "import", "orders", str(file), "--json",
            cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await kill_after_progress(process, 2_000)

    asyncio.run(begin_and_kill())
    ((read, whole),) = ask(database_url, "SELECT rows, whole FROM history_import")
    assert 2_000 <= read < 6_000
    assert not whole
    code, said, _ = run("orders", str(file), "--json")
    told = result(said)
    assert (code, told["gone_on_from"], told["rows"], told["taken"]) == (3, read, 6_000, 5_994)
    assert len((tmp_path / "o.csv.rejects.csv").read_text().splitlines()) == 7
    other = databases.take()
    try:
        place_them(other)
        assert run("orders", str(file), "--rejects", str(tmp_path / "other.csv"), url=other)[0] == 3
        assert store(other) == store(database_url)
        assert (tmp_path / "other.csv").read_text() == (tmp_path / "o.csv.rejects.csv").read_text()
    finally:
        databases.give_back(other)


def test_progress_is_told_to_programs(run: Run, tmp_path: Path):
    file = write_csv(tmp_path / "o.csv", [order_row(number, "TEE") for number in range(1, 5)])
    _, said, _ = run("orders", str(file), "--json")
    first = json.loads(said.splitlines()[0])["progress"]
    assert (first["rows"], first["total"], first["kind"]) == (4, 4, "orders")
    _, said, _ = run("status")
    assert "whole" in said


def test_the_columns_of_every_kind_are_told(run: Run):
    for kind in ("products", "customers", "stock", "orders", "returns"):
        code, said, _ = run("columns", kind)
        assert code == 0
        assert said
