"""Role by location by tool, address, prompt, page and door: everything the running product has, against the table."""

import json
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from starlette.routing import Mount, Route

from knowledge.store.tables import purchase, purchase_line
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Door, Role
from server.app import build_app
from tests.flows.access_table import ADDRESSES, DOORS, MCP, OPEN, PAGES, PROMPTS, SECTIONS, TOOLS, Things
from tests.flows.mcp_caller import Caller
from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio

HERE, THERE = "STORE_123", "STORE_NYC"
CANARY = 7_777_333  # what every variant costs, in cents


@dataclass(frozen=True, slots=True)
class Shop:
    """The whole house, and what lies at two locations."""

    opened: OpenHouse
    here: Things
    there: Things

    async def caller(self, role: Role, *places: str) -> Caller:
        return Caller(self.opened.client, await self.opened.key(role, *places))

    async def ledger(self) -> int:
        await self.opened.house.guard.flush()
        return await self.opened.count("SELECT count(*) FROM ledger")


@asynccontextmanager
async def shop(database_url: str, folder: Path) -> AsyncGenerator[Shop]:
    """A house in which every discount waits for a manager, with one waiting at each of two locations."""
    limits = folder / "limits.toml"
    told = DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1")
    limits.write_text(told, encoding="utf-8")
    many: dict[str, Any] = {"TILLHAND_READS_PER_MINUTE": "1000000", "TILLHAND_WRITES_PER_MINUTE": "1000000"}
    async with open_house(database_url, folder, TILLHAND_LIMITS=str(limits), **many) as opened:
        proposer = Caller(opened.client, await opened.key(Role.MANAGER, name="manager:proposer"))
        here, there = [await _things(opened, proposer, place) for place in (HERE, THERE)]
        yield Shop(opened, here, there)


async def _things(opened: OpenHouse, proposer: Caller, place: str) -> Things:
    bought, at = f"shopify:order:{9000 + sum(map(ord, place))}", datetime.now(UTC)
    async with opened.database.transaction() as connection:
        found = await connection.execute(
            text("SELECT sku FROM inventory_level WHERE location_id = :place AND available > 5 ORDER BY sku LIMIT 1"),
            {"place": place},
        )
        sku = str(found.scalar_one())
        ref = (await connection.execute(text("SELECT ref FROM customer ORDER BY ref LIMIT 1"))).scalar_one()
        sold = {"id": bought, "channel": "pos", "location_id": place, "customer_ref": ref, "occurred_at": at}
        await connection.execute(insert(purchase).values(**sold, received_at=at, total=2000, currency="USD"))
        await connection.execute(insert(purchase_line).values(purchase_id=bought, sku=sku, quantity=1, unit_price=2000))
    asked = {
        "location_id": place,
        "transaction": f"matrix-{place}",
        "skus": [sku],
        "percent": 5,
        "idempotency_key": f"matrix-{place}",
        "reason": "Something to look at",
        "dry_run": False,
    }
    told = (await proposer.call("propose_discount", asked))["result"]["structuredContent"]
    assert told["state"] == "waiting", told
    return Things(place, bought, told["action_id"], told["approval_id"], sku, ref)


def outcome(answer: Mapping[str, Any]) -> str:
    """What came of a call: "answered", "unknown", or the code of a refusal."""
    if "error" in answer:
        assert answer["error"]["code"] == -32602, answer
        return "unknown"
    result = answer["result"]
    return json.loads(result["content"][0]["text"])["error"]["code"] if result.get("isError") else "answered"


def plain(answer: Any, *names: str) -> str:
    """An answer's bytes, without the id of the call and without these names."""
    said = re.sub(r"call_[0-9a-f]{32}", "CALL", json.dumps(answer))
    for name in names:
        said = said.replace(name, "NAME")
    return said


def other(name: str) -> str:
    """A name like this one that nothing has."""
    return f"{name[:-1]}{'z' if name[-1] != 'z' else 'y'}"


