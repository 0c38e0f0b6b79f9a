"""A ledger tells when, and where, somebody changed it; so does the file that vouches for it."""

# ruff: noqa: S608 - whoever tampers writes SQL as they like

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from knowledge.store.session import Database
from policies.errors import Misconfigured
from tests.flows.guarded_shop import ASSOCIATE, ORIGIN, SPECIALIST, START, Shop, discount, open_shop
from tools.audit.anchor import Anchors, add_anchor, read_anchors
from tools.audit.entry import FIRST, Entry
from tools.audit.ledger import Head, append, head
from tools.audit.verify import Verification, verify

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Shop:
    """With ten records in its ledger."""
    shop = await open_shop(database)
    await shop.guard.propose_all([(SPECIALIST, discount(100, transaction=f"T{number}")) for number in range(10)])
    return shop


async def _tamper(shop: Shop, *statements: str) -> None:
    async with shop.database.transaction() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _verify(shop: Shop, anchors: Sequence[Head] = ()) -> Verification:
    async with shop.database.reading() as connection:
        return await verify(connection, Anchors(tuple(anchors)))


async def test_an_untouched_ledger_is_whole(shop: Shop):
    found = await _verify(shop)
    assert (found.whole, found.records, found.head.seq) == (True, 10, 10)


async def test_an_empty_ledger_is_whole(database: Database):
    found = await _verify(Shop(database))
    assert (found.whole, found.head) == (True, Head(0, FIRST))


async def test_records_added_by_many_at_once_make_one_chain_without_gaps(shop: Shop):
    await asyncio.gather(*(shop.guard.note(ASSOCIATE, [(ORIGIN, f"Note {number}.")]) for number in range(40)))
    found = await _verify(shop)
    assert (found.whole, found.records) == (True, 50)


_SWAP = (
    "UPDATE ledger SET seq = -4 WHERE seq = 4",
    "UPDATE ledger SET seq = 4 WHERE seq = 5",
    "UPDATE ledger SET seq = 5 WHERE seq = -4",
)


@pytest.mark.parametrize(
    ("statements", "seq", "what"),
    [
        (("UPDATE ledger SET entry = replace(entry, '100', '101') WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET kind = 'note' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET action_id = 'act_other' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET at = at + interval '1 second' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET entry = 'x', hash = repeat('0', 64) WHERE seq = 10",), 10, "edited"),
        (("UPDATE ledger SET hash = repeat('0', 64) WHERE seq = 10",), 10, "edited"),
        (("DELETE FROM ledger WHERE seq = 4",), 4, "missing"),
        (("DELETE FROM ledger WHERE seq = 1",), 1, "missing"),
        (("DELETE FROM ledger WHERE seq BETWEEN 4 AND 6",), 4, "missing"),
        (("DELETE FROM ledger WHERE seq = 4", "UPDATE ledger SET seq = seq - 1 WHERE seq > 4"), 4, "moved"),
        (_SWAP, 4, "moved"),
        (("DELETE FROM ledger WHERE seq = 10",), 10, "cut"),
        (("DELETE FROM ledger",), 1, "cut"),
    ],
)
async def test_any_edit_deletion_reordering_or_cut_shows_where(
    shop: Shop, statements: Sequence[str], seq: int, what: str
):
    await _tamper(shop, *statements)
    found = await _verify(shop)
    assert (found.faults[0].seq, found.faults[0].what) == (seq, what)
    assert len(found.faults) <= 20


async def test_a_cut_that_hides_itself_in_the_head_shows_against_the_anchor(shop: Shop):
    anchors = [(await _verify(shop)).head]
    await _tamper(
        shop,
        "DELETE FROM ledger WHERE seq > 7",
        "UPDATE ledger_head SET seq = 7, hash = (SELECT hash FROM ledger WHERE seq = 7)",
    )
    assert (await _verify(shop)).whole
    assert [(fault.seq, fault.what) for fault in (await _verify(shop, anchors)).faults] == [(10, "cut")]


async def test_a_chain_written_anew_shows_against_the_anchor(shop: Shop):
    anchored = (await _verify(shop)).head
    other = replace(anchored, hash="f" * 64)
    assert [fault.what for fault in (await _verify(shop, [other])).faults] == ["anchor"]
    assert (await _verify(shop, [anchored])).anchors == 1


async def test_the_anchor_file_grows_by_one_line_for_each_new_head(shop: Shop, tmp_path: Path):
    file = tmp_path / "far" / "anchors"
    assert read_anchors(file) == Anchors()
    async with shop.database.reading() as connection:
        now = await head(connection)
    assert (add_anchor(file, now, START), add_anchor(file, now, START)) == (True, False)
    assert add_anchor(file, Head(11, "e" * 64), START)
    assert read_anchors(file) == Anchors((now, Head(11, "e" * 64)))


_DAMAGE: list[tuple[Callable[[str], str], str]] = [
    (lambda text: text.replace("1 a", "1 b", 1), "Line 1 is not as it was written"),
    (lambda text: text.split("\n", 1)[1], "Line 1 is not as it was written, or lines before it are gone"),
    (lambda text: "".join(reversed(text.splitlines(keepends=True))), "Line 1 is not as it was written"),
    (lambda text: text[:-1], "Line 3 was not written to its end"),
    (lambda text: text + "11 short\n", "Line 4 is not `seq hash time link`"),
    (lambda text: "\xff" + text, "Line 1 is not `seq hash time link`"),
]


