"""Whoever sends a request is who the store says at that moment, however many come at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from starlette.requests import Request

from knowledge.store.session import Database
from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.access import add_credential, list_credentials, revoke_credential, rotate_credential, sign_out
from server.bearers import Bearers, recognize_actor, whole
from server.oauth.issuer_keys import IssuerKeys
from server.oauth.tokens import Expected, Tokens
from tests.issuer import ISSUER, RESOURCE, Issuer, key_set

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def bearing(*values: str, query: str = "") -> Request:
    headers = [(b"authorization", value.encode()) for value in values if value]
    return Request({"type": "http", "headers": headers, "query_string": query.encode()})


async def add(database: Database, name: str, role: Role = Role.MANAGER, *places: str, **more: Any) -> str:
    async with database.transaction() as connection:
        return await add_credential(connection, name, role, places or None, at=NOW, **more)


async def revoke(database: Database, actor_id: str) -> None:
    async with database.transaction() as connection:
        for found in await list_credentials(connection):
            if found.actor_id == actor_id:
                await revoke_credential(connection, found.name, at=NOW)


def bearers(database: Database) -> Bearers:
    async def keys() -> bytes:
        return key_set("ES256")

    places = frozenset({LocationId("S1")})
    tokens = Tokens(Expected(ISSUER, RESOURCE), IssuerKeys(keys), places, lambda: NOW)
    return Bearers(database, lambda: NOW, tokens)


async def test_a_key_makes_its_bearer_the_actor_it_was_made_for(database: Database):
    key = await add(database, "manager:ada", Role.MANAGER, "S1", "S2")

    actor = await bearers(database).actor(bearing(f"Bearer {key}"), Door.CHECKOUT)

    assert actor == Actor("manager:ada", Role.MANAGER, frozenset({LocationId("S1"), LocationId("S2")}), Door.CHECKOUT)


async def test_a_models_key_makes_an_actor_that_is_a_model(database: Database):
    key = await add(database, "assistant:1", Role.ASSOCIATE, model=True)

    assert (await bearers(database).of_key(key, Door.MCP)).model is True


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic th_x", "Bearer th_unknown", "Bearer th_é", "Bearer nonsense"]
)
async def test_no_key_or_a_wrong_one_is_refused_alike(database: Database, header: str):
    for some in (Bearers(database), bearers(database)):
        with pytest.raises(Refused) as refused:
            await some.actor(bearing(header), Door.EVENT)

        assert refused.value.code in {"credential.missing", "credential.unknown"}


async def test_two_headers_are_one_too_many_and_an_address_is_no_place_for_a_credential(database: Database):
    key = await add(database, "r", Role.REGISTER, "S1")

    for request in (
        bearing(f"Bearer {key}", f"Bearer {key}"),
        bearing(query=f"access_token={key}"),
        bearing(f"Bearer {key}", query="access_token=x"),
        bearing(f"Bearer {key}", query="access_token="),
    ):
        with pytest.raises(Refused):
            await bearers(database).actor(request, Door.CHECKOUT)


async def test_a_call_that_comes_after_the_revocation_is_refused_even_among_many(database: Database):
    key = await add(database, "manager:ada")
    some = bearers(database)
    early: list[Actor] = []

    async def call() -> None:
        early.append(await some.of_key(key, Door.CHECKOUT))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
        assert len(early) == 20
        await revoke(database, "manager:ada")
        for _ in range(3):
            with pytest.raises(Refused):
                await some.of_key(key, Door.CHECKOUT)


async def test_a_replaced_key_opens_nothing_from_the_next_call_on(database: Database):
    key = await add(database, "manager:ada")
    some = bearers(database)
    await some.of_key(key, Door.CHECKOUT)

    async with database.transaction() as connection:
        [found] = await list_credentials(connection)
        new = await rotate_credential(connection, found.name, at=NOW)

    with pytest.raises(Refused):
        await some.of_key(key, Door.CHECKOUT)
    assert (await some.of_key(new, Door.CHECKOUT)).id == "manager:ada"


async def test_a_narrowed_credential_opens_the_registers_doors_only_when_it_says_so(database: Database):
    narrow = await add(database, "r:1", Role.REGISTER, "S1", toolsets=["shop"])
    meant = await add(database, "r:2", Role.REGISTER, "S1", toolsets=["register"])

    with pytest.raises(Refused) as refused:
        await bearers(database).actor(bearing(f"Bearer {narrow}"), Door.CHECKOUT)

    assert refused.value.code == "access.scope"
    assert (await bearers(database).actor(bearing(f"Bearer {meant}"), Door.CHECKOUT)).id == "r:2"
    with pytest.raises(Refused):
        whole(await bearers(database).of_key(meant, Door.CLI))


async def test_whoever_acts_for_a_person_has_what_both_have_and_never_approves(database: Database):
    await add(database, "manager:ada", Role.MANAGER, "S1", "S2", toolsets=["shop", "approvals"])
    key = await add(
        database, "assistant:1", Role.MANAGER, "S2", "S3", on_behalf_of="manager:ada", toolsets=["shop", "offers"]
    )

    actor = await bearers(database).of_key(key, Door.MCP)

    assert (actor.id, actor.on_behalf_of, actor.model) == ("assistant:1", "manager:ada", True)
    assert (actor.locations, actor.toolsets) == ({"S2"}, {"shop"})


async def test_what_a_person_loses_their_assistant_loses_at_once(database: Database):
    await add(database, "manager:ada")
    key = await add(database, "assistant:1", on_behalf_of="manager:ada")
    some = bearers(database)
    before = await some.of_key(key, Door.MCP)

    async with database.transaction() as connection:
        await connection.execute("UPDATE credential SET locations = '{S1}' WHERE actor_id = 'manager:ada'")
    narrowed = await some.of_key(key, Door.MCP)
    async with database.transaction() as connection:
        await connection.execute("UPDATE credential SET role = 'associate' WHERE actor_id = 'manager:ada'")

    assert (before.locations, narrowed.locations) == (None, {"S1"})
    with pytest.raises(Refused):
        await some.of_key(key, Door.MCP)


async def test_a_token_is_its_persons_at_every_door_until_they_are_signed_out(database: Database):
    some = bearers(database)
    token = Issuer().token(role="register", sub="till-7", locations=["S1"], scope="tillhand:register")

    actor = await some.actor(bearing(f"Bearer {token}"), Door.CHECKOUT)
    async with database.transaction() as connection:
        await sign_out(connection, "till-7", by="operator:local", at=NOW)

    assert (actor.id, actor.role, actor.locations) == ("till-7", Role.REGISTER, {"S1"})
    with pytest.raises(Refused) as refused:
        await some.actor(bearing(f"Bearer {token}"), Door.CHECKOUT)
    assert refused.value.code == "credential.unknown"
    again = Issuer(NOW + timedelta(seconds=1)).token(
        role="register", sub="till-7", locations=["S1"], scope="tillhand:register"
    )
    assert await some.actor(bearing(f"Bearer {again}"), Door.CHECKOUT)
    async with database.transaction() as connection:
        await sign_out(connection, "till-7", by="operator:local", at=NOW + timedelta(seconds=2))
    with pytest.raises(Refused):
        await some.actor(bearing(f"Bearer {again}"), Door.CHECKOUT)


async def test_a_token_for_tools_opens_no_registers_door(database: Database):
    with pytest.raises(Refused) as refused:
        await bearers(database).actor(bearing(f"Bearer {Issuer().token()}"), Door.EVENT)

    assert refused.value.code == "access.scope"


async def test_a_token_is_nothing_to_a_house_without_an_issuer(database: Database):
    with pytest.raises(Refused):
        await Bearers(database).of_bearer(Issuer().token(), Door.MCP)


async def test_a_named_actor_is_who_their_newest_key_in_force_says(database: Database):
    await add(database, "planner:kim", Role.PLANNER)
    quick = database.quick

    before = await recognize_actor(quick, "planner:kim", Door.MCP, NOW)
    async with database.transaction() as connection:
        await add_credential(connection, "planner:kim", Role.PLANNER, ["S1"], at=NOW + timedelta(seconds=1))
    after = await recognize_actor(quick, "planner:kim", Door.MCP, NOW + timedelta(seconds=1))
    await revoke(database, "planner:kim")

    assert before is not None
    assert after is not None
    assert (before.locations, after.locations) == (None, {"S1"})
    assert await recognize_actor(quick, "planner:kim", Door.MCP, NOW) is None


async def test_while_the_database_is_gone_nobody_is_called_a_stranger(database: Database):
    key = await add(database, "manager:ada")
    some = bearers(database)
    await database.quick.close()

    with pytest.raises(Unavailable):
        await some.of_key(key, Door.MCP)
    with pytest.raises(Unavailable):
        await some.of_bearer(Issuer().token(), Door.MCP)
