"""What a retailer says of moving goods is what the night plans with; a broken row is told by line and reason."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from knowledge.planning.lanes import COST, HANDS, LEAD, PACKS, Lanes, read_lanes
from knowledge.store.session import Database
from server.cli import main
from tests.flows.importing import ENVIRONMENT, place_them

Run = Callable[..., tuple[int, str, str]]
LANES = """from,to,cost_minor,packs,lead_days,forbidden
*,*,80,,,
S1,S2,45,10,1,no
S2,S1,,,,yes
S1,S1,,500,,
S1,S9,45,,,
S1,S2,50,,,
S2,*,1.50,,,
S2,*,-3,,,
S2,*,,,,perhaps
S2,S2,10,5,,
S1,,10,,,
S1,S2,50
*,S2,,,90,
"""
REJECTED = {6: "location", 7: "already", 8: "whole", 9: "below", 10: "yes nor no", 11: "itself", 12: "filled"}


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    place_them(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO variant (sku, title, product, category, price, currency, observed_at)"
            " VALUES ('TEE', 'Tee', 'Tee', 'Shirts', 3000, 'USD', now())"
        )
    for name, value in (ENVIRONMENT | {"DATABASE_URL": database_url, "TILLHAND_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def kept(database_url: str) -> Lanes:
    async def read() -> Lanes:
        database = Database(database_url)
        try:
            async with database.reading() as connection:
                return await read_lanes(connection)
        finally:
            await database.close()

    return asyncio.run(read())


def test_lanes_are_said_in_a_file_and_what_cannot_be_is_told_by_line_and_reason(
    run: Run, database_url: str, tmp_path: Path
):
    assert kept(database_url).of("S1", "S2").cost == COST
    file = tmp_path / "lanes.csv"
    file.write_text(LANES)
    code, said, _ = run("import", "lanes", str(file), "--dry-run")
    assert (code, kept(database_url).said) == (3, {})
    code, said, _ = run("import", "lanes", str(file))
    assert code == 3
    for line, why in REJECTED.items():
        assert next(each for each in said.splitlines() if f"line {line}" in each).count(why), (line, said)
    lanes = kept(database_url)
    one = lanes.of("S1", "S2")
    assert (one.cost, one.packs, one.lead, one.forbidden) == (45, 10, 1, False)
    assert (lanes.of("S2", "S1").forbidden, lanes.of("S2", "S1").cost) == (True, 80)
    network = lanes.network(["S1", "S2"])
    assert (network.cost[1, 0], network.lane[0, 1], list(network.hands)) == (float("inf"), 10, [500, HANDS])
    assert lanes.leads(["S1", "S2"]) == [LEAD, 1]
    file.write_text("from,to,packs\nS1,S2,\n")
    assert run("import", "lanes", str(file))[0] == 0
    assert kept(database_url).of("S1", "S2").packs == PACKS, "an empty cell says nothing any more"
    assert kept(database_url).of("S2", "S1").forbidden, "what a file does not name stays"


def test_packs_are_said_by_article_and_a_header_that_does_not_fit_is_refused(
    run: Run, database_url: str, tmp_path: Path
):
    file = tmp_path / "packs.csv"
    file.write_text("sku,units\nTEE,6\nHAT,6\nTEE,7\n")
    code, said, _ = run("import", "packs", str(file))
    assert (code, said.count("line ")) == (3, 2)
    assert list(kept(database_url).packs_of(["TEE", "HAT"])) == [6, 1]
    file.write_text("sku,unit\nTEE,6\n")
    code, _, trouble = run("import", "packs", str(file))
    assert (code, "'unit' is no column" in trouble) == (1, True)
    assert run("import", "packs", str(tmp_path / "none.csv"))[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "event", "150", "--sku", "NOPE", "--from", "2099-01-01", "--to", "2099-01-02"), "not in the catalog"),
        (("plan", "event", "150", "--sku", "TEE", "--from", "2020-01-01", "--to", "2020-01-02"), "as far as"),
        (("sync", "history", "NOPE"), "not in the catalog"),
        (("sync", "history", "TEE", "--location", "S9"), "location"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(run: Run, arguments: tuple[str, ...], said: str):
    code, out, trouble = run(*arguments, *(("--reason", "x") if "event" in arguments else ()))
    assert (code, said in trouble) == (2, True), (out, trouble)


def test_a_sku_that_never_moved_is_told_so(run: Run):
    code, said, _ = run("sync", "history", "TEE")
    assert (code, "ever changed" in said) == (0, True)
