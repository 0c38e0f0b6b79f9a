"""`tillhand measure` and `tillhand scannable` through the command line's own door."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowledge.store.session import Database
from tests.command_line import Run
from tests.small_chain import stock_chain
from tests.unit.tools.measure.past import bought


@pytest.fixture
def run(run: Run, database_url: str) -> Run:
    """Runs one command over a chain where 120 more customers bought something last month and this."""

    async def happen() -> None:
        database, now = Database(database_url), datetime.now(UTC)
        await stock_chain(database, platform="log")
        async with database.transaction() as connection:
            for number in range(120):
                for days in (3, 40):
                    at = now - timedelta(days=days)
                    await bought(connection, f"p{number}-{days}", f"c_{number}", at, units=1 + number % 3)
        await database.close()

    asyncio.run(happen())

    return run


def test_a_plan_says_what_could_be_seen_and_a_start_fixes_it_once(run: Run):
    code, said, _ = run("measure", "plan", "--campaign", "SPRING")
    assert code == 0
    assert "121 customers within 8 weeks, 5.0 % held out" in said
    assert "too few for any statement" in said
    assert run("measure", "lift", "--campaign", "SPRING")[0] != 0, "nothing was started"
    assert run("measure", "start", "--campaign", "SPRING")[0] == 0
    code, _, told = run("measure", "start", "--campaign", "SPRING")
    assert code != 0
    assert "does not change once it has begun" in told
    assert "too few to tell" in run("measure", "lift", "--campaign", "SPRING")[2]


def test_without_draws_nothing_is_told_of_another_policy_and_nobody_is_treated_otherwise(run: Run):
    assert "No draws are on record" in run("measure", "policy", "--other", "silence")[2]
    assert run("measure", "fairness") == (0, "0 comparisons, 0 differ; 0 had too few to tell.\n", "")
    assert run("measure", "sell-through") == (0, "Nothing was offered in this time.\n", "")


def test_scannable_offers_are_made_as_pictures_within_the_limits(run: Run, tmp_path: Path):
    folder = tmp_path / "codes"
    make = ("scannable", "make", "BELT-1", "--days", "7", "--folder", str(folder))
    code, said, _ = run(*make, "--percent", "10", "--count", "3")
    assert code == 0
    assert said.startswith("3 made")
    assert sorted(file.suffix for file in folder.iterdir()) == [".png"] * 3 + [".svg"] * 3
    assert run(*make, "--percent", "30")[0] == 0, "thirty is the limit"
    assert "at most 30%" in run(*make, "--percent", "30.01")[2]
    assert "Between 1 and 1000" in run(*make, "--percent", "10", "--count", "1001")[2]
    assert "not in the catalog" in run("scannable", "make", "NONE", *make[3:], "--percent", "10")[2]
