"""What is said of a pair is never lost, the newest holds, and a person's word stands against any evidence."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from knowledge.identity.graph import Basis
from knowledge.identity.links import forget, history, identity_of, members, newest, said, settle, tell
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from knowledge.store.tables import customer
from policies.vocabulary.ids import CustomerRef

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, tzinfo=UTC)
A, B, C = (CustomerRef(ref) for ref in ("c_a", "c_b", "c_c"))


async def say(connection: Connection, one: str, other: str, says: str, basis: Basis = Basis.PROBABLE) -> int:
    told = said(one, other, says, basis, by="x", at=NOW, bits=31.25, agreed=("given", "street"))  # type: ignore[arg-type]
    return len(await tell(connection, [told]))


@pytest.fixture
async def connection(database: Database):
    async with database.transaction() as opened:
        rows = [{"ref": ref, "observed_at": NOW - timedelta(days=1)} for ref in (A, B, C)]
        await opened.execute(insert(customer), rows)
        yield opened


async def test_linked_customers_go_by_the_first_of_their_references(connection: Connection):
    assert await say(connection, C, B, "link") == 1
    await settle(connection)
    assert await members(connection, C) == [B, C]
    assert await identity_of(connection, C) == B
    assert await members(connection, A) == [A]
    assert await identity_of(connection, A) == A


async def test_the_same_evidence_told_again_is_not_told_twice(connection: Connection):
    await say(connection, A, B, "link")
    assert await say(connection, B, A, "link") == 0
    (told,) = await history(connection, A)
    assert (told.bits, told.agreed, told.pair) == (3125, ("given", "street"), (A, B))


async def test_what_was_unlinked_stays_so_when_the_evidence_comes_again_and_its_history_is_kept(connection: Connection):
    await say(connection, A, B, "link")
    await say(connection, A, B, "apart", Basis.PERSON)
    assert await say(connection, A, B, "link") == 0
    assert await say(connection, A, B, "link", Basis.HARD_KEY) == 0
    await settle(connection)
    assert await members(connection, A) == [A]
    assert [each.says for each in await history(connection, B)] == ["link", "apart"]

    await say(connection, A, B, "link", Basis.PERSON)
    await settle(connection)
    assert await members(connection, A) == [A, B]


async def test_a_question_links_nobody(connection: Connection):
    await say(connection, A, B, "ask")
    await settle(connection)
    assert await members(connection, A) == [A]
    assert (await newest(connection, [B]))[A, B].says == "ask"


async def test_an_erased_customer_leaves_no_link_and_joins_nobody(connection: Connection):
    await say(connection, A, B, "link")
    await say(connection, B, C, "link")
    await settle(connection)
    assert await members(connection, A) == [A, B, C]

    assert await forget(connection, [B]) == 2
    assert await newest(connection) == {}
    assert await members(connection, A) == [A]
    assert await members(connection, B) == [B]
