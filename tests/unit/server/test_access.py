"""Credentials: shown once, kept as a digest, narrowed, replaced and revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from server.access import (
    Credential,
    add_credential,
    digest,
    list_credentials,
    revoke_credential,
    rotate_credential,
)
from server.bearers import recognize

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def add(database: Database, name: str = "manager:ada", role: Role = Role.MANAGER, **more: object) -> str:
    async with database.transaction() as connection:
        return await add_credential(connection, name, role, None, at=NOW, **more)  # type: ignore[arg-type]


async def rotate(database: Database, overlap: timedelta = timedelta(0), at: datetime = NOW) -> str:
    async with database.transaction() as connection:
        newest = (await list_credentials(connection))[-1]
        return await rotate_credential(connection, newest.name, overlap=overlap, at=at)


async def credentials(database: Database) -> list[Credential]:
    async with database.reading() as connection:
        return await list_credentials(connection)


async def who(database: Database, key: str, at: datetime = NOW) -> Actor | None:
    return await recognize(database.quick, digest(key), Door.MCP, at)


async def test_a_key_is_kept_nowhere_and_never_made_twice(database: Database):
    key = await add(database)
    async with database.reading() as connection:
        kept = str((await connection.execute(text("SELECT t::text FROM credential AS t"))).all())

    assert key.startswith("th_")
    assert key.removeprefix("th_") not in kept
    assert key != await add(database)


async def test_a_credential_is_revoked_by_its_whole_name_only(database: Database):
    await add(database)
    (found,) = await credentials(database)

    async with database.transaction() as connection:
        for name in ("", found.name[:11], "0" * 12, "%" * 12):
            with pytest.raises(NotFound):
                await revoke_credential(connection, name, at=NOW)


async def test_a_key_made_for_a_time_opens_until_then_and_not_a_moment_longer(database: Database):
    key = await add(database, lasts=HOUR)

    assert await who(database, key, NOW + HOUR - timedelta(microseconds=1))
    assert await who(database, key, NOW + HOUR) is None
    assert [one.in_force(NOW + HOUR) for one in await credentials(database)] == [False]


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(seconds=-1)])
async def test_a_credential_that_would_never_open_is_not_made(database: Database, lasts: timedelta):
    with pytest.raises(Refused) as refused:
        await add(database, lasts=lasts)
    assert refused.value.code == "credential.lasts"


async def test_a_key_is_narrowed_to_toolsets_that_exist(database: Database):
    key = await add(database, toolsets=["shop", "offers", "shop"])
    actor = await who(database, key)

    assert actor is not None
    assert actor.toolsets == {"shop", "offers"}
    with pytest.raises(Refused) as refused:
        await add(database, toolsets=["shop", "everything"])
    assert refused.value.code == "credential.toolset"


async def test_a_rotated_key_is_a_new_one_with_the_same_rights_and_the_old_one_ends_at_once(database: Database):
    await add(database, lasts=HOUR, toolsets=["shop"], model=True)
    [before] = await credentials(database)

    key = await rotate(database, at=NOW + timedelta(minutes=30))
    old, new = await credentials(database)

    assert old.revoked_at == NOW + timedelta(minutes=30)
    assert digest(key) == new.digest
    assert (new.actor_id, new.role, new.locations, new.toolsets, new.model) == (
        before.actor_id,
        before.role,
        before.locations,
        before.toolsets,
        before.model,
    )
    assert new.expires_at == NOW + timedelta(minutes=30) + HOUR


async def test_with_an_overlap_both_keys_open_until_it_ends(database: Database):
    old = await add(database)
    new = await rotate(database, overlap=timedelta(minutes=10))

    late = NOW + timedelta(minutes=10)
    assert await who(database, old, late - timedelta(seconds=1)) == await who(database, new)
    assert await who(database, old, late) is None
    assert await who(database, new, late)


async def test_an_overlap_never_lengthens_a_key_that_ends_sooner(database: Database):
    old = await add(database, lasts=timedelta(minutes=5))
    await rotate(database, overlap=HOUR)

    assert await who(database, old, NOW + timedelta(minutes=5)) is None


async def test_what_is_not_in_force_cannot_be_rotated_or_revoked_again(database: Database):
    await add(database, lasts=HOUR)

    with pytest.raises(NotFound):
        await rotate(database, at=NOW + HOUR)
    with pytest.raises(Refused):
        await rotate(database, overlap=timedelta(minutes=-1))
    async with database.transaction() as connection:
        (found,) = await list_credentials(connection)
        await revoke_credential(connection, found.name, at=NOW)
        with pytest.raises(NotFound):
            await revoke_credential(connection, found.name, at=NOW)


async def test_whoever_acts_for_a_person_needs_a_person_of_that_role(database: Database):
    for person, role in (("manager:ada", Role.MANAGER), ("nobody", Role.MANAGER)):
        with pytest.raises(Refused) as refused:
            await add(database, "assistant:1", role, on_behalf_of=person)
        assert refused.value.code == "credential.person"
    await add(database)
    await add(database, "model:1", model=True)

    for person, role in (("manager:ada", Role.PLANNER), ("model:1", Role.MANAGER)):
        with pytest.raises(Refused):
            await add(database, "assistant:1", role, on_behalf_of=person)

    assert await add(database, "assistant:1", on_behalf_of="manager:ada")
