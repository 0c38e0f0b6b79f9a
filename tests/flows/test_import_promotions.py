"""A retailer's promotional calendar: what cannot be is told by line and reason, the rest is in the next forecast."""

import asyncio
import csv
import os
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge.demand.promotions import lift, planned_promotions
from knowledge.store.session import Database
from server.cli import main
from tests.flows.importing import ENVIRONMENT, ask, kill_after_progress, place_them, result
from tests.fresh_database import FreshDatabases

Run = Callable[..., tuple[int, str]]
ROOT = Path(__file__).parents[2]
HEADER = "name,sku,category,location,channel,first_day,last_day,percent,price"
CALENDAR = """
Black Friday,,,,online,2027-11-26,2027-11-29,20,
Tee week,TEE,,S1,,2027-03-01,2027-03-07,,24.00
Knitwear,,Knits,,,2027-02-01,2027-02-14,50,
Backwards,TEE,,S2,,2027-03-07,2027-03-01,10,
Unknown goods,HAT,,,,2027-03-01,2027-03-07,10,
Unknown place,TEE,,S9,,2027-03-01,2027-03-07,10,
Unknown kind,,Boats,,,2027-03-01,2027-03-07,10,
Both,TEE,Knits,,,2027-03-01,2027-03-07,10,
Twice said,TEE,,,pos,2027-03-01,2027-03-07,10,5.00
Nothing said,TEE,,,pos,2027-03-01,2027-03-07,,
Tee day,TEE,,S1,,2027-03-07,2027-03-09,15,
After it,TEE,,S1,,2027-03-08,2027-03-09,15,
No day,TEE,,S1,,soon,2027-03-09,15,
""".strip()
REJECTED = {
    5: "promotion.backwards",
    6: "sku.unknown",
    7: "location.unknown",
    8: "category.unknown",
    9: "promotion.goods",
    10: "promotion.value",
    11: "promotion.value",
    12: "promotion.double",
    14: "cell.time",
}


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Imports a calendar into a store that knows two knits and a tee; answers the exit code and what was said."""
    know(database_url)
    for name, value in {**ENVIRONMENT, "TILLHAND_HOME": str(tmp_path / "home"), "DATABASE_URL": database_url}.items():
        monkeypatch.setenv(name, value)

    def command(file: Path, *more: str) -> tuple[int, str]:
        code = main(["import", "promotions", str(file), "--json", *more])
        return code, capsys.readouterr().out

    return command


def know(url: str) -> None:
    """Put the locations and the goods into a store."""
    place_them(url)
    with psycopg.connect(url) as connection:
        for sku, category in (("TEE", "Shirts"), ("SCARF", "Knits"), ("GLOVES", "Knits")):
            connection.execute(
                "INSERT INTO variant (sku, title, product, category, price, currency, observed_at)"
                " VALUES (%s, %s, %s, %s, 3000, 'USD', now())",
                (sku, sku, sku, category),
            )


def test_what_cannot_be_is_told_by_line_and_reason_and_the_rest_is_kept_once(
    run: Run, database_url: str, tmp_path: Path
):
    file = tmp_path / "calendar.csv"
    file.write_text(f"{HEADER}\n{CALENDAR}\n", encoding="utf-8")
    code, _ = run(file, "--dry-run")
    assert (code, ask(database_url, "SELECT count(*) FROM promotion")) == (3, [(0,)])
    code, said = run(file)
    assert (code, result(said)["taken"]) == (3, 4)
    with file.with_name("calendar.csv.rejects.csv").open(encoding="utf-8") as rejects:
        told = {int(row["line"]): row["code"] for row in csv.DictReader(rejects)}
    assert told == REJECTED
    names = [("After it",), ("Black Friday",), ("Knitwear",), ("Tee week",)]
    assert ask(database_url, "SELECT name FROM promotion ORDER BY name") == names
    again = tmp_path / "again.csv"  # another file, in another order, with what was there before
    again.write_text("\n".join([HEADER, *reversed(CALENDAR.splitlines()[:3])]) + "\n", encoding="utf-8")
    code, said = run(again)
    assert (code, result(said)["taken"]) == (0, 0)
    assert ask(database_url, "SELECT name FROM promotion ORDER BY name") == names


def test_a_parquet_calendar_is_read_alike(run: Run, database_url: str, tmp_path: Path):
    file = tmp_path / "calendar.parquet"
    row = {"name": "Spring", "first_day": date(2027, 3, 1), "last_day": date(2027, 3, 7), "percent": 25, "sku": "TEE"}
    arrow: Any = pa
    pq.write_table(arrow.Table.from_pylist([row]), file)
    assert run(file)[0] == 0
    kept = "SELECT sku, location_id, first_day, last_day, percent, price FROM promotion"
    assert ask(database_url, kept) == [("TEE", "", "2027-03-01", "2027-03-07", 25, None)]


def test_a_forecast_knows_each_by_its_goods_and_its_place(run: Run, database_url: str, tmp_path: Path):
    file = tmp_path / "calendar.csv"
    file.write_text("\n".join([HEADER, *CALENDAR.splitlines()[:3]]) + "\n", encoding="utf-8")
    assert run(file)[0] == 0

    async def read() -> set[tuple[str, str, float]]:
        database = Database(database_url)
        try:
            async with database.reading() as connection:
                found = await planned_promotions(connection, date(2027, 1, 1))
                return {(each.sku, each.place, each.factor) for each in found}
        finally:
            await database.close()

    assert asyncio.run(read()) == {
        ("", "WAREHOUSE", lift(0.8)),
        ("TEE", "S1", lift(0.8)),
        ("SCARF", "", lift(0.5)),
        ("GLOVES", "", lift(0.5)),
    }


@pytest.mark.parametrize(("left", "times"), [(1.0, 1.0), (0.5, 4.0), (0.2, 10.0), (0.0, 10.0)])
def test_the_cheaper_the_more_is_sold_and_never_more_than_ten_times(left: float, times: float):
    assert lift(left) == pytest.approx(times)


async def begin_and_kill(file: Path, environment: dict[str, str], rows: int) -> None:
    """Import a calendar in a process of its own, and kill -9 it in the middle."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "import", "promotions", str(file), "--json",
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await kill_after_progress(process, rows)


