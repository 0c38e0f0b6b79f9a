"""A rule may ask the same person to look twice: inside the call, once, and never of a model."""

from typing import Any

import pytest

from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Role
from tests.mcp_house import client, open_house
from tests.small_chain import FIRST, actor

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
LOOK_TWICE = """
@id("test.look_twice")
@sentence("This is a lot: look twice.")
forbid (principal, action == Action::"discount", resource)
when { context.percent_bp > 2000 }
unless { context.approval == "confirmed" || context.approval == "manager" };
"""
LARGE: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["JEANS-M"],
    "percent": 21,
    "idempotency_key": "mcp-large-1",
    "reason": "The seam is a little worn",
}


@pytest.fixture
def engine() -> Engine:
    product = Engine.read(Limits.read())
    return Engine({**product.texts, "test.cedar": LOOK_TWICE}, product.schema, product.limits)


@BOTH_ERAS
@pytest.mark.parametrize(("confirms", "state", "written"), [(True, "executed", 1), (False, "rejected", 0)])
async def test_the_persons_answer_decides(  # noqa: PLR0913, PLR0917  # one case of a table
    database: Database, engine: Engine, mode: str, confirms: bool, state: str, written: int
):
    async with open_house(database, engine) as house:
        async with client(house, actor(Role.MANAGER), mode=mode, confirms=confirms) as caller:
            result = await caller.call_tool("propose_discount", LARGE)
            assert result.structured_content["state"] == state
            again = await caller.call_tool("propose_discount", LARGE)
            assert (again.structured_content["state"], again.structured_content["replayed"]) == (state, True)
        assert len(house.platform.done) == written


@BOTH_ERAS
async def test_a_client_that_cannot_ask_leaves_it_waiting(database: Database, engine: Engine, mode: str):
    async with open_house(database, engine) as house, client(house, actor(Role.MANAGER), mode=mode) as caller:
        result = await caller.call_tool("propose_discount", LARGE)
        assert (result.structured_content["state"], result.structured_content["outcome"]) == ("waiting", "confirm")
        assert house.platform.calls == 0


@BOTH_ERAS
async def test_a_model_is_never_asked_to_confirm_for_its_person(database: Database, engine: Engine, mode: str):
    async with open_house(database, engine) as house:
        async with client(house, actor(Role.MANAGER, model=True), mode=mode, confirms=True) as caller:
            result = await caller.call_tool("propose_discount", LARGE)
            assert result.structured_content["state"] == "waiting"
        assert house.platform.calls == 0


MANY: dict[str, Any] = {
    "location_id": FIRST,
    "sku": "BELT-1",
    "delta": 51,
    "expected": 40,
    "idempotency_key": "mcp-count-51",
    "reason": "A delivery was never booked in",
}
CHEAP = Limits.read().text.replace("value_free = 20000", "value_free = 200000")


@BOTH_ERAS
@pytest.mark.parametrize(("confirms", "state", "written"), [(True, "executed", 1), (False, "rejected", 0)])
async def test_a_large_correction_of_a_count_is_confirmed_by_whoever_counted(  # one case of a table
    database: Database, mode: str, confirms: bool, state: str, written: int
):
    async with open_house(database, Engine.read(Limits(CHEAP))) as house:
        async with client(house, actor(Role.PLANNER), mode=mode, confirms=confirms) as caller:
            result = await caller.call_tool("propose_stock_adjustment", MANY)
            told = result.structured_content
            assert (told["state"], told["outcome"]) == (state, "confirm")
            assert [reason["rule"] for reason in told["reasons"]] == ["inventory.adjustment_look_again"]
        assert len(house.platform.done) == written


@BOTH_ERAS
async def test_one_unit_less_is_nobodys_typing_error(database: Database, mode: str):
    async with open_house(database, Engine.read(Limits(CHEAP))) as house:
        fewer = {**MANY, "delta": -50, "expected": 40}
        async with client(house, actor(Role.PLANNER), mode=mode) as caller:
            result = await caller.call_tool("propose_stock_adjustment", fewer)
            assert (result.structured_content["state"], len(house.platform.done)) == ("executed", 1)
