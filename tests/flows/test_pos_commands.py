"""`tillhand pos`: what IT tells of registers holds at once, stands in the ledger, and shows no PIN."""

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from policies.errors import Misconfigured, NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from server.commands import pos
from server.commands.context import OPERATOR, Keyboard
from server.commands.line import run
from tests.flows.pos_shop import ADA, BO, DEVICE, PIN, USER, PosShop, pos_shop

pytestmark = pytest.mark.anyio


def keyboard(shop: PosShop, actor: Actor = OPERATOR) -> tuple[Keyboard, io.StringIO]:
    screen = io.StringIO()
    return Keyboard(shop.opened.house, actor, Console(file=screen, width=220)), screen


def asked(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**given)


async def test_registers_users_and_pins_are_told_shown_and_forgotten(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        at, screen = keyboard(shop)
        shop.till.device, shop.till.user = 12, 34
        await pos.register(at, asked(device="12", location="STORE_123"))
        await pos.user(at, asked(user="34", actor=BO))
        monkeypatch.setattr(sys, "stdin", io.StringIO("640817\n"))
        await pos.pin(at, asked(actor=ADA))
        offer = await shop.sell_tee()
        assert (await shop.till.approve(offer["decision"], ADA, PIN))["why"]["code"] == "pin.wrong"  # the one before
        assert (await shop.till.approve(offer["decision"], ADA, "640817"))["approved"] is True

        await pos.show(at, asked())
        shown = screen.getvalue()
        assert all(each in shown for each in ("12", "STORE_123", "34", BO, ADA, str(DEVICE), str(USER)))
        assert "640817" not in shown + await shop.everything()
        for what, name in (("register", "12"), ("user", "34"), ("pin", ADA)):
            await pos.forget(at, asked(what=what, name=name))
            with pytest.raises(NotFound):
                await pos.forget(at, asked(what=what, name=name))
        answer = await shop.till.ask("insight", {"customer": "1"})
        assert (answer.status_code, answer.json()["code"]) == (403, "pos.register")
        notes = "SELECT count(*) FROM ledger WHERE kind = 'note'"
        assert await shop.opened.count(notes) == 6


async def test_what_cannot_hold_is_refused_with_what_to_do(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with pos_shop(database_url, tmp_path) as shop:
        at, _ = keyboard(shop)
        with pytest.raises(NotFound, match="location"):
            await pos.register(at, asked(device="12", location="NOWHERE"))
        with pytest.raises(Refused, match="number"):
            await pos.register(at, asked(device="till-1", location="STORE_123"))
        with pytest.raises(Refused, match="number"):
            await pos.user(at, asked(user="bo@example.com", actor=BO))
        with pytest.raises(Refused, match="associate or manager"):
            await pos.user(at, asked(user="34", actor="auditor:kim"))
        for typed, actor, code in (("123456", ADA, "pin.weak"), ("640817", BO, "pos.nobody"), ("", ADA, "pin.weak")):
            monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
            with pytest.raises(Refused) as caught:
                await pos.pin(at, asked(actor=actor))
            assert caught.value.code == code
        with pytest.raises(Misconfigured, match="https"):
            await pos.extension(at, asked(folder=tmp_path / "extension"))
        someone, _ = keyboard(shop, Actor(ADA, Role.MANAGER, None, Door.CLI))
        for command in (pos.register, pos.user, pos.pin, pos.forget, pos.show, pos.extension):
            with pytest.raises(Refused, match="operator"):
                await command(someone, asked())


@pytest.mark.parametrize("words", [["register", "12"], ["pin"], ["forget", "till", "12"], ["user", "34"]])
def test_the_command_line_says_what_is_missing(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        run(["pos", *words], [])
    assert "usage: tillhand pos" in capsys.readouterr().err
