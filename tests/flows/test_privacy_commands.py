"""`tillhand privacy` at the keyboard: asked, done, handed out, shown."""

import argparse
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evals.retailer.shopify import privacy_payloads
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from server.commands import privacy
from server.commands.context import OPERATOR, Keyboard
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_privacy_requests import ADA, met

pytestmark = pytest.mark.anyio


def keyboard(opened: OpenHouse, actor: Actor = OPERATOR) -> tuple[Keyboard, io.StringIO]:
    screen = io.StringIO()
    return Keyboard(opened.house, actor, Console(file=screen, width=200)), screen


def asked(**given: Any) -> argparse.Namespace:
    names = ("email", "phone", "loyalty", "shopify", "lightspeed", "request", "id")
    return argparse.Namespace(**{**dict.fromkeys(names, ""), "to": None, "retire": False, **given})


async def test_an_erasure_is_asked_done_and_receipted_at_the_keyboard(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        at, screen = keyboard(opened)

        assert await privacy.status(at, asked()) == 0
        assert await privacy.erase(at, asked(phone="(212) 555-0177")) == 0
        name = next(word for word in screen.getvalue().split() if word.startswith("pr_"))
        assert await opened.house.vault.known(ref) is None
        assert await privacy.receipts(at, asked()) == 0
        assert await privacy.receipts(at, asked(id=name)) == 0
        assert await privacy.rotate_keys(at, asked(retire=True)) == 0
        assert await privacy.status(at, asked()) == 0

        told = screen.getvalue()
        assert "as the ledger recorded it" in told
        assert "1 erasures are final" in told
        assert "5550177" not in told.replace("-", "")


async def test_what_is_kept_is_handed_out_into_a_file_of_the_operators_own(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)
        at, _ = keyboard(opened)
        file = tmp_path / "ada.json"
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{ADA.email}\n"))

        assert await privacy.export(at, asked(email="-", to=file)) == 0

        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        (customer,) = json.loads(file.read_text())["customers"]
        assert customer["by_name"]["phone"] == [ADA.phone]


async def test_a_platforms_request_waits_for_the_operator_and_is_answered_once(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)
        await opened.shopify_says("customers/data_request", privacy_payloads.data_request(ADA, opened.retailer.shopify))
        at, screen = keyboard(opened)
        await privacy.status(at, asked())
        name = next(word for word in screen.getvalue().split() if word.startswith("pr_"))
        assert "waits for an operator" in screen.getvalue()

        assert await privacy.export(at, asked(request=name)) == 0

        with pytest.raises(NotFound, match="closed"):
            await privacy.export(at, asked(request=name))
        screen.truncate(0)
        await privacy.status(at, asked())
        assert "answered" in screen.getvalue()


async def test_nobody_but_the_operator_erases_exports_or_rotates(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        at, _ = keyboard(opened, Actor("manager:may", Role.MANAGER, None, Door.CLI))
        for command in (privacy.erase, privacy.export, privacy.rotate_keys, privacy.status, privacy.receipts):
            with pytest.raises(Refused):
                await command(at, asked(email=ADA.email))
        operator, _ = keyboard(opened)
        with pytest.raises(NotFound, match="Nobody was named"):
            await privacy.erase(operator, asked())
        with pytest.raises(Refused, match="cannot be"):
            await privacy.erase(operator, asked(phone="12"))
        with pytest.raises(NotFound, match="Nobody is known"):
            await privacy.export(operator, asked(email="nobody@example.com"))
