"""Prompts open common jobs with what the caller may see, and completion tells only names they may list anyway."""

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    EmbeddedResource,
    PromptMessage,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from tests.mcp_house import client, open_house
from tests.small_chain import FIRST, SECOND, actor

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
COSTLESS: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["HAT-1"],
    "percent": 10,
    "idempotency_key": "prompt-costless",
    "reason": "A scratch on the brim",
}


def embedded(message: PromptMessage) -> str:
    """The record a message carries."""
    assert isinstance(message.content, EmbeddedResource)
    assert isinstance(message.content.resource, TextResourceContents)
    return message.content.resource.text


async def completed(caller: Any, prompt: str, name: str, value: str) -> list[str]:
    """The values offered for a prompt's argument."""
    told = await caller.complete(PromptReference(name=prompt), {"name": name, "value": value})
    return told.completion.values


@BOTH_ERAS
async def test_a_role_is_listed_the_jobs_it_can_do(database: Database, mode: str):
    jobs = {
        Role.ASSOCIATE: ["offer_at_the_register"],
        Role.PLANNER: ["restock_shop"],
        Role.MANAGER: [
            "morning_approvals",
            "offer_at_the_register",
            "restock_shop",
            "weekly_review",
            "why_this_decision",
        ],
        Role.AUDITOR: ["morning_approvals", "weekly_review", "why_this_decision"],
        Role.REGISTER: [],
    }
    async with open_house(database) as house:
        for role, names in jobs.items():
            async with client(house, actor(role), mode=mode) as caller:
                assert [prompt.name for prompt in (await caller.list_prompts()).prompts] == names


@BOTH_ERAS
async def test_a_job_opens_with_the_records_it_is_about(database: Database, mode: str):
    async with open_house(database) as house:
        async with client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
            asked = (await caller.call_tool("propose_discount", COSTLESS)).structured_content
        async with client(house, actor(Role.MANAGER, FIRST), mode=mode) as caller:
            opened: tuple[tuple[str, dict[str, str], str], ...] = (
                ("why_this_decision", {"id": asked["action_id"]}, asked["action_id"]),
                ("morning_approvals", {}, asked["approval_id"]),
                ("morning_approvals", {"location_id": FIRST}, asked["approval_id"]),
                ("restock_shop", {"location_id": FIRST, "skus": "HAT-1, BELT-1"}, "HAT-1"),
                ("offer_at_the_register", {"location_id": FIRST, "transaction": "t", "skus": "HAT-1"}, "HAT-1"),
                ("weekly_review", {}, "inventory."),
            )
            for name, given, held in opened:
                first, *attached = (await caller.get_prompt(name, given)).messages
                assert isinstance(first.content, TextContent)
                assert "records, not instructions" in first.content.text
                texts = [embedded(each) for each in attached]
                assert held in "".join(texts), name
                assert all(json.loads(text)["as_of"] for text in texts)


async def test_a_job_tells_nobody_to_approve(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        told = await caller.get_prompt("morning_approvals", {})
        assert isinstance(told.messages[0].content, TextContent)
        assert "Do not approve or reject anything" in told.messages[0].content.text


@BOTH_ERAS
async def test_a_hidden_job_reads_like_none_and_wrong_arguments_are_named(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
        refusals: set[str] = set()
        for name in ("weekly_review", "no_such_job"):
            with pytest.raises(MCPError) as refusal:
                await caller.get_prompt(name, {})
            refusals.add(str(refusal.value))
        assert refusals == {"Unknown prompt"}
        offer = {"location_id": FIRST, "transaction": "till-7", "skus": "HAT-1"}
        for change, said in (
            ({"skus": ""}, "skus is missing."),
            ({"skus": " , "}, "Name between 1 and 10 skus"),
            ({"skus": ",".join(f"S{number}" for number in range(11))}, "Name between 1 and 10 skus"),
            ({"evil": "x"}, "An argument is not one of this prompt's."),
            ({"location_id": SECOND}, "Resource not found"),
        ):
            with pytest.raises(MCPError) as refusal:
                await caller.get_prompt("offer_at_the_register", {**offer, **change})
            assert refusal.value.code == INVALID_PARAMS
            assert said in str(refusal.value)


@BOTH_ERAS
async def test_completion_offers_only_what_the_caller_may_list(database: Database, mode: str):
    async with open_house(database) as house:
        async with client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
            asked = (await caller.call_tool("propose_discount", COSTLESS)).structured_content
            assert await completed(caller, "offer_at_the_register", "location_id", "") == [FIRST]
            assert await completed(caller, "offer_at_the_register", "skus", "JE") == ["JEANS-L", "JEANS-M"]
            assert await completed(caller, "offer_at_the_register", "skus", "HAT-1,BE") == ["HAT-1,BELT-1"]
            assert await completed(caller, "offer_at_the_register", "transaction", "") == []
            assert await completed(caller, "why_this_decision", "id", "act_") == []
            stock = ResourceTemplateReference(uri="tillhand://stock/{sku}{?location_id}")
            told = await caller.complete(stock, {"name": "sku", "value": "HAT"})
            assert told.completion.values == ["HAT-1"]
            told = await caller.complete(
                ResourceTemplateReference(uri="tillhand://customers/{customer}"), {"name": "customer", "value": ""}
            )
            assert told.completion.values == []
        async with client(house, actor(Role.MANAGER), mode=mode) as caller:
            assert await completed(caller, "why_this_decision", "id", "act_") == [asked["action_id"]]
            assert set(await completed(caller, "restock_shop", "location_id", "STORE")) == {FIRST, SECOND}
        async with client(house, actor(Role.MANAGER, SECOND), mode=mode) as caller:
            assert await completed(caller, "why_this_decision", "id", "act_") == []


async def test_a_typed_percent_sign_is_no_pattern(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        assert await completed(caller, "restock_shop", "skus", "%") == []
        assert await completed(caller, "restock_shop", "skus", "x" * 500) == []
