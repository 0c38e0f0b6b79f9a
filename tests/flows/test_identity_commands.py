"""`tillhand identity`: what is linked is shown, confirmed and taken apart on record, and reads follow it at once."""

import argparse
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from knowledge.identity.graph import Basis
from knowledge.identity.links import LINKER, said, tell
from knowledge.vault.person import Person
from policies.actions.profile_link import ProfileLink
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import ActionId, CorrelationId, CustomerRef, LocationId
from server.commands import identity
from server.commands.context import OPERATOR, Keyboard
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_privacy_requests import ADA, met
from tools.audit.verify import verify
from tools.platform import WriteContext
from tools.read.approval import Waiting
from tools.recognition.book import LinkBook

pytestmark = pytest.mark.anyio

TILL = CustomerRef("c_00000000000000000abc")
MANAGER = Actor("manager:m", Role.MANAGER, None, Door.CLI)


def keyboard(opened: OpenHouse, actor: Actor = OPERATOR) -> tuple[Keyboard, io.StringIO]:
    screen = io.StringIO()
    return Keyboard(opened.house, actor, Console(file=screen, width=220)), screen


def asked(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**given)


async def known_twice(opened: OpenHouse) -> CustomerRef:
    """Ada, and a guest of the till who bought for 12.00."""
    ada = await met(opened)
    async with opened.database.transaction() as connection:
        await connection.execute(
            text("INSERT INTO customer (ref, orders, spent, observed_at) VALUES (:ref, 1, 1200, now())"), {"ref": TILL}
        )
        await connection.execute(
            text(
                "INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, total,"
                " currency) VALUES ('guest', 'online', 'ONLINE', :ref, now(), now(), 1200, 'USD')"
            ),
            {"ref": TILL},
        )
    return ada


async def find(opened: OpenHouse) -> Any:
    """What a manager's assistant is told of Ada."""
    at, _ = keyboard(opened, MANAGER)
    found: Any = await opened.house.guard.invoke(MANAGER, "find_customer", {"phone": ADA.phone}, at.origin())
    return found.model_dump(mode="json")


