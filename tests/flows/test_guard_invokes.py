"""A tool is run for whoever may use it, with exactly the arguments it declares, and always on record."""

import json
from typing import Annotated

import pytest
from pydantic import Field
from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound, Refused, Unavailable
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import LocationId
from tests.flows.guarded_shop import ADA, ASSOCIATE, ORIGIN, S1, S2, Shop, actor, open_shop
from tools.tool import Answer, Arguments, Call, Tool
from tools.toolset import TOOLSET_OF

pytestmark = pytest.mark.anyio


class Ask(Arguments):
    sku: str
    units: Annotated[int, Field(ge=1)] = 1
    tags: tuple[str, ...] = ()
    phone: str = ""
    location_id: str = ""

    def location(self) -> LocationId | None:
        return LocationId(self.location_id) if self.location_id else None


class Count(Answer):
    units: int


async def _run(call: Call, asked: Ask) -> Count:
    del call
    if asked.sku == "BROKEN":
        raise ZeroDivisionError(asked.phone)
    if asked.sku == "DOWN":
        raise Unavailable("It does not answer.", code="test.down")
    return Count(units=asked.units)


TOOLS = {
    name: Tool(name, name, name, effect, Ask, Count, _run, toolset=TOOLSET_OF[name])
    for name, effect in (
        ("check_inventory", Effect.READ),
        ("get_order", Effect.READ),
        ("propose_discount", Effect.WRITE),
        ("decide_approval", Effect.WRITE),
    )
}


async def _calls(shop: Shop) -> list[dict[str, object]]:
    await shop.guard.flush()
    async with shop.database.reading() as connection:
        rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'call' ORDER BY seq"))
        return [json.loads(row.entry)["body"] for row in rows]


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database, tools=TOOLS)


async def test_a_tool_runs_with_what_was_sent_and_the_call_is_on_record(shop: Shop):
    arguments = {"sku": "SCARF", "units": 3, "tags": ["a"], "location_id": S1}
    assert await shop.guard.invoke(ASSOCIATE, "check_inventory", arguments, ORIGIN) == Count(units=3)
    (call,) = await _calls(shop)
    assert (call["tool"], call["result"], call["causation"]) == ("check_inventory", "answered", ORIGIN.causation)
    assert call["arguments"] == {
        "names": ["location_id", "sku", "tags", "units"],
        "values": {"location_id": "S1", "sku": "SCARF"},
    }


async def test_no_record_holds_what_a_customer_can_be_found_by(shop: Shop):
    sent = {"sku": "SCARF", "phone": "+1 212 555 0100", "ada@example.com": 1}
    with pytest.raises(Refused):
        await shop.guard.invoke(ASSOCIATE, "check_inventory", sent, ORIGIN)
    await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": "SCARF", "phone": "+1 212 555 0100"}, ORIGIN)
    with pytest.raises(ZeroDivisionError):
        await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": "BROKEN", "phone": "+1 212 555 0100"}, ORIGIN)
    told = json.dumps(await _calls(shop))
    assert "555" not in told
    assert "example" not in told


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "sku"),
        ({"sku": 1}, "sku"),
        ({"sku": "A", "units": "1"}, "units"),
        ({"sku": "A", "units": 1.0}, "units"),
        ({"sku": "A", "units": 0}, "units"),
        ({"sku": "A", "unit": 1}, "unit"),
        ({"sku": "A", "units": True}, "units"),
        ({"sku": "A", "tags": "a"}, "tags"),
    ],
)
async def test_nothing_is_coerced_and_nothing_unknown_is_ignored(shop: Shop, arguments: dict[str, object], field: str):
    with pytest.raises(Refused) as refusal:
        await shop.guard.invoke(ASSOCIATE, "check_inventory", arguments, ORIGIN)
    assert (refusal.value.code, refusal.value.field) == ("arguments.invalid", field)
    assert [call["result"] for call in await _calls(shop)] == ["arguments.invalid"]


async def test_what_is_not_json_is_refused(shop: Shop):
    with pytest.raises(Refused) as refusal:
        await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": object()}, ORIGIN)
    assert refusal.value.code == "arguments.invalid"


async def test_a_hidden_tool_is_as_unknown_as_one_that_is_not_there(shop: Shop):
    answers: list[tuple[str, str]] = []
    for name in ("get_order", "nothing", "n\u202eothing\0"):
        with pytest.raises(NotFound) as refusal:
            await shop.guard.invoke(actor(Role.PLANNER), name, {"sku": "A"}, ORIGIN)
        answers.append((refusal.value.code, refusal.value.message))
    assert len(set(answers)) == 1
    assert [call["result"] for call in await _calls(shop)] == ["tool.unknown"] * 3


@pytest.mark.parametrize(
    ("who", "names"),
    [
        (ASSOCIATE, {"check_inventory", "get_order", "propose_discount"}),
        (ADA, {"check_inventory", "get_order", "propose_discount", "decide_approval"}),
        (actor(Role.MANAGER, model=True), {"check_inventory", "get_order", "propose_discount"}),
        (actor(Role.AUDITOR), {"check_inventory"}),
        (actor(Role.REGISTER), set[str]()),
    ],
)
async def test_everybody_sees_the_tools_of_their_role(shop: Shop, who: Actor, names: set[str]):
    assert {tool.name for tool in shop.guard.visible(who)} == names


async def test_a_tool_is_refused_where_the_caller_may_not_look(shop: Shop):
    local = actor(Role.ASSOCIATE, locations=frozenset({S1}))
    await shop.guard.invoke(local, "check_inventory", {"sku": "A", "location_id": S1}, ORIGIN)
    with pytest.raises(Refused) as refusal:
        await shop.guard.invoke(local, "check_inventory", {"sku": "A", "location_id": S2}, ORIGIN)
    assert refusal.value.code == "access.outside_locations"


async def test_an_error_of_the_tool_reaches_the_caller_and_the_record(shop: Shop):
    with pytest.raises(Unavailable):
        await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": "DOWN"}, ORIGIN)
    with pytest.raises(ZeroDivisionError):
        await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": "BROKEN"}, ORIGIN)
    assert [call["result"] for call in await _calls(shop)] == ["test.down", "internal.failed"]


async def test_a_write_is_on_record_before_it_is_answered(shop: Shop):
    await shop.guard.invoke(ASSOCIATE, "propose_discount", {"sku": "A"}, ORIGIN)
    async with shop.database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM ledger"))).scalar_one() == 1


async def test_closing_the_guard_writes_the_reads_of_the_last_moment(shop: Shop):
    for _ in range(3):
        await shop.guard.invoke(ASSOCIATE, "check_inventory", {"sku": "A"}, ORIGIN)
    await shop.guard.close()
    assert await shop.kinds() == ["call"] * 3


async def test_notes_worth_keeping_are_kept(shop: Shop):
    await shop.guard.note(ASSOCIATE, [(ORIGIN, "Nothing to offer."), (ORIGIN, "Nothing again.")])
    await shop.guard.note(ASSOCIATE, [])
    assert await shop.kinds() == ["note", "note"]