@pytest.mark.parametrize(("damage", "sentence"), _DAMAGE)
async def test_damage_to_the_anchor_file_itself_is_reported_and_keeps_it_from_growing(
    shop: Shop, tmp_path: Path, damage: Callable[[str], str], sentence: str
):
    file = tmp_path / "anchors"
    for seq in (1, 2, 3):
        add_anchor(file, Head(seq, "abc"[seq - 1] * 64), START)
    file.write_text(damage(file.read_text()), encoding="latin-1")
    anchors = read_anchors(file)
    assert sentence in anchors.damage[0]
    async with shop.database.reading() as connection:
        found = await verify(connection, anchors)
    assert found.faults[0].sentence.startswith("The anchor file: Line")
    with pytest.raises(Misconfigured) as refusal:
        add_anchor(file, Head(9, "e" * 64), START)
    assert refusal.value.code == "anchor.damaged"


async def test_an_anchor_ahead_of_a_restored_ledger_is_a_fault_and_is_never_overwritten(tmp_path: Path):
    file = tmp_path / "anchors"
    add_anchor(file, Head(10, "f" * 64), START)
    for restored in (Head(9, "a" * 64), Head(10, "a" * 64)):
        with pytest.raises(Misconfigured) as refusal:
            add_anchor(file, restored, START)
        assert refusal.value.code == "anchor.ahead"


async def test_rows_put_beside_the_chain_show(shop: Shop):
    row = "SELECT {seq}, at, kind, action_id, correlation_id, {entry}, previous, hash FROM ledger WHERE seq = 10"
    await _tamper(shop, f"INSERT INTO ledger {row.format(seq=-1, entry='entry')}")
    assert next((fault.seq, fault.what) for fault in (await _verify(shop)).faults) == (-1, "moved")
    await _tamper(shop, "DELETE FROM ledger WHERE seq = -1", "UPDATE ledger_head SET seq = 9")
    assert {(fault.seq, fault.what) for fault in (await _verify(shop)).faults} >= {(10, "added")}
    await _tamper(shop, "DELETE FROM ledger_head")
    assert [(fault.seq, fault.what) for fault in (await _verify(shop)).faults] == [(11, "cut")]


_COLUMNS = ("at", "kind", "action_id", "correlation_id", "entry", "previous", "hash")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_anywhere_in_a_ledger_of_any_size_is_found_where_it_begins(database_url: str, data: st.DataObject):
    size = data.draw(st.integers(1, 30))
    seq = data.draw(st.integers(1, size))
    how = data.draw(st.sampled_from([*_COLUMNS, "delete", "swap", "cut", "renumber"]))
    letter = data.draw(st.integers(0, 200))

    async def play() -> None:
        database = Database(database_url)
        async with database.transaction() as connection:
            await connection.execute(text("TRUNCATE ledger"))
            await connection.execute(text("UPDATE ledger_head SET seq = 0, hash = :hash"), {"hash": FIRST})
            notes = [
                Entry("note", START + timedelta(seconds=number), {"sentence": f"Note {number}."}, f"act_{number}", "é")
                for number in range(size)
            ]
            last = await append(connection, notes)
        anchors = Anchors((last,))
        async with database.reading() as connection:
            assert (await verify(connection, anchors)).whole
        async with database.transaction() as connection:
            for statement in _tampering(how, seq, size, letter):
                await connection.execute(text(statement))
        async with database.reading() as connection:
            found = await verify(connection, anchors)
        assert found.faults
        if how not in {"swap", "renumber", "cut"}:
            assert found.faults[0].seq in {seq, seq + 1}
        await database.close()

    asyncio.run(play())


def _tampering(how: str, seq: int, size: int, letter: int) -> list[str]:
    """Statements of somebody who may write to the database as they like."""
    other = seq % size + 1
    place = f"(1 + {letter} % length({how}))"
    changed = f"overlay({how} placing CASE substr({how}, {place}, 1) WHEN 'x' THEN 'y' ELSE 'x' END from {place} for 1)"
    before = f"(SELECT hash FROM ledger WHERE seq = {seq - 1})"
    away = [f"seq = seq + {size + 5} WHERE seq = {seq}"]
    updates = {
        "swap": [f"seq = -9 WHERE seq = {seq}", f"seq = {seq} WHERE seq = {other}", f"seq = {other} WHERE seq = -9"],
        "renumber": away,
        "at": [f"at = at + interval '1 microsecond' WHERE seq = {seq}"],
    }
    if how == "delete":
        return [f"DELETE FROM ledger WHERE seq = {seq}"]
    if how == "cut":  # with the ledger's own head rewritten to hide it
        rewritten = f"UPDATE ledger_head SET seq = {seq - 1}, hash = coalesce({before}, '{FIRST}')"
        return [f"DELETE FROM ledger WHERE seq >= {seq}", rewritten]
    if how == "swap" and other == seq:
        return [f"UPDATE ledger SET {each}" for each in away]
    return [f"UPDATE ledger SET {each}" for each in updates.get(how, [f"{how} = {changed} WHERE seq = {seq}"])]
