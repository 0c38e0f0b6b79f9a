"""`/pos/v1/beforehand`: a register's batch for the time without a line, settled by its codes once the line is back."""

from decimal import Decimal
from pathlib import Path

import pytest

from evals.retailer.orders import sell
from evals.retailer.shopify.order_payloads import order_body
from evals.retailer.stock import shift
from tests.flows.offline_goods import sells
from tests.flows.pos_shop import DEVICE, STORE, PosShop, pos_shop

pytestmark = pytest.mark.anyio
FREE = Decimal(50)  # `transaction_free`: more needs a manager


async def kinds(shop: PosShop) -> list[str]:
    rows = await shop.opened.database.quick.rows("SELECT kind FROM outcome ORDER BY kind")
    return [row["kind"] for row in rows]


async def finish_all(shop: PosShop) -> None:
    """What the workers would do."""
    for row in await shop.opened.database.quick.rows("SELECT id FROM action WHERE state = 'allowed'"):
        await shop.opened.house.guard.finish(row["id"])


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


@pytest.mark.parametrize("made", [True, False])
async def test_a_code_whose_money_came_off_by_hand_is_ended_once_and_its_money_settles(
    database_url: str, tmp_path: Path, made: bool
):
    async with pos_shop(database_url, tmp_path) as shop:
        await sells(shop.opened)
        offer = (await shop.till.beforehand())[0]
        if made:
            await finish_all(shop)
        shop.till.note("applied", code=offer["code"])
        shop.till.note("redeemed", code=offer["code"], order="7001")
        kept = list(shop.till.outbox)
        for _ in range(2):
            shop.till.outbox = list(kept)
            await shop.till.flush()
        await finish_all(shop)
        world = shop.opened.retailer.world
        assert [one.active for one in world.discounts.values() if one.code == offer["code"]] == [False]
        assert await shop.opened.count("SELECT count(*) FROM action WHERE kind = 'end_discount'") == 1

        sku = offer["goods"][0]
        shift(world, sku, STORE, on_hand=1)
        order = sell(world, place=STORE, customer_key=None, lines=[(sku, 1)], channel="pos", occurred_at=world.now())
        body = order_body(order, world)
        body["discount_applications"] = [
            {"type": "automatic", "title": "Members"},
            {"type": "manual", "title": f"Tillhand {offer['code']}", "value_type": "fixed_amount"},
        ]
        shares = [("1.00", 0), (offer["amount"], 1)]
        allocated = [{"amount": amount, "discount_application_index": place} for amount, place in shares]
        body["line_items"][0]["discount_allocations"] = allocated
        for _ in range(2):
            assert (await shop.opened.shopify_says("orders/create", body)).status_code == 200
            await shop.opened.drain()
        rows = await shop.opened.database.quick.rows("SELECT minor, flags FROM outcome WHERE kind = 'accepted'")
        assert [(row["minor"], row["flags"]) for row in rows] == [(int(Decimal(offer["amount"]) * 100), [])]


async def test_a_shop_that_sold_nothing_has_nothing_to_hand_out(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        assert await shop.till.beforehand() == []
