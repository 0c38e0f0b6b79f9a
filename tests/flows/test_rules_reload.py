"""Other rules take the place of the running ones whole and checked, on record, or not at all."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after
from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import Misconfigured
from policies.limits import Limits
from server.rulebook import Rulebook
from server.settings import Settings
from tests.flows.guarded_shop import SPECIALIST, START, discount, open_shop
from tests.unit.policies.rules_in_parts import HOME

pytestmark = pytest.mark.anyio

PRODUCT = (HOME / "limits.toml").read_text(encoding="utf-8")
STRICT = PRODUCT.replace("transaction_free = 5000", "transaction_free = 50")


def write(file: Path, limits: str) -> None:
    """As an editor would save it."""
    file.write_text(limits, encoding="utf-8")


async def recorded(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'rules' ORDER BY seq"))
        return [json.loads(row.entry)["body"] for row in rows]


def rulebook(database: Database, file: Path, engine: Engine, limits: Limits) -> Rulebook:
    settings = Settings.read({"TILLHAND_LIMITS": str(file)})
    return Rulebook(settings, database, engine, limits, lambda: START)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "limits.toml").write_text(PRODUCT, encoding="utf-8")
    return tmp_path / "limits.toml"


async def test_new_limits_decide_the_next_proposal_and_the_change_is_on_record(database: Database, file: Path):
    limits = Limits.read(file)
    engine = Engine.read(limits)
    shop = await open_shop(database, engine=engine)
    book = rulebook(database, file, engine, limits)
    await book.record("operator:start")
    before = engine.digest
    assert (await shop.guard.preview(SPECIALIST, discount(100))).outcome == "allow"
    write(file, STRICT)
    assert await book.reload("operator:kim")
    assert (await shop.guard.preview(SPECIALIST, discount(100))).outcome == "approve"
    assert limits.place("NY", "S1").discount.transaction_free == 50
    told = await recorded(database)
    assert [(each["by"], each["rules"], each["before"]) for each in told] == [
        ("operator:start", before, ""),
        ("operator:kim", engine.digest, before),
    ]


async def test_the_same_files_again_change_and_record_nothing(database: Database, file: Path):
    limits = Limits.read(file)
    book = rulebook(database, file, Engine.read(limits), limits)
    await book.record("operator:start")
    assert not await book.reload("operator:kim")
    await book.record("operator:start")
    assert len(await recorded(database)) == 1


@pytest.mark.parametrize("broken", ["[chain", PRODUCT.replace("percent_bp = 3000", "percent = 3000"), ""])
async def test_a_file_that_cannot_be_used_leaves_the_running_rules_in_force(
    database: Database, file: Path, broken: str
):
    limits = Limits.read(file)
    engine = Engine.read(limits)
    shop = await open_shop(database, engine=engine)
    book, before = rulebook(database, file, engine, limits), engine.digest
    write(file, broken)
    with pytest.raises(Misconfigured, match=r"^limits\.toml, line \d+: "):
        await book.reload("operator:kim")
    assert engine.digest == before
    assert (await shop.guard.preview(SPECIALIST, discount(5_000))).outcome == "allow"
    assert await recorded(database) == []


async def test_a_burst_under_way_is_judged_by_one_set_of_rules(database: Database, file: Path):
    limits = Limits.read(file)
    engine = Engine.read(limits)
    shop = await open_shop(database, engine=engine)
    book = rulebook(database, file, engine, limits)
    write(file, STRICT)
    bursts = [[(SPECIALIST, discount(10, transaction=f"T{turn}-{n}")) for n in range(20)] for turn in range(6)]

    async def burst(number: int) -> None:
        await shop.guard.propose_all(bursts[number])
        if number == 2:
            await book.reload("operator:kim")

    await asyncio.gather(*(burst(number) for number in range(6)))
    async with database.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT split_part(facts ->> 'transaction', '-', 1) AS turn,"
                " count(DISTINCT verdict ->> 'rules') AS sets FROM action GROUP BY 1"
            )
        )
        assert {row.turn: row.sets for row in rows} == {f"T{turn}": 1 for turn in range(6)}


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
async def test_a_hangup_reads_the_files_again_and_a_broken_one_only_complains(
    database: Database, file: Path, caplog: pytest.LogCaptureFixture
):
    limits = Limits.read(file)
    engine = Engine.read(limits)
    book, read = rulebook(database, file, engine, limits), asyncio.Event()
    async with book.on_hangup(read.set):
        for text_, digest in ((PRODUCT + "[oops", Limits(PRODUCT).digest), (STRICT, Limits(STRICT).digest)):
            write(file, text_)
            read.clear()
            os.kill(os.getpid(), signal.SIGHUP)
            with fail_after(30):
                await read.wait()
            assert (limits.digest, engine.limits.digest) == (digest, digest)
    assert "limits.toml, line" in caplog.text
    assert [each["by"] for each in await recorded(database)] == ["operator:signal"]
