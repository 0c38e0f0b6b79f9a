"""Who comes in at the MCP door with an OAuth token, and who does not: the security list's part on identity, by name."""

import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from mcp import Client
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from server.access import sign_out
from server.mcp.endpoint import build_server
from tests.flows.mcp_caller import Caller
from tests.flows.open_house import SAMPLE, OpenHouse, open_house
from tests.issuer import ISSUER, RESOURCE, Issuer, key_set
from tests.mcp_house import open_house as open_small_house

pytestmark = pytest.mark.anyio

METADATA = 'resource_metadata="https://till.example.com/.well-known/oauth-protected-resource/mcp"'


def issuer() -> Issuer:
    return Issuer(datetime.now(UTC))


@asynccontextmanager
async def trusting(
    database_url: str, folder: Path, *, filled: bool = False, jwks: str = "", **more: Any
) -> AsyncGenerator[OpenHouse]:
    """A house that takes the issuer's tokens."""
    file = folder / "keys.json"
    file.write_bytes(key_set("ES256", "RS256"))
    settings: dict[str, Any] = {
        "TILLHAND_OAUTH_ISSUER": ISSUER,
        "TILLHAND_OAUTH_AUDIENCE": RESOURCE,
        "TILLHAND_OAUTH_JWKS": jwks or str(file),
        **more,
    }
    async with open_house(database_url, folder, filled=filled, **settings) as opened:
        yield opened


async def names(caller: Caller) -> set[str]:
    return {tool["name"] for tool in await caller.listed("tools/list", "tools")}


async def test_no_expired_foreign_unsigned_or_forged_token_is_answered_401_and_told_where_to_get_one(
    database_url: str, tmp_path: Path
):
    past = datetime.now(UTC) - timedelta(hours=1)
    wrong = {
        "none": "",
        "expired": Issuer(past).token(),
        "wrong issuer": issuer().token(iss="https://login.example.com/other"),
        "wrong audience": issuer().token(aud="https://other.example.com/mcp"),
        "no audience": issuer().token(aud=None),
        "not signed": issuer().token(algorithm="none"),
        "wrong key": issuer().token(key="ES256-stolen", header={"kid": "ES256"}),
        "nonsense": "nonsense",
    }
    async with trusting(database_url, tmp_path) as opened:
        for name, token in wrong.items():
            answer = await Caller(opened.client, token).send("tools/list")
            assert answer.status_code == 401, name
            assert METADATA in answer.headers["www-authenticate"], name
            assert ('error="invalid_token"' in answer.headers["www-authenticate"]) is bool(token), name
            assert not token or token not in answer.text
        for name, token in wrong.items():  # the registers' doors judge alike
            answer = await opened.check_out(SAMPLE, token)
            assert answer.status_code == 401, name
            assert METADATA in answer.headers["www-authenticate"], name


