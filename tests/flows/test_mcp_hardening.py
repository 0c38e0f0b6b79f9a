"""The MCP door holds against depth, strange methods, shared caches, leaked keys, and a ledger that is gone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest

from knowledge.store.session import Database
from policies.errors import NotFound
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CorrelationId
from server.mcp import transports
from server.mcp.tools import definition
from tests.mcp_house import open_house
from tests.mcp_served import META, TRUSTED, Served, calling, serve
from tests.small_chain import FIRST, PHONE, actor
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
HERE = Path(__file__).parents[2]
DISCOUNT: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["JEANS-M"],
    "percent": 10,
    "idempotency_key": "hardening-1",
    "reason": "A regular hesitates over the price",
}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("search_products", {"text": "jeans", "location_id": FIRST}),
    ("check_inventory", {"sku": "JEANS-M"}),
    ("find_customer", {"phone": PHONE}),
    ("get_order", {"order_id": "shopify:order:1001"}),
    ("list_approvals", {}),
    ("propose_discount", {**DISCOUNT, "dry_run": True}),
    ("propose_discount", DISCOUNT),
    ("propose_discount", {**DISCOUNT, "skus": ["HAT-1"], "idempotency_key": "hardening-2"}),
    ("propose_discount", {**DISCOUNT, "percent": 31, "idempotency_key": "hardening-3"}),
    ("get_order", {"order_id": "nothing"}),
]


async def _ask(served: Served, key: str, method: str, params: dict[str, Any] | None = None) -> httpx2.Response:
    headers = {
        "authorization": f"Bearer {key}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), "_meta": META}}
    async with httpx2.AsyncClient(verify=TRUSTED) as http:
        return await http.post(f"{served.root}/mcp", json=body, headers=headers)


async def test_a_body_nested_beyond_reading_is_refused(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        for deep in ("[" * 5_000 + "]" * 5_000, '{"a":' * 20_000 + "1" + "}" * 20_000):
            answer = await served.raw(key, calling("check_inventory", f'{{"sku":{deep}}}'))
            assert answer.status_code == 400 or answer.json()["result"]["isError"]


async def test_one_session_too_many_is_told_to_come_back(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transports, "MAX_SESSIONS", 2)
    about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    opening = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    async with open_house(database) as house, serve(house) as served, httpx2.AsyncClient(verify=TRUSTED) as http:
        key = await served.key(Role.MANAGER)
        headers = {"authorization": f"Bearer {key}", "accept": "application/json, text/event-stream"}
        answers = [await http.post(f"{served.root}/mcp", json=opening, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 503]


async def test_a_method_we_do_not_know_is_refused(database: Database):
    async with open_house(database) as house, serve(house) as served:
        for method in ("tools/enable", "admin/shutdown", "logging/setLevel", "tasks/list"):
            answer = await _ask(served, await served.key(Role.MANAGER), method)
            assert answer.json()["error"]["code"] == -32601


async def test_no_list_may_be_kept_by_whoever_serves_several_callers(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        for method in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
            result = (await _ask(served, key, method)).json()["result"]
            assert result["cacheScope"] == "private", method


@BOTH_ERAS
async def test_every_answer_fits_the_schema_its_tool_declares(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        async with served.client(key, mode) as caller:
            results = [(tool, await caller.call_tool(tool, arguments)) for tool, arguments in ASKED]
        for tool, result in results:
            if result.is_error:
                assert result.structured_content is None
                continue
            declared = definition(house.tools[tool]).output_schema
            assert declared is not None
            jsonschema.validate(result.structured_content, declared)
            house.tools[tool].answer.model_validate_json(json.dumps(result.structured_content))


@BOTH_ERAS
async def test_a_callers_key_comes_back_in_no_answer_and_no_record(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        told: list[str] = []
        async with served.client(key, mode) as caller:
            told += [tool.model_dump_json() for tool in (await caller.list_tools()).tools]
            for tool, arguments in ASKED:
                told.append((await caller.call_tool(tool, arguments)).model_dump_json())
        await house.guard.flush()
        async with database.reading() as connection:
            for table in ("ledger", "action", "approval", "credential"):
                rows = await connection.execute(f"SELECT to_jsonb({table})::text FROM {table}")  # noqa: S608  # names of ours
                told += list(rows.scalars())
        assert not [each for each in told if key in each or key.partition("_")[2] in each]


async def test_a_tool_that_no_rule_speaks_of_is_nobodys(database: Database):
    async with open_house(database) as house:
        known = house.tools["check_inventory"]
        house.tools["print_money"] = replace(known, name="print_money")
        for role in Role:
            assert "print_money" not in {tool.name for tool in house.guard.visible(actor(role))}
            with pytest.raises(NotFound):
                await house.guard.invoke(
                    actor(role), "print_money", {"sku": "JEANS-M"}, Origin(CorrelationId("call_1"), "call_1")
                )


@BOTH_ERAS
async def test_without_a_ledger_nothing_is_done(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        async with database.transaction() as connection:
            await connection.execute("ALTER TABLE ledger RENAME TO lost")
        told = await served.call(key, "propose_discount", DISCOUNT, mode)
        assert told["error"]["code"] == "internal.failed"
        assert house.platform.calls == 0
        async with database.reading() as connection:
            assert (await connection.execute("SELECT count(*) FROM action")).scalar_one() == 0


def test_no_question_sends_a_person_to_an_address():
    for file in (HERE / "server").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert "ElicitRequestURL" not in source
        assert "elicit_url" not in source


def test_nobody_can_register_a_client_or_get_a_token_here():
    source = "".join(file.read_text(encoding="utf-8") for file in (HERE / "server").rglob("*.py"))
    assert not [
        word for word in ("OAuthAuthorizationServerProvider", "ClientRegistration", '"/token"') if word in source
    ]
