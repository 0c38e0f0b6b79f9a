"""A unit promised to a basket is nobody else's, until it is paid for, let go, or its time is up."""

from contextlib import suppress
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import text

from evals.retailer import actions
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Role
from tests.flows.shared_shelf import SHELF, TEE, WEB, SharedShelf, shared_shelf

pytestmark = pytest.mark.anyio


async def test_a_promise_lowers_the_other_side_and_what_is_let_go_comes_back(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        key = await shelf.opened.key(Role.REGISTER, SHELF)
        asked = {"store_id": SHELF, "sku": TEE, "units": 4, "pos_transaction_id": "T-1"}
        headers = {"authorization": f"Bearer {key}"}

        async def ask(**changed: object) -> str:
            answer = await shelf.opened.client.post("/v1/reservations", json={**asked, **changed}, headers=headers)
            return str(answer.json().get("outcome") or answer.json()["code"])

        assert await ask() == "held"
        assert await ask() == "held"  # the same again changes nothing
        assert shelf.counts == (10, 6)
        assert await ask(units=3) == "reservation.other"
        assert await ask(units=7, pos_transaction_id="T-2") == "reservation.sold"
        await shelf.sync()
        assert shelf.counts == (10, 6)
        assert await ask(units=0) == "ended"
        await shelf.sync()
        assert shelf.counts == (10, 10)
        assert await ask(store_id="STORE_PDX") == "access.outside_locations"


async def test_a_promise_whose_last_unit_was_just_sold_is_not_made(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        shelf.put(1)
        await shelf.sync()
        shelf.sell_online(1)
        with pytest.raises(Refused) as refusal:
            await shelf.opened.house.reservations.reserve("T-1", TEE, SHELF, 1)
        assert refusal.value.code == "reservation.sold"
        with pytest.raises(NotFound):
            await shelf.opened.house.reservations.reserve("T-1", TEE, "STORE_NYC", 1)


async def test_a_promise_ends_with_its_order_and_with_its_time(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        reservations = shelf.opened.house.reservations
        await reservations.reserve("T-1", TEE, SHELF, 2)
        await reservations.reserve("T-2", TEE, SHELF, 3)
        assert shelf.counts == (10, 5)
        async with shelf.opened.database.transaction() as connection:
            late = {"until": shelf.opened.house.now() - timedelta(seconds=1)}
            await connection.execute(text("UPDATE reservation SET expires_at = :until WHERE basket = 'T-2'"), late)
        await shelf.opened.house.mirroring.sweep()
        assert shelf.counts == (10, 8)
        assert await shelf.rows("SELECT basket FROM reservation WHERE ended_at IS NULL") == [("T-1",)]


async def test_baskets_of_one_name_are_each_their_own_side_s(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        reservations = shelf.opened.house.reservations
        await reservations.reserve("1001", TEE, SHELF, 4)
        await reservations.reserve("1001", TEE, WEB, 2)
        assert shelf.counts == (8, 6)
        elsewhere = await shelf.opened.key(Role.REGISTER, "STORE_PDX")
        answer = await shelf.opened.client.post(
            "/v1/reservations",
            json={"store_id": "STORE_PDX", "sku": TEE, "units": 0, "pos_transaction_id": "1001"},
            headers={"authorization": f"Bearer {elsewhere}"},
        )
        assert answer.json() == {"outcome": "ended"}
        await shelf.sync()
        assert shelf.counts == (8, 6)
        await reservations.end("1001", WEB)
        await shelf.sync()
        assert shelf.counts == (10, 6)


async def happens(shelf: SharedShelf, what: str, basket: str) -> None:
    """One of a basket's moments, whenever it comes; a promise to a basket that is gone may be refused."""
    reservations, world = shelf.opened.house.reservations, shelf.opened.retailer.world
    if what == "taken":
        with suppress(Refused):
            await reservations.reserve(basket, TEE, SHELF, 2)
    elif what == "let go":
        await reservations.end(basket, SHELF)
    else:
        actions.sell(
            world,
            place=SHELF,
            customer_key=None,
            lines=[(TEE, 1)],
            channel="pos",
            occurred_at=world.now(),
            transaction=basket,
        )
        await shelf.listen()


async def test_promises_taken_let_go_and_paid_in_any_order_and_twice_leave_the_same_counts(
    database_url: str, tmp_path: Path
):
    async with shared_shelf(database_url, tmp_path) as shelf:
        for number, moments in enumerate(permutations(("taken", "let go", "paid"))):
            for what in moments:
                await happens(shelf, what, f"T-{number}")
                if what != "paid":
                    await happens(shelf, what, f"T-{number}")  # told twice
            async with shelf.opened.database.transaction() as connection:  # whoever is not paid by then is not paid
                late = {"until": shelf.opened.house.now() - timedelta(seconds=1)}
                await connection.execute(
                    text("UPDATE reservation SET expires_at = :until WHERE ended_at IS NULL"), late
                )
            await shelf.opened.house.mirroring.sweep()
            assert shelf.counts == (9 - number, 9 - number)
            assert await shelf.rows("SELECT basket FROM reservation WHERE ended_at IS NULL") == []
