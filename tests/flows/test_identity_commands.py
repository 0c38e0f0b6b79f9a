"""`tillhand identity`: what is linked is shown, confirmed and taken apart on record, and reads follow it at once."""

import argparse
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from knowledge.vault.person import Person
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef
from server.commands import identity
from server.commands.context import OPERATOR, Keyboard
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_privacy_requests import ADA, met
from tools.audit.verify import verify

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
