"""A retailer's day with canaries among its customers: not one byte of theirs leaves, wherever one listens."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from evals.tap.tap import LOGS, MCP, MODEL, Tap
from tests.flows.canary_day import PEOPLE, canary_day

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


async def test_no_byte_of_a_canary_leaves_through_any_sink_on_a_trading_day(database_url: str):
    tap = Tap([])
    with TemporaryDirectory(prefix="tillhand-tap-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        with tap.listening():
            async with canary_day(database_url, home, tap, steps=24, count=12) as day:
                await day.trade()
                await day.check_out()
                await day.take_hostile_notes()
                await day.ask_in_every_role()
                await day.finish(Path(folder) / "server.log")
                found = await tap.look(day.house.database, {"home": home, "run": Path(folder)})

        assert {f"{one.sink}: {one.field} as {one.form}" for one in found.leaks} == set()
        heard = {sink for sink, count in found.looked.items() if count}
        assert {MODEL, LOGS, *(f"{MCP} {role}" for role in PEOPLE)} <= heard
        assert {
            "postgresql:event",
            "postgresql:ledger",
            "postgresql:procrastinate_jobs",
            "postgresql:cohort_state",
        } <= heard
        assert any(sink.startswith("home file:memory") for sink in heard)
        assert day.offered
