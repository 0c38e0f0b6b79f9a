"""The weekly review at its doors: a keyboard and the console show it to those who may see it, and take signatures."""

import re
from argparse import Namespace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from server.commands import review as commands
from server.commands.context import OPERATOR, Keyboard
from tests.flows.open_house import open_house
from tests.unit.server.console.test_pages import token
from tools.review.reviews import Reviews
from tools.review.week import Week

pytestmark = pytest.mark.anyio


async def test_the_week_is_made_read_and_signed_from_a_keyboard(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        told = StringIO()
        keyboard = Keyboard(opened.house, OPERATOR, Console(file=told, width=200))
        name = await _last_week(opened.house.reviews)
        await commands.make(keyboard, Namespace(week=name))
        await commands.show(keyboard, Namespace(week=""))
        await commands.sign(keyboard, Namespace(week=name, team="", seen="", note="Quiet."))
        await commands.listed(keyboard, Namespace())
        with pytest.raises(Refused):
            await commands.sign(keyboard, Namespace(week=name, team="", seen="0000", note=""))
        auditor = Keyboard(opened.house, Actor("auditor:al", Role.AUDITOR, None, Door.CLI), Console(file=told))
        with pytest.raises(Refused) as refusal:
            await commands.sign(auditor, Namespace(week=name, team="", seen="", note=""))
        assert refusal.value.code == "review.team"
        said = told.getvalue()
        assert "Still to sign: store_operations, marketing." in said
        assert "## Groups of customers" in said
        assert f"{name}  made" in said


async def _last_week(desk: Reviews) -> str:
    week = Week.at(desk.now(), desk.timezone).before()
    return (await desk.make(OPERATOR, week.name)).week


async def test_a_team_signs_at_the_console_what_it_was_shown(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        week = await _last_week(opened.house.reviews)
        await opened.client.post("/console/login", data={"key": await opened.key(Role.MARKETING)})
        page = (await opened.client.get("/console/reviews", follow_redirects=True)).text
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
        assert digest
        form = {"token": token(page), "team": "marketing", "digest": digest[1], "note": ""}
        sign = f"/console/reviews/{week}/sign"

        forged = await opened.client.post(sign, data={**form, "token": "0" * 64})
        other = await opened.client.post(sign, data={**form, "digest": "0" * 64})
        foreign = await opened.client.post(sign, data={**form, "team": "it"})
        signed = await opened.client.post(sign, data=form)
        shown = (await opened.client.get(signed.headers["location"])).text

        assert [each.status_code for each in (forged, foreign)] == [403, 403]
        assert "made again since you looked" in other.text
        assert "marketing by marketing:test" in shown
        assert "Sign for" not in shown
        assert "<script" not in shown


@pytest.mark.parametrize("role", [role for role in Role if role.person])
async def test_the_pages_are_for_people_of_the_whole_chain(database_url: str, tmp_path: Path, role: Role):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        week = await _last_week(opened.house.reviews)
        reads = role in {Role.MANAGER, Role.MARKETING, Role.AUDITOR, Role.OPERATOR}
        for places, allowed in (((), reads), (("STORE_123",), False)):
            await opened.client.post("/console/login", data={"key": await opened.key(role, *places)})
            front = (await opened.client.get("/console/")).text
            page = await opened.client.get(f"/console/reviews/{week}")
            assert (page.status_code == 200) == allowed
            assert ("/console/reviews" in front) == allowed