async def test_the_metadata_names_our_address_the_issuer_and_every_scope(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"):
            answer = await opened.client.get(path)
            told = answer.json()
            assert (told["resource"], told["authorization_servers"]) == (RESOURCE, [ISSUER])
            assert told["bearer_methods_supported"] == ["header"]
            assert {"tillhand:shop", "tillhand:register"} < set(told["scopes_supported"])
            assert answer.headers["access-control-allow-origin"] == "*"


async def test_without_an_issuer_there_is_no_metadata_and_no_token_opens(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        assert (await opened.client.get("/.well-known/oauth-protected-resource/mcp")).status_code == 404
        answer = await Caller(opened.client, issuer().token()).send("tools/list")
        assert answer.status_code == 401
        assert "resource_metadata" not in answer.headers["www-authenticate"]


async def test_a_token_in_the_address_is_refused(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        token = issuer().token()
        for address in ("/mcp?access_token=", "/rules/lightspeed?key=", "/v1/checkout?access_token="):
            answer = await opened.client.post(f"{address}{token}", json=SAMPLE)
            assert answer.status_code == 401, address
        assert (await Caller(opened.client, token, f"/mcp?access_token={token}").send("tools/list")).status_code == 401


async def test_a_token_without_a_scope_of_ours_is_answered_403_with_the_scopes_there_are(
    database_url: str, tmp_path: Path
):
    async with trusting(database_url, tmp_path) as opened:
        for scope in ("openid profile", "tillhand:everything", "tillhand:register", None):
            answer = await Caller(opened.client, issuer().token(scope=scope)).send("tools/list")
            challenge = answer.headers["www-authenticate"]
            assert answer.status_code == 403, scope
            assert 'error="insufficient_scope"' in challenge
            assert 'scope="tillhand:' in challenge
            assert METADATA in challenge


async def test_claims_that_mean_nothing_here_open_nothing(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        wrong: list[dict[str, Any]] = [
            {"role": "admin"},
            {"role": None},
            {"locations": ["NOWHERE"]},
            {"sub": "ada@example.com"},
        ]
        for claims in wrong:
            answer = await Caller(opened.client, issuer().token(**claims)).send("tools/list")
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "oauth.claim")


async def test_scopes_narrow_the_list_and_what_they_hide_is_unknown(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        wide = Caller(opened.client, issuer().token(scope="tillhand:shop tillhand:approvals", model=False))
        narrow = Caller(opened.client, issuer().token(scope="tillhand:shop", model=False))

        assert {"search_products", "list_approvals"} <= await names(wide)
        assert "search_products" in await names(narrow)
        assert "list_approvals" not in await names(narrow)
        hidden, unknown = await narrow.call("list_approvals"), await narrow.call("list_nonsenses")
        assert json.dumps(hidden).replace("list_approvals", "X") == json.dumps(unknown).replace("list_nonsenses", "X")


async def test_an_assistant_has_its_persons_role_but_never_approves(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        scope = "tillhand:approvals tillhand:decisions tillhand:offers tillhand:stock"
        person = await names(Caller(opened.client, issuer().token(scope=scope, model=False)))
        assistant = await names(Caller(opened.client, issuer().token(scope=scope)))

        assert "decide_approval" in person
        assert "decide_approval" not in assistant
        assert "propose_transfer" in assistant


async def test_a_token_of_a_register_opens_the_checkout_and_no_tool(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path, filled=True, TILLHAND_CHECKOUT_MS="5000") as opened:
        claims: dict[str, Any] = {
            "role": "register",
            "sub": "till-7",
            "locations": ["STORE_123"],
            "scope": "tillhand:register",
        }

        answer = await opened.check_out(SAMPLE, issuer().token(**claims))
        claims["locations"] = ["STORE_NYC"]
        elsewhere = await opened.check_out(SAMPLE, issuer().token(**claims))
        assistant = await opened.check_out(SAMPLE, issuer().token())

        assert answer.status_code == 200
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "access.outside_locations")
        assert (assistant.status_code, assistant.json()["code"]) == (403, "access.scope")
        assert 'error="insufficient_scope"' in assistant.headers["www-authenticate"]
        assert (await Caller(opened.client, issuer().token(**claims)).send("tools/list")).status_code == 403


async def test_neither_key_nor_token_ever_reaches_a_platform(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path, filled=True, TILLHAND_CHECKOUT_MS="5000") as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        register = issuer().token(
            role="register", sub="till-7", locations=["STORE_123"], scope="tillhand:register", jti="canary"
        )
        manager = issuer().token(scope="tillhand:stock tillhand:offers tillhand:shop", model=False)
        await opened.check_out(SAMPLE, key)
        await opened.check_out({**SAMPLE, "pos_transaction_id": "TXN_2"}, register)
        await opened.drain()
        await Caller(opened.client, manager).call("propose_discount", _discount(opened))
        await opened.house.background.close()

        said = b"".join(opened.retailer.heard)

        assert len(said) > 100
        for secret in (key, register, manager, *register.split("."), *manager.split(".")[1:]):
            assert secret.encode() not in said


async def test_identity_is_never_taken_from_headers_or_arguments(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        caller = Caller(opened.client, issuer().token(role="associate", locations=["STORE_123"]))
        before = (await caller.send("tools/list")).json()

        pretending = {"x-user": "operator:local", "x-role": "operator", "x-forwarded-user": "ada"}
        after = (await caller.send("tools/list", headers=pretending)).json()
        argued = await caller.call("check_inventory", {"sku": "PROD_001", "role": "operator", "actor": "manager:ada"})

        assert before == after
        assert argued["result"]["isError"]
        assert "arguments.invalid" in json.dumps(argued)


async def test_a_person_signed_out_opens_nothing_from_the_next_call_on(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        caller = Caller(opened.client, issuer().token())
        before = await caller.send("tools/list")
        async with opened.database.transaction() as connection:
            await sign_out(connection, "ada", by="operator:local", at=datetime.now(UTC))

        assert (before.status_code, (await caller.send("tools/list")).status_code) == (200, 401)


async def test_within_one_session_each_call_is_judged_by_the_token_it_carries(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path) as opened:
        wide = Caller(opened.client, issuer().token(model=False))
        lower = issuer().token(model=False, role="associate")
        session = await _handshake(wide)
        old = {"mcp-protocol-version": "2025-11-25", "mcp-method": "", "mcp-session-id": session}

        before = await wide.send("tools/list", headers=old)
        after = await Caller(opened.client, lower).send("tools/list", headers=old)
        other = await Caller(opened.client, issuer().token(model=False, sub="bob")).send("tools/list", headers=old)

        assert "list_approvals" in before.text
        assert (after.status_code, "list_approvals" in after.text) == (200, False)
        assert other.status_code == 404


async def test_keys_that_cannot_be_had_are_no_reason_to_call_anybody_a_stranger(database_url: str, tmp_path: Path):
    async with trusting(database_url, tmp_path, jwks="http://127.0.0.1:9/keys") as opened:
        answer = await Caller(opened.client, issuer().token()).send("tools/list")
        keyed = await Caller(opened.client, await opened.key(Role.MANAGER)).send("tools/list")

        assert answer.status_code == 503
        assert answer.json()["code"] == "oauth.keys_unavailable"
        assert keyed.status_code == 200


async def test_keys_are_fetched_from_the_issuers_address_and_not_at_a_strangers_pace(database_url: str, tmp_path: Path):
    published = ["ES256"]

    async def keys(_: Request) -> Response:
        return Response(key_set(*published), media_type="application/json")

    async with (
        _served(Starlette(routes=[Route("/keys", keys)])) as home,
        trusting(database_url, tmp_path, jwks=f"{home}/keys") as opened,
    ):
        first = await Caller(opened.client, issuer().token()).send("tools/list")
        published[:] = ["RS256"]
        early = await Caller(opened.client, issuer().token(key="RS256")).send("tools/list")

        # a stranger's key id is asked about once a minute; the unit tests see the minute end
        assert (first.status_code, early.status_code) == (200, 401)


async def test_in_memory_without_a_principal_there_are_no_tools_at_all(database: Database):
    async with open_small_house(database) as house:
        async with Client(build_server(house.guard, lambda _: None), cache=None) as nobody:
            assert (await nobody.list_tools()).tools == []
            assert (await nobody.list_resources()).resources == []
            assert (await nobody.list_resource_templates()).resource_templates == []
            assert (await nobody.list_prompts()).prompts == []
            with pytest.raises(Exception, match="Unknown tool"):
                await nobody.call_tool("check_inventory", {"sku": "JEANS-M"})
        async with database.reading() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM action"))).scalar_one() == 0


def _discount(opened: OpenHouse) -> dict[str, Any]:
    sku = next(iter(opened.retailer.world.variants))
    return {
        "location_id": "STORE_123",
        "transaction": "till-7-0001",
        "skus": [sku],
        "percent": 5,
        "idempotency_key": "identity-test-1",
        "reason": "A regular hesitates over the price",
    }


async def _handshake(caller: Caller) -> str:
    told = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    opened = await caller.send("initialize", told, {"mcp-protocol-version": "", "mcp-method": ""})
    return opened.headers["mcp-session-id"]


@asynccontextmanager
async def _served(app: Starlette) -> AsyncGenerator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [free])
            with anyio.fail_after(10):
                while not server.started:
                    await anyio.lowlevel.checkpoint()
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
            server.should_exit = True
