"""`tillhand demo`: one command opens a retailer, runs the product beside it, and shows that nothing went wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

STEPS = 60


@dataclass(frozen=True, slots=True)
class Watched:
    """A demo somebody watched to its end, from outside."""

    code: int
    screen: str
    told: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        return self.told["figures"]


@pytest.fixture(scope="module")
def demo() -> Generator[Watched]:
    """Not in pytest's own folder: its name is longer than a database's socket may be."""
    with TemporaryDirectory(prefix="tillhand-", ignore_cleanup_errors=True) as folder:
        summary = Path(folder) / "summary.json"
        command = [sys.executable, "-m", "server", "demo", "--exit", "--steps", str(STEPS)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")}
        done = subprocess.run(
            [*command, "--home", str(Path(folder) / "demo"), "--summary", str(summary)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=280,
        )
        assert summary.exists(), done.stdout + done.stderr
        yield Watched(done.returncode, done.stdout, json.loads(summary.read_text(encoding="utf-8")))


def test_a_demo_ends_by_itself_and_says_that_everything_went_as_promised(demo: Watched):
    assert demo.told["faults"] == []
    assert demo.told["whole"]
    assert demo.code == 0


def test_a_day_brings_events_of_both_platforms_and_its_duplicates_are_absorbed(demo: Watched):
    assert {"order.created", "inventory.updated", "checkout.started", "register.closed"} <= demo.figures[
        "events"
    ].keys()
    assert demo.told["twice"] > 0
    assert sum(n for name, n in demo.figures["absorbed"].items() if name.endswith(" duplicate")) >= demo.told["twice"]
    assert set(demo.figures["states"]) == {"handled"}


def test_forged_and_unsigned_deliveries_are_all_refused(demo: Watched):
    assert demo.told["bogus"] > 0
    assert demo.told["bogus_accepted"] == 0


def test_every_register_is_answered_and_the_sample_basket_gets_an_offer(demo: Watched):
    assert demo.told["checkouts"].get("failed", 0) == 0
    assert demo.told["checkouts"]["offered"] >= 1
    assert demo.told["shown"] == demo.told["checkouts"]["offered"]


def test_every_effect_is_on_its_platform_exactly_once(demo: Watched):
    executed = {what: n for what, n in demo.figures["actions"].items() if what.endswith(" executed")}
    assert demo.figures["codes_made"] == executed["discount executed"]
    assert demo.figures["transfers_made"] == executed["transfer executed"]
    assert demo.figures["lost"] == []
    assert demo.figures["doubled"] == 0


def test_what_is_over_a_limit_waits_for_a_manager_and_an_assistant_cannot_answer_it(demo: Watched):
    assert demo.told["answered"] == {"approved": 2, "rejected": 1}
    assert demo.told["refused"]["no such tool for an AI"] == 1
    assert demo.figures["approvals"]["waiting"] >= 1


def test_the_ledger_of_a_demo_is_whole(demo: Watched):
    assert demo.figures["records"] >= sum(demo.figures["outcomes"].values())
    assert demo.figures["faults"] == []


def test_without_a_terminal_plain_lines_tell_the_day_the_table_and_what_to_try_next(demo: Watched):
    assert "\x1b" not in demo.screen
    for words in ("The shops open.", "as promised", '"mcpServers"', "/console/", "approve list", " explain act_"):
        assert words in demo.screen