async def test_a_confirmed_pair_is_one_customer_everywhere_and_two_again_when_unlinked(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        before = await find(opened)
        assert (before["linked"], before["orders"]) == ([], 1)

        at, screen = keyboard(opened, MANAGER)
        assert await identity.confirm(at, asked(one=ada, other=TILL)) == 0
        assert await identity.links(at, asked(says="link")) == 0
        found = await find(opened)
        assert found["customer"] == min(ada, TILL)
        assert {each["customer"] for each in found["linked"]} == {max(ada, TILL)}
        assert found["linked"][0]["basis"] == "person"
        assert found["orders"] == 2
        assert found["spent"]["minor"] == before["spent"]["minor"] + 1200
        assert set(found["channels"]) == {"online", "pos"}

        assert await identity.unlink(at, asked(one=TILL, other=ada)) == 0
        assert await find(opened) == before
        assert await identity.history(at, asked(customer=ada)) == 0
        told = screen.getvalue()
        assert told.count("manager:m") == 3  # the list once, the history twice
        async with opened.database.reading() as connection:
            kept = (await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'link' ORDER BY seq"))).all()
            assert len(kept) == 2
            assert not any(ref in row.entry for row in kept for ref in (ada, TILL))
            assert (await verify(connection)).whole


async def test_nobody_but_a_manager_or_the_operator_says_who_is_one_person(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        for actor in (
            Actor("associate:a", Role.ASSOCIATE, None, Door.CLI),
            Actor("manager:m", Role.MANAGER, None, Door.CLI, model=True),
        ):
            at, _ = keyboard(opened, actor)
            with pytest.raises(Refused) as refused:
                await identity.confirm(at, asked(one=ada, other=TILL))
            assert refused.value.code == "access.role"
        at, _ = keyboard(opened)
        with pytest.raises(NotFound):
            await identity.confirm(at, asked(one=ada, other="c_ffffffffffffffffffff"))
        with pytest.raises(Refused, match="one customer"):
            await identity.unlink(at, asked(one=ada, other=ada))


async def test_a_detour_around_a_pair_taken_apart_is_refused(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        third = "c_00000000000000000def"
        async with opened.database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO customer (ref, observed_at) VALUES (:ref, now())"), {"ref": third}
            )
        at, _ = keyboard(opened)
        await identity.unlink(at, asked(one=ada, other=TILL))
        await identity.confirm(at, asked(one=ada, other=third))
        with pytest.raises(Refused) as refused:
            await identity.confirm(at, asked(one=TILL, other=third))
        assert refused.value.code == "identity.apart"
        _, told = await opened.house.links.history(OPERATOR, third)
        assert len(told) == 1, "what was refused is not kept"


async def test_comparing_by_hand_is_the_operators(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await known_twice(opened)
        at, screen = keyboard(opened)
        assert await identity.compare(at, asked()) == 0
        assert "1 customers compared" in screen.getvalue()
        with pytest.raises(Refused):
            await identity.compare(keyboard(opened, MANAGER)[0], asked())


async def test_an_erasure_takes_a_customers_links_along(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        at, _ = keyboard(opened)
        await identity.confirm(at, asked(one=ada, other=TILL))
        office = opened.house.privacy
        name, _ = await office.ask("erase", Person.of([("phone", ADA.phone)]), source="cli", delivery="x", by="x")
        assert await office.erase(name)
        async with opened.database.reading() as connection:
            for table in ("customer_link", "customer_identity"):
                assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608


BOB = Actor("manager:b", Role.MANAGER, None, Door.CONSOLE)


async def unsure(opened: OpenHouse, ada: str) -> None:
    """What the linker would say of a pair it cannot settle."""
    told = said(
        ada, TILL, "ask", Basis.PROBABLE, by=LINKER, at=opened.house.now(), bits=23.4, agreed=("surname", "zip")
    )
    async with opened.database.transaction() as connection:
        assert await tell(connection, [told])


async def certain(opened: OpenHouse, *pairs: tuple[str, str], basis: Basis = Basis.PROBABLE) -> None:
    """What the linker would say of pairs it is certain of."""
    at = opened.house.now()
    told = [said(*pair, "certain", basis, by=LINKER, at=at, bits=41.2, agreed=("birth", "zip")) for pair in pairs]
    async with opened.database.transaction() as connection:
        assert len(await tell(connection, told)) == len(pairs)


async def linked_actions(opened: OpenHouse) -> list[tuple[str, str]]:
    async with opened.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT state, actor ->> 'role' AS role FROM action WHERE kind = 'profile_link' ORDER BY id")
        )
        return [(row.state, row.role) for row in rows]


async def test_what_the_linker_is_certain_of_passes_the_guard_once_and_can_be_undone(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        await certain(opened, (ada, TILL), basis=Basis.HARD_KEY)
        assert (await find(opened))["linked"] == []
        office = opened.house.links
        assert [await office.join_certain(), await office.join_certain()] == [1, 0]

        assert await linked_actions(opened) == [("executed", "linker")]
        assert [each["basis"] for each in (await find(opened))["linked"]] == ["hard_key"]
        async with opened.database.reading() as connection:
            row = (await connection.execute(text("SELECT id, receipt FROM action"))).one()
            assert (row.receipt["undo"], row.receipt["replayed"]) == ("profile_link", False)
            counted = text("SELECT count(*) FROM ledger WHERE kind IN ('decision', 'executed', 'link')")
            assert (await connection.execute(counted)).scalar_one() == 3
            assert (await verify(connection)).whole
        undone = await opened.house.guard.undo(
            BOB, row.id, key="u-1", reason="Two sisters.", origin=keyboard(opened)[0].origin()
        )
        assert undone.state == "executed"
        assert (await find(opened))["linked"] == []
        _, told = await office.history(MANAGER, ada)
        assert [(each.says, each.final) for each in told] == [("certain", False), ("link", False), ("apart", True)]
        assert await office.join_certain() == 0


async def test_what_is_certain_waits_while_ai_is_stopped_and_is_linked_another_night(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        await certain(opened, (ada, TILL))
        await opened.house.ladder.stop(OPERATOR, "all", "", reason="An audit.")
        assert await opened.house.links.join_certain() == 0
        assert await linked_actions(opened) == [("denied", "linker")]
        await opened.house.ladder.start(OPERATOR, "all", "", reason="Over.")
        assert await opened.house.links.join_certain() == 1
        assert sorted(await linked_actions(opened)) == [("denied", "linker"), ("executed", "linker")]


async def test_a_certain_pair_that_cannot_be_keeps_no_other_of_its_burst_from_being(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        refs = [f"c_{number:020x}" for number in range(1, 4)]
        async with opened.database.transaction() as connection:
            for ref in refs:
                insert = "INSERT INTO customer (ref, observed_at) VALUES (:ref, now())"
                await connection.execute(text(insert), {"ref": ref})
            kept = said(refs[0], refs[2], "apart", Basis.PERSON, by="manager:b", at=opened.house.now())
            assert await tell(connection, [kept])
        # both halves of a detour are certain at once: the guard sees neither in force, and the book joins one of them
        await certain(opened, (ada, TILL), (refs[0], refs[1]), (refs[1], refs[2]))
        joined = await opened.house.links.join_certain()
        states = sorted(state for state, _ in await linked_actions(opened))
        assert (joined, states) == (2, ["executed", "executed", "failed"])
        assert await opened.house.links.join_certain() == 0


async def waiting(opened: OpenHouse) -> list[Waiting]:
    return [each for each in await opened.house.guard.waiting(BOB) if each.action.kind == "profile_link"]


async def test_what_the_linker_is_unsure_of_waits_for_a_manager_once_with_fields_and_a_weight(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        await unsure(opened, ada)
        office = opened.house.links
        assert [await office.ask_people(), await office.ask_people()] == [1, 0]

        (one,) = await waiting(opened)
        assert one.action.sentence() == f"Treat {min(ada, TILL)} and {max(ada, TILL)} as one person."
        assert one.rationale == "They agree in surname, zip: 23.4 bits of evidence, short of what settles it."
        assert one.location == "ONLINE"
        assert (await find(opened))["linked"] == []
        async with opened.database.reading() as connection:
            kept = (await connection.execute(text("SELECT proposal::text || facts::text FROM action"))).scalar_one()
        assert not [raw for raw in ("Quillfeather", ADA.phone, ADA.email) if raw.casefold() in kept.casefold()]

        decided = await opened.house.guard.answer(BOB, one.approval_id, approve=True)
        assert decided.state == "executed"
        found = await find(opened)
        assert [each["basis"] for each in found["linked"]] == ["person"]
        _, told = await office.history(MANAGER, ada)
        assert [(each.says, each.by) for each in told] == [("ask", "schedule:linker"), ("link", "manager:b")]

        undone = await opened.house.guard.undo(
            BOB, decided.action_id, key="u-1", reason="Two sisters.", origin=keyboard(opened)[0].origin()
        )
        assert undone.state == "executed"
        assert (await find(opened))["linked"] == []
        (apart,) = await office.standing(MANAGER, says="apart")
        assert apart.final


async def test_a_managers_no_leaves_the_pair_as_it_was_and_is_not_asked_again(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        await unsure(opened, ada)
        await opened.house.links.ask_people()
        (one,) = await waiting(opened)
        assert (await opened.house.guard.answer(BOB, one.approval_id, approve=False)).state == "rejected"
        assert await opened.house.links.ask_people() == 0
        assert (await find(opened))["linked"] == []


async def test_what_was_asked_while_ai_was_stopped_is_asked_another_night(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        await unsure(opened, ada)
        await opened.house.ladder.stop(OPERATOR, "all", "", reason="An audit.")
        assert await opened.house.links.ask_people() == 0
        await opened.house.ladder.start(OPERATOR, "all", "", reason="Over.")
        tomorrow = opened.house.now() + timedelta(days=1)
        assert await replace(opened.house.links, now=lambda: tomorrow).ask_people() == 1
        assert len(await waiting(opened)) == 1


async def test_what_one_person_took_apart_another_one_joins(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        at, screen = keyboard(opened, MANAGER)
        await identity.unlink(at, asked(one=ada, other=TILL))
        await identity.confirm(at, asked(one=ada, other=TILL))
        assert "another one looks" in screen.getvalue()
        assert (await find(opened))["linked"] == []
        (one,) = await waiting(opened)
        with pytest.raises(Refused):
            await opened.house.guard.answer(MANAGER, one.approval_id, approve=True)
        assert (await opened.house.guard.answer(BOB, one.approval_id, approve=True)).state == "executed"
        assert len((await find(opened))["linked"]) == 1


async def test_a_link_is_written_down_once_however_often_it_is_carried_out(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ada = await known_twice(opened)
        book = LinkBook(opened.database)
        first, second = sorted((ada, TILL))
        link = ProfileLink(
            store=LocationId("ONLINE"), one=CustomerRef(first), other=CustomerRef(second), says="link", currency="USD"
        )
        context = WriteContext("key", ActionId("act_1"), MANAGER.id, None, CorrelationId("story"), "Why.")
        receipts = [await book.say(link, context) for _ in range(2)]
        assert [each.replayed for each in receipts] == [False, True]
        async with opened.database.reading() as connection:
            for question in ("SELECT count(*) FROM customer_link", "SELECT count(*) FROM ledger WHERE kind = 'link'"):
                assert (await connection.execute(text(question))).scalar_one() == 1