async def test_every_tool_is_listed_to_and_called_by_exactly_the_roles_of_its_row(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        listed: dict[str, set[Role]] = {}
        for role in Role:
            for places in ((HERE,), ()):
                caller = await at.caller(role, *places)
                seen = {tool["name"] for tool in await caller.listed("tools/list", "tools")}
                for name in seen:
                    listed.setdefault(name, set()).add(role)
                for name, row in TOOLS.items():
                    assert (name in seen) == (role in row.roles), (role, name)
                    before = 0 if role in row.roles else await at.ledger()
                    answer = await caller.call(name, row.asked(at.here))
                    if role in row.roles:
                        assert outcome(answer) != "unknown", (role, name)
                        assert not outcome(answer).startswith("access."), (role, name)
                    else:
                        unknown = await caller.call(other(name), row.asked(at.here))
                        assert plain(answer, name) == plain(unknown, other(name)), (role, name)
                        assert await at.ledger() == before + 2, (role, name)

        existing = {tool.name for role in Role for tool in at.opened.house.guard.visible(await _actor(at, role))}
        assert existing == set(TOOLS), "a tool without a row, or a row without a tool"
        assert listed == {name: set(row.roles) for name, row in TOOLS.items() if row.roles}


async def test_no_tool_reaches_beyond_the_callers_locations_and_every_denial_is_on_record(
    database_url: str, tmp_path: Path
):
    async with shop(database_url, tmp_path) as at:
        for name, row in TOOLS.items():
            for role in row.roles:
                bound, free = await at.caller(role, HERE), await at.caller(role)
                before = await at.ledger()
                answer = await bound.call(name, row.asked(at.there))
                assert await at.ledger() == before + 1, (role, name)
                if row.outside == "unknown":
                    never = await bound.call(name, row.asked(at.there.nowhere()))
                    assert _same(at, answer, never), (role, name)
                elif row.outside:
                    assert outcome(answer) == row.outside, (role, name)
                reached = await free.call(name, row.asked(at.there))
                assert outcome(reached) != "unknown", (role, name)
                assert not outcome(reached).startswith("access."), (role, name)


async def test_every_address_is_listed_to_and_read_by_exactly_the_roles_of_its_row(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        existing: set[str] = set()
        for role in Role:
            caller = await at.caller(role, HERE)
            fixed = {each["uri"] for each in await caller.listed("resources/list", "resources")}
            varied = await caller.listed("resources/templates/list", "resourceTemplates")
            seen = fixed | {each["uriTemplate"] for each in varied}
            existing |= seen
            for template, row in ADDRESSES.items():
                uri = row.asked(at.here)
                assert (template in seen) == (role in row.roles), (role, template)
                answer = (await caller.send("resources/read", {"uri": uri})).json()
                if role not in row.roles:
                    unknown = (await caller.send("resources/read", {"uri": "tillhand://nothing"})).json()
                    assert plain(answer, uri) == plain(unknown, "tillhand://nothing"), (role, template)
                else:
                    assert "result" in answer, (role, template, answer)
                if role in row.roles and row.outside:
                    answer = (await caller.send("resources/read", {"uri": row.asked(at.there)})).json()
                    assert "Resource not found" in plain(answer), (role, template)
                    assert at.there.place not in plain(answer, row.asked(at.there)), (role, template)
        assert existing == set(ADDRESSES), "an address without a row, or a row without an address"


async def test_every_prompt_is_listed_to_and_opened_by_exactly_the_roles_of_its_row(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        existing: set[str] = set()
        for role in Role:
            caller = await at.caller(role, HERE)
            seen = {each["name"] for each in await caller.listed("prompts/list", "prompts")}
            existing |= seen
            for name, row in PROMPTS.items():
                assert (name in seen) == (role in row.roles), (role, name)
                answer = (await caller.send("prompts/get", {"name": name, "arguments": row.asked(at.here)})).json()
                if role in row.roles:
                    assert "result" in answer, (role, name, answer)
                else:
                    unknown = (await caller.send("prompts/get", {"name": other(name), "arguments": {}})).json()
                    assert plain(answer, name) == plain(unknown, other(name)), (role, name)
                if role in row.roles and row.outside:
                    beyond = {"name": name, "arguments": row.asked(at.there)}
                    answer = (await caller.send("prompts/get", beyond)).json()
                    assert "Resource not found" in plain(answer), (role, name)
        assert existing == set(PROMPTS), "a prompt without a row, or a row without a prompt"


async def test_every_page_and_form_is_used_by_exactly_the_roles_of_its_row(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        for role in Role:
            for places in ((HERE,), ()):
                await _see_pages(at, role, *places)


async def _see_pages(at: Shop, role: Role, *places: str) -> None:
    """Sign in as this role, and use everything there is."""
    client = at.opened.client
    client.cookies.clear()
    signed_in = await client.post("/console/login", data={"key": await at.opened.key(role, *places)})
    assert (signed_in.status_code == 303) == role.person, role
    kept = dict(client.cookies)
    page = (await client.get("/console/")).text
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    for mark, roles in SECTIONS.items():
        assert (mark in page) == (role in roles), (role, mark)
    for (method, path), row in PAGES.items():
        client.cookies.clear()
        client.cookies.update(kept)
        form = None if row.form is None else {**row.form, "token": found[1] if found else ""}
        answer = await client.request(method, row.path(at.here), data=form)
        served = answer.status_code in row.served and "Your key" not in answer.text
        allowed = role in row.roles and not (row.chain and places)
        assert served == allowed, (role, places, method, path, answer.status_code)


@pytest.mark.parametrize("narrowed", [{"model": True}, {"toolsets": ["shop", "decisions"]}])
async def test_no_model_and_no_narrowed_key_signs_in_at_the_console(
    database_url: str, tmp_path: Path, narrowed: Mapping[str, Any]
):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        key = await opened.key(Role.MANAGER, **narrowed)
        assert (await opened.client.post("/console/login", data={"key": key})).status_code == 403


async def test_every_door_of_programs_is_used_by_exactly_the_roles_of_its_row(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        for role in Role:
            headers = {"authorization": f"Bearer {await opened.key(role, HERE)}", "content-type": "application/json"}
            for (method, path), roles in DOORS.items():
                answer = await opened.client.request(method, path, content="{}", headers=headers)
                refused = answer.status_code in {401, 403, 404}
                assert refused == (role not in roles), (role, path, answer.status_code)


async def test_there_is_no_door_or_page_without_a_row(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        found = set(_routes(build_app(opened.house).routes))

        assert found == set(PAGES) | set(DOORS) | OPEN | MCP


async def test_an_associate_of_one_store_never_reads_of_another_nor_what_goods_cost(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        async with at.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE variant SET unit_cost = :cost"), {"cost": CANARY})
            foreign = await connection.execute(
                text(
                    "SELECT id FROM location WHERE id <> :here UNION SELECT id FROM purchase WHERE location_id <> :here"
                ),
                {"here": HERE},
            )
            names = set(foreign.scalars())
        caller = await at.caller(Role.ASSOCIATE, HERE)

        said = [answer async for answer in _everything(caller, at.here)]
        control = [answer async for answer in _everything(await at.caller(Role.MANAGER), at.here)]

        assert len(said) > 10
        for answer in said:
            whole = json.dumps(answer)
            assert str(CANARY) not in whole
            assert not {name for name in _keys(answer) if re.search("cost|margin", name)}, whole[:2000]
            assert not {name for name in names if f'"{name}"' in whole or f'\\"{name}\\"' in whole}, whole[:2000]
        assert any(f'\\"{THERE}\\"' in json.dumps(answer) for answer in control)  # the search does find what is there


async def test_marketing_reads_of_offers_and_never_whom_they_were_for_nor_what_goods_cost(
    database_url: str, tmp_path: Path
):
    async with shop(database_url, tmp_path) as at:
        answers = {
            role: await (await at.caller(role)).call("explain_decision", {"id": at.here.action})
            for role in (Role.MANAGER, Role.MARKETING, Role.FRAUD_ANALYST)
        }
        keys = {role: set(_keys(answer["result"]["structuredContent"])) for role, answer in answers.items()}

        assert {"customer_day_total", "margin_after"} <= keys[Role.MANAGER]
        assert not {name for name in keys[Role.MARKETING] if re.search("customer_|cost|margin", name)}
        assert "customer_day_total" in keys[Role.FRAUD_ANALYST]
        assert not {name for name in keys[Role.FRAUD_ANALYST] if re.search("cost|margin", name)}


async def test_an_auditor_sees_no_tool_that_changes_anything(database_url: str, tmp_path: Path):
    async with shop(database_url, tmp_path) as at:
        for role in (Role.AUDITOR, Role.FRAUD_ANALYST):
            for tool in await (await at.caller(role)).listed("tools/list", "tools"):
                assert tool["annotations"]["readOnlyHint"] is True, (role, tool["name"])


async def _everything(caller: Caller, at: Things) -> AsyncGenerator[Any]:
    """Every answer this caller can get: tools without a location, addresses, prompts, completions."""
    for tool in await caller.listed("tools/list", "tools"):
        asked = {name: value for name, value in TOOLS[tool["name"]].asked(at).items() if name != "location_id"}
        yield await caller.call(tool["name"], asked)
        yield await caller.call(tool["name"], TOOLS[tool["name"]].asked(at))
    for uri in (
        f"tillhand://stock/{at.sku}",
        f"tillhand://customers/{at.customer}",
        f"tillhand://orders/{at.order}",
        "tillhand://policies",
        "tillhand://approvals",
    ):
        yield (await caller.send("resources/read", {"uri": uri})).json()
    for prompt in await caller.listed("prompts/list", "prompts"):
        asked = {"name": prompt["name"], "arguments": PROMPTS[prompt["name"]].asked(at)}
        yield (await caller.send("prompts/get", asked)).json()
    for typed in ("", "S", "W"):
        told = {
            "ref": {"type": "ref/resource", "uri": "tillhand://stock/{sku}{?location_id}"},
            "argument": {"name": "location_id", "value": typed},
        }
        yield (await caller.send("completion/complete", told)).json()


def _keys(value: Any) -> Iterator[str]:
    """Every name in an answer, and in the JSON its texts hold."""
    if isinstance(value, dict):
        for name, each in value.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _keys(each)
    elif isinstance(value, str) and value.startswith("{"):
        yield from _keys(json.loads(value))


def _same(at: Shop, one: Any, another: Any) -> bool:
    there, nowhere = at.there, at.there.nowhere()
    names = (there.order, there.action, there.approval), (nowhere.order, nowhere.action, nowhere.approval)
    return plain(one, *names[0]) == plain(another, *names[1])


def _routes(routes: Iterable[Any], before: str = "") -> Iterator[tuple[str, str]]:
    for each in routes:
        if isinstance(each, Mount):
            yield from _routes(each.routes or (), before + each.path)
        else:
            assert isinstance(each, Route)
            for method in (each.methods or {"ANY"}) - {"HEAD"}:
                yield method, before + each.path


async def _actor(at: Shop, role: Role) -> Any:
    return await at.opened.house.bearers.of_key(await at.opened.key(role), Door.MCP)
