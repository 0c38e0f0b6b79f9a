"""`/pos/v1/beforehand`: a register's batch for the time without a line, settled by its codes once the line is back."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.offline_goods import sells
from tests.flows.pos_shop import DEVICE, PosShop, pos_shop

pytestmark = pytest.mark.anyio
FREE = Decimal(50)  # `transaction_free`: more needs a manager


async def kinds(shop: PosShop) -> list[str]:
    rows = await shop.opened.database.quick.rows("SELECT kind FROM outcome ORDER BY kind")
    return [row["kind"] for row in rows]


async def test_a_register_is_handed_goods_it_can_find_within_what_needs_no_manager(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await sells(shop.opened)
        offers = await shop.till.beforehand()
        variants = shop.opened.retailer.world.variants
        assert offers
        assert 0 < sum(Decimal(each["amount"]) for each in offers) <= FREE
        for each in offers:
            assert each["variants"] == [str(variants[each["goods"][0]].shopify_variant_id)]
            assert (each["in_basket"], each["applied"]) == (False, False)
            assert f"{each['percent']}% off" in each["words"]
        assert await shop.opened.count("SELECT count(*) FROM action WHERE state = 'waiting'") == 0


async def test_asked_again_it_is_the_same_batch_on_the_same_budget(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await sells(shop.opened)
        first = await shop.till.beforehand()
        again = await shop.till.beforehand()
        assert [each["code"] for each in first] == [each["code"] for each in again]
        decided = await shop.opened.count("SELECT count(*) FROM ledger WHERE kind = 'decision'")
        told = await shop.opened.database.quick.rows("SELECT DISTINCT facts ->> 'transaction' AS told FROM action")
        assert decided == len(first)
        assert [str(row["told"]).endswith(f":shopify-{DEVICE}") for row in told] == [True]


async def test_what_was_used_without_a_line_is_settled_by_its_code_once(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await sells(shop.opened)
        offer = (await shop.till.beforehand())[0]
        shop.till.online = False
        for kind in ("shown", "applied", "redeemed"):
            shop.till.note(kind, code=offer["code"], order="7001" if kind == "redeemed" else "")
        kept = list(shop.till.outbox)
        shop.till.online = True
        for _ in range(2):  # no answer came the first time
            shop.till.outbox = list(reversed(kept))
            assert {each["result"] for each in await shop.till.flush()} == {"settled"}
        assert await kinds(shop) == ["applied", "redeemed", "shown"]


async def test_a_shop_that_sold_nothing_has_nothing_to_hand_out(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        assert await shop.till.beforehand() == []
