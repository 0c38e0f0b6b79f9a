"""`tillhand undo`, `audit anchor` and `explain` through the command line's own door."""

import asyncio
import re

import psycopg
import pytest

from knowledge.store.session import Database
from tests.command_line import Run
from tests.flows.guarded_shop import ORIGIN, SPECIALIST, Shop, discount, open_shop


@pytest.fixture
def run(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command over a house with two executed discounts and one that waits, all of one run."""
    for platform in ("SHOPIFY", "LIGHTSPEED"):  # nobody answers there
        monkeypatch.setenv(f"TILLHAND_{platform}_URL", "http://127.0.0.1:9")
        monkeypatch.setenv(f"TILLHAND_{platform}_CLIENT_ID", "x")
        monkeypatch.setenv(f"TILLHAND_{platform}_CLIENT_SECRET", "x")
    monkeypatch.setenv("TILLHAND_LIGHTSPEED_REFRESH_TOKEN", "x")

    async def happen() -> None:
        database = Database(database_url)
        shop = await open_shop(database)
        for number, cents in enumerate((500, 700, 6_000)):
            await shop.guard.propose(SPECIALIST, discount(cents, transaction=f"T{number}"))
        await database.close()

    asyncio.run(happen())

    return run


def _manager(run: Run) -> str:
    return run("credential", "add", "manager:ada", "--role", "manager")[1].strip()


def test_a_dry_run_says_what_would_be_taken_back_and_takes_nothing_back(run: Run):
    key = _manager(run)
    code, said, _ = run("undo", "run", ORIGIN.correlation, "--dry-run", key=key)
    again = run("undo", "run", ORIGIN.correlation, "--dry-run", key=key)[1]

    assert code == 0
    assert "previewed" in said
    assert re.search(r"2 +taken back", said)
    assert re.search(r"1 +withdrawn", said)
    assert "Nothing was changed." in said
    assert again.splitlines()[1:] == said.splitlines()[1:]


def test_what_no_platform_answers_for_goes_on_by_itself_and_is_listed(run: Run):
    key = _manager(run)
    code, said, _ = run("undo", "run", ORIGIN.correlation, key=key)
    batch = re.search(r"bat_[0-9a-f]{32}", said)
    assert batch
    listed = run("undo", "list", key=key)[1]
    shown = run("undo", "batch", batch[0], key=key)[1]
    repeated = run("undo", "run", ORIGIN.correlation, key=key)[1]

    assert code == 0
    assert re.search(r"1 +withdrawn", said)
    assert re.search(r"2 +on their way", said)
    assert batch[0] in listed
    assert batch[0] in shown
    assert "going on with it" in repeated
    assert batch[0] in repeated


def test_only_a_manager_takes_back_and_unclear_words_are_refused(run: Run):
    key = _manager(run)

    assert "No rule allows this" in run("undo", "run", ORIGIN.correlation)[2]
    assert run("undo", "run", "nowhere", key=key)[0] == 2
    assert "not clear" in run("undo", "walk", "x", key=key)[2]
    for since in ("1", "h", "1w", "-1h"):
        with pytest.raises(SystemExit):
            run("undo", "agent", "specialist:offers", f"--since={since}", key=key)


def test_an_agents_last_hour_is_named_by_the_agent_and_the_time(run: Run):
    said = run("undo", "agent", SPECIALIST.id, "--since", "2h", "--dry-run", key=_manager(run))[1]

    assert said.startswith(f"agent {SPECIALIST.id} from ")
    assert "there is nothing to take back" in said  # what happened lies in another hour


def test_one_action_is_looked_at_first_too(run: Run, database_url: str):
    async def made() -> str:
        database = Database(database_url)
        decision = await Shop(database).guard.propose(SPECIALIST, discount(100, transaction="T9"))
        await database.close()
        return decision.action_id

    code, said, _ = run("undo", asyncio.run(made()), "--dry-run", key=_manager(run))

    assert (code, said.split(":")[0]) == (0, "reversed")


def test_the_ledgers_head_is_written_down_by_hand_and_vouched_for(run: Run, database_url: str):
    first = run("audit", "anchor")
    again = run("audit", "anchor")
    verified = run("audit", "verify")
    with psycopg.connect(database_url, autocommit=True) as cut:
        cut.execute("DELETE FROM ledger WHERE seq > 2")
        cut.execute("UPDATE ledger_head SET seq = 2, hash = (SELECT hash FROM ledger WHERE seq = 2)")
    broken = run("audit", "verify")
    refused = run("audit", "anchor")

    assert (first[0], "written down" in first[1]) == (0, True)
    assert "there already" in again[1]
    assert "1 outside anchors agree" in verified[1]
    assert (broken[0], "an old copy was restored" in broken[1]) == (1, True)
    assert (refused[0], "vouches for record" in refused[2]) == (1, True)


def test_a_story_is_one_screen_and_several_are_a_list(run: Run):
    several = run("explain", ORIGIN.correlation)[1]
    action = re.search(r"act_[0-9a-f]{32}", several)
    assert action
    one = run("audit", "explain", action[0])[1]

    assert several.startswith("3 actions; explain one of them by its id:")
    for screen in (several, one):
        assert len(screen.splitlines()) <= 40
        assert max(map(len, screen.splitlines())) <= 100
    assert one.startswith(f"{action[0]}  discount at S1")
