"""`tillhand ladder`, `stop`, `start` and `approve take` from a keyboard."""

from argparse import Namespace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from policies.errors import Misconfigured, Refused
from policies.rollout import DEFAULT_FILE
from policies.vocabulary.actor import Actor, Door, Role
from server.commands import approvals, ladder
from server.commands.context import OPERATOR, Keyboard
from server.edit import read_edit
from tests.flows.open_house import SAMPLE, OpenHouse, open_house

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CLI)
MARY = Actor("marketing:mary", Role.MARKETING, None, Door.CLI)


def at(opened: OpenHouse, actor: Actor) -> tuple[Keyboard, StringIO]:
    told = StringIO()
    return Keyboard(opened.house, actor, Console(file=told, width=200)), told


async def test_stop_list_and_start(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        keyboard, told = at(opened, OPERATOR)
        await ladder.stop(keyboard, Namespace(scope="list", name="", reason=""))
        await ladder.stop(keyboard, Namespace(scope="agent", name="specialist:offers", reason="Odd offers."))
        await ladder.stop(keyboard, Namespace(scope="list", name="", reason=""))
        await ladder.start(keyboard, Namespace(scope="agent", name="specialist:offers", reason="Looked at."))
        await ladder.stop(keyboard, Namespace(scope="list", name="", reason=""))
        lines = told.getvalue().splitlines()
        assert lines[0] == lines[-1] == "Nothing is stopped."
        assert any("specialist:offers" in line and "Odd offers." in line for line in lines)


async def test_show_climb_and_demote(database_url: str, tmp_path: Path):
    file = tmp_path / "rollout.toml"
    file.write_text(DEFAULT_FILE.read_text(encoding="utf-8").replace('= "auto"', '= "approve"'), encoding="utf-8")
    async with open_house(database_url, tmp_path, filled=False, TILLHAND_ROLLOUT=str(file)) as opened:
        keyboard, told = at(opened, MARY)
        with pytest.raises(Refused) as refusal:
            await ladder.climb(keyboard, Namespace(capability="discount", location="", reason="It goes well."))
        await ladder.demote(keyboard, Namespace(capability="discount", location="", reason="Odd.", to="observe"))
        await ladder.show(keyboard, Namespace(capability="discount", location=""))
        assert "100 are needed" in refusal.value.hint
        assert "discount at the chain: approve  (owner marketing)" in told.getvalue()
        assert "lacks: 0 decisions at this rung; 100 are needed." in told.getvalue()
        assert "discount at the chain: observe  (owner marketing)" in told.getvalue()
        assert "set by marketing:mary" in told.getvalue()


async def test_a_manager_takes_what_waits_for_less(database_url: str, tmp_path: Path):
    file = tmp_path / "rollout.toml"
    file.write_text(DEFAULT_FILE.read_text(encoding="utf-8").replace('= "auto"', '= "approve"'), encoding="utf-8")
    settings: dict[str, Any] = {"TILLHAND_ROLLOUT": str(file), "TILLHAND_CHECKOUT_MS": "5000"}
    async with open_house(database_url, tmp_path, **settings) as opened:
        asked = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        keyboard, told = at(opened, ADA)
        await approvals.take(keyboard, asked["approval_id"], "2%", "", "Two will do.")
        assert told.getvalue().startswith("executed: action act_")


async def test_a_rollout_that_cannot_be_meant_keeps_the_house_from_opening(database_url: str, tmp_path: Path):
    file = tmp_path / "rollout.toml"
    file.write_text(DEFAULT_FILE.read_text(encoding="utf-8").replace("days = 14", "dayz = 14"), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"rollout\.toml, line \d+"):
        async with open_house(database_url, tmp_path, filled=False, TILLHAND_ROLLOUT=str(file)):
            pass


@pytest.mark.parametrize("typed", ["ten", "1.005", "-1", "101", "1e400", "NaN"])
def test_what_is_no_percentage_is_refused(typed: str):
    with pytest.raises(Refused):
        read_edit(typed, "")


@pytest.mark.parametrize("typed", ["1.5", "-1", "x", "1" * 10, "\u0661"])
def test_what_is_no_number_of_units_is_refused(typed: str):
    with pytest.raises(Refused):
        read_edit("", typed)


def test_nothing_typed_is_no_edit():
    assert read_edit(" ", "").none
    assert str(read_edit("12.5 %", "").percent) == "12.5%"
