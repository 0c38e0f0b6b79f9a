"""Credentials promise to be as the store has them after the call came, however many come at once."""

from datetime import UTC, datetime

import anyio
import pytest

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from server.access import add_credential, list_credentials, revoke_credential
from server.mcp.credentials import Credentials

pytestmark = pytest.mark.anyio


@pytest.fixture
async def key(database: Database) -> str:
    async with database.transaction() as connection:
        return await add_credential(connection, "m:ada", Role.MANAGER, ["STORE_1"], model=True, at=datetime.now(UTC))


async def revoke(database: Database) -> None:
    async with database.transaction() as connection:
        [credential] = await list_credentials(connection)
        await revoke_credential(connection, credential.name, at=datetime.now(UTC))


async def test_a_key_is_its_actor(database: Database, key: str):
    actor = await Credentials(database)(key)
    assert (actor.id, actor.role, actor.locations, actor.door, actor.model) == (
        "m:ada",
        Role.MANAGER,
        {"STORE_1"},
        Door.MCP,
        True,
    )


@pytest.mark.parametrize("wrong", ["", "th_unknown", "th_" + "é" * 9])
async def test_an_unknown_key_is_refused(database: Database, wrong: str):
    with pytest.raises(Refused):
        await Credentials(database)(wrong)


async def test_a_call_that_comes_after_the_revocation_is_refused_even_among_many(database: Database, key: str):
    credentials = Credentials(database)
    early: list[Actor] = []

    async def call() -> None:
        early.append(await credentials(key))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
        assert len(early) == 20
        await revoke(database)
        for _ in range(3):
            with pytest.raises(Refused):
                await credentials(key)


async def test_a_caller_that_hangs_up_leaves_the_others_their_answer(database: Database, key: str):
    credentials = Credentials(database)
    answers: list[str] = []

    async def call() -> None:
        answers.append((await credentials(key)).id)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            leaving = anyio.CancelScope()

            async def hang_up() -> None:
                with leaving:
                    await credentials(key)

            group.start_soon(hang_up)
            group.start_soon(call)
            await anyio.lowlevel.checkpoint()
            leaving.cancel()
    assert answers == ["m:ada"]
