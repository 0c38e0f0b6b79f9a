"""What is sent home is offered at a register like anything else, and is no part of the basket that lies there."""

from pathlib import Path

import pytest

from tests.flows.filled_store import TEE
from tests.flows.pos_shop import ADA, PIN, pos_shop
from tests.flows.test_checkout_forms import empty_shelf

pytestmark = pytest.mark.anyio


async def test_a_register_is_told_that_it_is_sent_home_and_prints_no_other_offer(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, TILLHAND_RECEIPT_DAYS="14") as shop:
        await empty_shelf(shop.opened)
        told = await shop.sell_tee()
        assert (told["status"], told["offer"]["form"], told["offer"]["days"]) == ("offered", "home", 4)
        assert told["receipt"] == ""


async def test_it_stands_while_the_basket_changes_and_one_code_is_made(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await empty_shelf(shop.opened)
        first = await shop.sell_tee()
        shop.till.cart.lines = [(TEE, 2)]
        grown = await shop.till.decide()
        assert grown["decision"] == first["decision"]
        assert await shop.codes() == [first["offer"]["code"]]


async def test_what_became_of_it_is_settled_and_a_declined_one_is_not_made_again(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await empty_shelf(shop.opened)
        first = await shop.sell_tee()
        for kind in ("shown", "dismissed"):
            shop.till.note(kind, first["decision"])
        assert [each["result"] for each in await shop.till.flush()] == ["settled", "settled"]
        shop.till.cart.lines = [(TEE, 2)]
        declined = await shop.till.decide()
        assert (declined["status"], declined["why"]["code"]) == ("silent", "offer.dismissed")


async def test_a_manager_of_the_shop_says_yes_by_pin_and_nobody_is_asked_twice(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        await empty_shelf(shop.opened)
        first = await shop.sell_tee()
        for units in (2, 3):
            shop.till.cart.lines = [(TEE, units)]
            assert (await shop.till.decide())["decision"] == first["decision"]
        assert await shop.opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") == 1
        told = await shop.till.approve(first["decision"], ADA, PIN)
        assert (told["approved"], told["why"]) == (True, None)
        assert told["offer"]["form"] == "home"
        assert await shop.codes() == [told["offer"]["code"]]
