"""Taking back and asking why, through the console's own door: looked at first, done when asked again."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.open_house import OpenHouse, open_house
from tests.unit.server.console.test_pages import sign_in, token
from tools.proposal import Origin
from tools.propose.decided import Decided

pytestmark = pytest.mark.anyio

PLANNER = Actor("planner:pat", Role.PLANNER, None, Door.MCP)
STORY = Origin(CorrelationId("story-1"), "event-1")


async def _adjusted(opened: OpenHouse) -> Decided:
    """A count raised by one at a Shopify shop."""
    shops = {place.id for place in opened.house.places.on("shopify") if place.kind == "shop"}
    levels = sorted(opened.retailer.world.levels.items())
    sku, place = next((sku, place) for (sku, place), level in levels if place in shops and level.available)
    asked = {
        "location_id": place,
        "sku": sku,
        "delta": 1,
        "expected": opened.retailer.world.levels[sku, place].available,
        "idempotency_key": "count-01",
        "reason": "Counted again.",
    }
    decided = await opened.house.guard.invoke(PLANNER, "propose_stock_adjustment", asked, STORY)
    assert isinstance(decided, Decided)
    return decided


def _fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


async def test_a_manager_looks_first_and_then_takes_a_run_back(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        done = await _adjusted(opened)
        await sign_in(opened, Role.MANAGER, name="manager:ada")
        shown = (await opened.client.get("/console/undo", params={"kind": "run", "name": "story-1"})).text
        still = await opened.count("SELECT count(*) FROM action WHERE state = 'undone'")
        fields = {name: value.replace("&#43;", "+") for name, value in _fields(shown).items()}
        answer = await opened.client.post("/console/undo", data={**fields, "reason": "Counted wrongly."})
        page = await opened.client.get(answer.headers["location"])
        twice = await opened.client.post("/console/undo", data={**fields, "reason": "Counted wrongly."})
        listed = (await opened.client.get("/console/undo")).text

        assert (f"explain?id={done.action_id}" in shown, "previewed" in shown, still) == (True, True, 0)
        assert (answer.status_code, "1 reversed" in page.text) == (303, True)
        assert twice.headers["location"] == answer.headers["location"]
        assert answer.headers["location"].rpartition("/")[2] in listed
        assert await opened.count("SELECT count(*) FROM action WHERE undoes IS NOT NULL") == 1


async def test_what_a_model_asked_for_is_started_or_declined_by_a_person(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await _adjusted(opened)
        assistant = Actor("assistant:a", Role.MANAGER, None, Door.MCP, model=True)
        asked = {"scope": "run", "name": "story-1", "idempotency_key": "undo-0001", "reason": "Counted wrongly."}
        told = await opened.house.guard.invoke(assistant, "undo_many", asked, STORY)
        batch = told.model_dump()["batch_id"]
        await sign_in(opened, Role.MANAGER)
        page = (await opened.client.get(f"/console/undo/{batch}")).text
        await opened.client.post(f"/console/undo/{batch}", data={"token": token(page), "answer": "start"})
        after = (await opened.client.get(f"/console/undo/{batch}")).text

        assert told.model_dump()["state"] == "asked"
        assert "Start" in page
        assert "1 reversed" in after


async def test_the_forms_need_their_token_their_preview_and_a_manager(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await _adjusted(opened)
        await sign_in(opened, Role.MANAGER)
        shown = (await opened.client.get("/console/undo", params={"kind": "run", "name": "story-1"})).text
        form = _fields(shown)
        forged = await opened.client.post("/console/undo", data={**form, "token": "0" * 64})
        old = await opened.client.post("/console/undo", data={**form, "until": "2020-01-01T00:00:00+00:00"})
        unknown = await opened.client.get("/console/undo", params={"kind": "run", "name": "nowhere"})
        await sign_in(opened, Role.AUDITOR)
        refused = await opened.client.get("/console/undo")

        assert (forged.status_code, forged.json()["code"]) == (403, "access.form")
        assert old.json()["code"] == "undo.preview_old"
        assert (unknown.status_code, "Nothing is known" in unknown.text) == (404, True)
        assert refused.status_code == 403
        assert await opened.count("SELECT count(*) FROM undo_batch") == 0


async def test_why_is_answered_in_one_screen_to_those_who_may_know(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        done = await _adjusted(opened)
        await sign_in(opened, Role.AUDITOR)
        page = await opened.client.get("/console/explain", params={"id": done.action_id})
        nothing = await opened.client.get("/console/explain", params={"id": "<script>"})
        await sign_in(opened, Role.ASSOCIATE)
        hidden = await opened.client.get("/console/explain", params={"id": done.action_id})
        told = re.search(r"<pre>(.*?)</pre>", page.text, re.DOTALL)
        assert told

        assert done.action_id in told[1]
        assert len(told[1].splitlines()) <= 40
        assert (nothing.status_code, "<script" in nothing.text) == (404, False)
        assert (hidden.status_code, "Change the count" in hidden.text) == (404, False)


async def test_an_event_resource_is_found_by_an_index(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened, opened.database.transaction() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        for question in (
            "SELECT id FROM event WHERE resource = 'x' AND resource <> ''",
            "SELECT id FROM purchase WHERE codes @> ARRAY['X'::varchar] AND codes <> '{}'",
            "SELECT action_id FROM outcome WHERE order_id = 'x' AND order_id <> ''",
            "SELECT id FROM action WHERE kind = 'discount' AND facts ->> 'code' = 'X'",
        ):
            plan = "\n".join((await connection.execute(text(f"EXPLAIN {question}"))).scalars())
            assert "Index" in plan, plan
