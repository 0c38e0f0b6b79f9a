"""Credentials: shown once, kept as a digest, revoked at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.requests import Request

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Door, Role
from server.access import Bearers, add_credential, authenticate, list_credentials, revoke_credential

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def bearing(value: str) -> Request:
    return Request({"type": "http", "headers": [(b"authorization", value.encode())] if value else []})


async def add(database: Database, role: Role = Role.MANAGER, *places: str) -> str:
    async with database.transaction() as connection:
        return await add_credential(connection, f"{role}:ada", role, places or None, at=NOW)


async def test_a_key_makes_its_bearer_the_actor_it_was_made_for_and_is_kept_nowhere(database: Database):
    key = await add(database, Role.MANAGER, "S1", "S2")

    async with database.reading() as connection:
        actor = await authenticate(connection, key, Door.CONSOLE)
        kept = str((await connection.execute(text("SELECT t::text FROM credential AS t"))).all())

    assert (actor.id, actor.role, actor.locations, actor.door) == (
        "manager:ada",
        Role.MANAGER,
        frozenset({"S1", "S2"}),
        Door.CONSOLE,
    )
    assert key.startswith("th_")
    assert key.removeprefix("th_") not in kept


async def test_two_keys_are_never_the_same(database: Database):
    assert await add(database) != await add(database)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic th_x", "Bearer th_unknown", "Bearer nonsense"])
async def test_no_key_or_a_wrong_one_is_refused_alike(database: Database, header: str):
    with pytest.raises(Refused) as refused:
        await Bearers(database).actor(bearing(header), Door.MCP)

    assert refused.value.code in {"credential.missing", "credential.unknown"}


async def test_a_revoked_key_stops_working_within_seconds(database: Database):
    clock = [NOW]
    bearers = Bearers(database, lambda: clock[0])
    key = await add(database)
    await bearers.of_key(key, Door.MCP)
    async with database.transaction() as connection:
        (found,) = await list_credentials(connection)
        await revoke_credential(connection, found.name, at=NOW)

    clock[0] += timedelta(seconds=5)

    with pytest.raises(Refused):
        await bearers.of_key(key, Door.MCP)


async def test_a_credential_is_revoked_by_its_whole_name_only(database: Database):
    await add(database)
    async with database.transaction() as connection:
        (found,) = await list_credentials(connection)
        for name in ("", found.name[:11], "0" * 12):
            with pytest.raises(NotFound):
                await revoke_credential(connection, name, at=NOW)


async def test_a_models_key_makes_an_actor_that_is_a_model(database: Database):
    async with database.transaction() as connection:
        key = await add_credential(connection, "assistant:1", Role.ASSOCIATE, ["S1"], model=True, at=NOW)
        assert (await authenticate(connection, key, Door.MCP)).model is True
