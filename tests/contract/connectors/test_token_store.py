"""Rotating tokens in the database: sealed, shared by every process, and rotated by one at a time."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from knowledge.store.session import Database
from knowledge.store.tables import platform_token
from policies.errors import Misconfigured
from tests.contract.connectors.chains import START, Chain
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.connectors.token_store import DatabaseTokenStore, Tokens

pytestmark = pytest.mark.anyio
KEY = Fernet.generate_key()
TOKENS = Tokens("access-1", "refresh-1", START + timedelta(hours=1))


async def test_what_was_saved_is_loaded_and_the_newest_counts(database: Database):
    store = DatabaseTokenStore(database, "lightspeed", KEY)
    assert await store.load() is None
    await store.save(TOKENS)
    newer = Tokens("access-2", "refresh-2", START + timedelta(hours=2))
    await store.save(newer)
    assert await store.load() == newer
    assert await DatabaseTokenStore(database, "shopify", KEY).load() is None


async def test_nothing_readable_lies_in_the_database(database: Database):
    await DatabaseTokenStore(database, "lightspeed", KEY).save(TOKENS)
    async with database.reading() as connection:
        sealed = bytes((await connection.execute(select(platform_token.c.sealed))).scalar_one())
    assert b"access-1" not in sealed
    assert b"refresh-1" not in sealed
    assert "access-1" not in repr(TOKENS)


async def test_another_key_is_an_operators_matter(database: Database):
    await DatabaseTokenStore(database, "lightspeed", KEY).save(TOKENS)
    with pytest.raises(Misconfigured) as caught:
        await DatabaseTokenStore(database, "lightspeed", Fernet.generate_key()).load()
    assert caught.value.code == "tokens.key"
    with pytest.raises(Misconfigured):
        DatabaseTokenStore(database, "lightspeed", b"short")


async def test_a_failed_rotation_keeps_nothing(database: Database):
    store = DatabaseTokenStore(database, "lightspeed", KEY)
    await store.save(TOKENS)

    async def fail() -> None:
        async with store.alone() as shelf:
            await shelf.save(Tokens("lost", "lost", START))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await fail()
    assert await store.load() == TOKENS


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_many_processes_rotate_a_token_once(chain: Chain, database: Database):
    """A second use of one refresh token would end the connection, so this passes only when nobody tries."""
    assert isinstance(chain.platform, LightspeedPlatform)
    platforms = [chain.connect_with(DatabaseTokenStore(database, "lightspeed", KEY, chain.clock.now)) for _ in range(5)]
    async with asyncio.TaskGroup() as group:
        for platform in platforms:
            group.create_task(platform.places())
    assert sum("token" in request.url.path for request in chain.requests) == 1
    chain.clock.advance_to(chain.clock.now() + timedelta(days=2))
    async with asyncio.TaskGroup() as group:
        for platform in platforms:
            group.create_task(platform.places())
    assert sum("token" in request.url.path for request in chain.requests) == 2