def test_a_calendar_whose_import_was_killed_midway_goes_on_and_ends_as_one_that_was_not(
    run: Run, databases: FreshDatabases, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lines = [HEADER]
    for number in range(4_000):
        sku, place = ("TEE", "SCARF", "GLOVES")[number % 3], ("S1", "S2", "WAREHOUSE", "POS")[number // 3 % 4]
        # every tenth has days of one before it, some of them told before the kill: it is rejected all the same
        first = date(2027, 1, 1) + timedelta(days=number // 12 - (1 if number % 10 == 0 and number > 100 else 0))
        last = first - timedelta(days=1) if number % 97 == 0 else first
        lines.append(f"P{number},{sku},,{place},,{first},{last},{number % 50 + 1},")
    file = tmp_path / "calendar.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")}
    home = {"TILLHAND_HOME": str(tmp_path / "home"), "DATABASE_URL": database_url}
    asyncio.run(begin_and_kill(file, {**kept, **ENVIRONMENT, **home}, 1_000))
    ((read, whole),) = ask(database_url, "SELECT rows, whole FROM history_import")
    assert (1_000 <= read < 4_000, whole) == (True, False)
    code, said = run(file)
    assert (code, result(said)["gone_on_from"], result(said)["rows"]) == (3, read, 4_000)
    other = databases.take()
    try:
        know(other)
        monkeypatch.setenv("DATABASE_URL", other)
        assert run(file, "--rejects", str(tmp_path / "other.csv"))[0] == 3
        planned = "SELECT name, sku, location_id, first_day, last_day, percent FROM promotion ORDER BY name"
        assert ask(other, planned) == ask(database_url, planned)
        assert (tmp_path / "other.csv").read_text() == (tmp_path / "calendar.csv.rejects.csv").read_text()
    finally:
        databases.give_back(other)
