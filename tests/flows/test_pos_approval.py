"""`/pos/v1/approve`: a manager's PIN says yes to what waits on this register, once, and is guessed by nobody."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from policies.vocabulary.actor import Role
from server.pos.approve import ApproveDesk
from server.pos.asked import ApproveAsked
from server.pos.attempts import OF_MANAGER, OF_REGISTER, REST
from server.pos.known import find_counter, put_person, put_pin
from server.pos.pin import keep_pin
from tests.flows.pos_shop import ADA, BO, DEVICE, PIN, STORE, USER, PosShop, pos_shop
from tools.audit.verify import verify

pytestmark = pytest.mark.anyio

WRONG = "739158"


async def add_manager(shop: PosShop, name: str, pin: str, *places: str) -> None:
    """Another manager with a PIN."""
    await shop.opened.key(Role.MANAGER, *places, name=name)
    kept = await asyncio.to_thread(keep_pin, pin, shop.opened.house.secret.derive("pin"))
    async with shop.opened.database.transaction() as connection:
        await put_pin(connection, name, kept, by="operator:it", at=datetime.now(UTC))


async def refusals(shop: PosShop) -> list[str]:
    """Codes of what the ledger says was refused, in their order."""
    rows = await shop.opened.database.quick.rows(
        "SELECT CAST(entry AS jsonb) -> 'body' ->> 'code' AS code FROM ledger WHERE kind = 'refused' ORDER BY seq"
    )
    return [row["code"] for row in rows]


async def test_the_right_pin_approves_what_waits_here_and_the_ledger_says_who(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        asked = await shop.sell_tee()
        assert (asked["status"], asked["offer"], asked["approvers"]) == ("waiting_for_manager", None, [ADA])

        told = await shop.till.approve(asked["decision"], ADA, PIN)
        again = await shop.till.approve(asked["decision"], ADA, PIN)
        then = (await shop.till.ask("decision", shop.till.state())).json()

        assert (told["approved"], told["decision"], told["why"]) == (True, asked["decision"], None)
        assert again == told
        assert (then["status"], then["offer"]["code"]) == ("offered", told["offer"]["code"])
        assert await shop.codes() == [told["offer"]["code"]]
        rows = await shop.opened.database.quick.rows(
            "SELECT CAST(entry AS jsonb) -> 'body' AS body FROM ledger WHERE kind = 'approval' ORDER BY seq"
        )
        answer: dict[str, Any] = rows[-1]["body"]
        assert (answer["step"], answer["by"]["id"], answer["by"]["door"]) == ("approved", ADA, "till")
        assert answer["note"] == f"Typed at register {DEVICE}."
        speaker = await shop.opened.database.quick.rows("SELECT actor ->> 'on_behalf_of' AS whose FROM action")
        assert [row["whose"] for row in speaker] == [BO]


async def test_a_pin_is_in_no_log_no_record_and_no_table(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        asked = await shop.sell_tee()
        for pin in (WRONG, PIN):
            await shop.till.approve(asked["decision"], ADA, pin)
        broken = {"basket": shop.till.cart.basket, "decision": 7, "approver": ADA, "pin": PIN}
        answer = await shop.till.ask("approve", broken)
        assert answer.status_code == 422
        everything = await shop.everything()
        for pin in (WRONG, PIN):
            assert pin not in everything
            assert pin not in answer.text
            assert pin not in caplog.text


async def test_whoever_is_no_manager_of_this_place_approves_nothing(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        await add_manager(shop, "manager:elsewhere", "640817", "STORE_NYC")
        kept = await asyncio.to_thread(keep_pin, "264091", shop.opened.house.secret.derive("pin"))
        async with shop.opened.database.transaction() as connection:  # as if a manager's role had been taken since
            told = {"who": BO, "salt": kept.salt, "digest": kept.digest, "at": datetime.now(UTC)}
            await connection.execute(text("INSERT INTO pos_pin VALUES (:who, :salt, :digest, 'it', :at)"), told)
        asked = await shop.sell_tee()
        assert asked["approvers"] == [ADA]
        for name, pin in (
            ("manager:elsewhere", "640817"),
            (BO, "264091"),
            ("manager:nobody", PIN),
            (ADA, WRONG),
            (ADA, ""),
        ):
            told = await shop.till.approve(asked["decision"], name, pin)
            assert (told["approved"], told["why"]["code"]) == (False, "pin.wrong"), name
        assert await shop.opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") == 1
        assert await shop.codes() == []
        assert await refusals(shop) == ["pin.wrong"] * 5


async def test_nobody_approves_what_was_asked_where_they_are_signed_in_themselves(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        async with shop.opened.database.transaction() as connection:
            await put_person(connection, str(USER), ADA, by="operator:it", at=datetime.now(UTC))
        asked = await shop.sell_tee()
        assert asked["approvers"] == []
        told = await shop.till.approve(asked["decision"], ADA, PIN)
        assert (told["approved"], told["why"]["code"]) == (False, "approval.own")


async def test_a_pin_approves_only_what_waits_on_this_register_in_this_sale(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        asked = await shop.sell_tee()
        basket = shop.till.cart.basket
        shop.till.begin()  # another sale
        for decision in (asked["decision"], "act_" + "0" * 32, "x"):
            told = await shop.till.approve(decision, ADA, PIN)
            assert (told["approved"], told["why"]["code"]) == (False, "pos.not_shown")
        shop.till.cart.basket = basket
        assert (await shop.till.approve(asked["decision"], ADA, PIN))["approved"] is True


async def test_where_two_must_agree_one_pin_twice_is_not_two(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        await add_manager(shop, "manager:cem", "640817", STORE)
        asked = await shop.sell_tee()
        async with shop.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE approval SET needs = 'approve_two'"))
            await connection.execute(
                text("UPDATE action SET verdict = jsonb_set(verdict, '{outcome}', '\"approve_two\"')")
            )
        first = await shop.till.approve(asked["decision"], ADA, PIN)
        again = await shop.till.approve(asked["decision"], ADA, PIN)
        second = await shop.till.approve(asked["decision"], "manager:cem", "640817")
        assert (first["approved"], first["second"]) == (False, True)
        assert again == first
        assert second["approved"] is True


async def test_after_so_many_wrong_pins_a_manager_rests_and_the_next_right_one_is_not_looked_at(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        asked = await shop.sell_tee()
        for _ in range(OF_MANAGER - 1):
            assert (await shop.till.approve(asked["decision"], ADA, WRONG))["why"]["code"] == "pin.wrong"
        assert (await shop.till.approve(asked["decision"], ADA, PIN))["approved"] is True  # the last try that counts
        asked = await shop.sell_tee()
        for _ in range(OF_MANAGER):
            assert (await shop.till.approve(asked["decision"], ADA, WRONG))["why"]["code"] == "pin.wrong"
        locked = await shop.till.approve(asked["decision"], ADA, PIN)
        assert (locked["approved"], locked["why"]["code"]) == (False, "pin.locked")
        assert (await refusals(shop))[-1] == "pin.locked"

        desk = shop.opened.house.database
        till = await find_counter(desk.quick, str(DEVICE), str(USER), datetime.now(UTC))
        said = ApproveAsked.model_validate(
            {"device": str(DEVICE), "location": "1", "basket": shop.till.cart.basket}
            | {"decision": asked["decision"], "approver": ADA, "pin": PIN}
        )
        house = shop.opened.house
        rests = ApproveDesk.opened(house.database, house.guard, house.secret.derive("pin"), lambda: datetime.now(UTC))
        almost = replace(rests, now=lambda: datetime.now(UTC) + REST - timedelta(minutes=1))
        over = replace(rests, now=lambda: datetime.now(UTC) + REST)
        assert (await almost.approve(till, said)).approved is False
        assert (await over.approve(till, said)).approved is True


async def test_a_register_rests_too_and_tries_at_once_count_like_tries_in_a_row(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        await add_manager(shop, "manager:cem", "640817", STORE)
        asked = await shop.sell_tee()
        names = [ADA, "manager:cem", "manager:nobody"] * OF_MANAGER
        answers = await asyncio.gather(*(shop.till.approve(asked["decision"], name, WRONG) for name in names))
        codes = [told["why"]["code"] for told in answers]
        assert codes.count("pin.wrong") == OF_REGISTER
        assert codes.count("pin.locked") == len(names) - OF_REGISTER
        assert (await shop.till.approve(asked["decision"], "manager:cem", "640817"))["why"]["code"] == "pin.locked"
        async with shop.opened.database.reading() as connection:
            assert (await verify(connection)).faults == []
