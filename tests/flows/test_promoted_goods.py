"""Nothing is taken off what is in a promotion, at any door: the core offers no such thing, and the guard denies it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from knowledge.store.planning_tables import promotion
from knowledge.store.session import Database
from policies.actions.discount import Discount
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tests.flows.guarded_shop import ORIGIN, PEN, S1, SCARF, SPECIALIST, START, Shop, actor, open_shop
from tests.flows.offline_goods import sells
from tests.flows.open_house import SAMPLE, open_house
from tools.proposal import Proposal
from tools.scannable.token import ScannableOffer

pytestmark = pytest.mark.anyio

STORE = "STORE_123"
PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}


async def planned(database: Database, sku: str, day: datetime, **more: Any) -> None:
    """A promotion of 10 % off that day and the days around it; on everything for sku ""."""
    first, last = ((day + timedelta(days=days)).date().isoformat() for days in (-1, 1))
    row = {
        "id": f"p-{sku}", "name": "Week", "sku": sku, "category": "", "location_id": "", "channel": "",
        "first_day": first, "last_day": last, "percent": 10, "price": None, "currency": "USD", **more,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(promotion).values(row))


@pytest.fixture
async def shop(database: Database) -> Shop:
    opened = await open_shop(database)
    await planned(database, SCARF, START)
    return opened


def offer(*lines: tuple[Sku, int], percent: int = 5, form: str = "single", code: str = "TH-ONE") -> Proposal:
    base, share = Money(sum(price for _, price in lines), "USD"), Percent.whole(percent)
    skus = tuple(sku for sku, _ in lines)
    facts: dict[str, Any] = {
        "store": S1, "customer": None, "transaction": code, "code": code, "percent": share, "skus": skus, "base": base,
        "amount": base.share(share), "valid_until": START + timedelta(minutes=30), "form": form,
    }  # fmt: skip
    priced = [{"sku": sku, "units": 1, "price": price} for sku, price in lines]
    return Proposal(Discount(**facts), f"key-{code}", ORIGIN, "Goes with the basket.", {"lines": priced})


async def test_nobody_takes_a_percentage_off_goods_in_a_promotion_be_it_of_a_pair(shop: Shop):
    stacked = ("denied", ["offers.promotion_stacked"])
    pair = offer((PEN, 1_000), (SCARF, 3_000), form="bundle", code="TH-PAIR")
    for who in (SPECIALIST, actor(Role.MANAGER)):
        for proposal in (offer((SCARF, 3_000)), pair):
            decision = await shop.guard.propose(who, proposal)
            assert (decision.state, [rule for rule, _ in decision.reasons]) == stacked
    other = await shop.guard.propose(SPECIALIST, offer((PEN, 1_000), code="TH-PEN"))
    assert other.state != "denied"


async def test_a_word_of_a_promotion_passes_where_one_runs_and_not_where_none_does(shop: Shop):
    told = await shop.guard.propose(SPECIALIST, offer((SCARF, 3_000), percent=0, form="promotion"))
    assert told.state in {"allowed", "executing", "executed"}
    none = await shop.guard.propose(SPECIALIST, offer((PEN, 1_000), percent=0, form="promotion", code="TH-NONE"))
    assert (none.state, [rule for rule, _ in none.reasons]) == ("denied", ["offers.promotion_over"])


async def test_the_margin_of_a_word_is_what_the_promotion_leaves(database: Database):
    opened = await open_shop(database)
    await planned(database, PEN, START, percent=30)  # 700 of a pen that costs 800
    told = await opened.guard.propose(SPECIALIST, offer((PEN, 1_000), percent=0, form="promotion"))
    assert (told.state, [rule for rule, _ in told.reasons]) == ("denied", ["offers.margin_floor"])


async def test_a_till_is_told_of_a_promotion_without_a_code_and_a_scan_in_it_is_refused(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await planned(opened.database, "", datetime.now(UTC))
        key = await opened.key(Role.REGISTER, STORE)
        told = (await opened.check_out(SAMPLE, key)).json()
        await opened.house.background.close()
        assert (told["status"], told["discount_code"]) == ("offered", None)
        assert (told["offer"]["form"], told["offer"]["amount_off"]) == ("promotion", "0.00")
        assert told["personalized_message"].endswith("is in our promotion.")
        assert not [one for one in opened.retailer.world.discounts.values() if one.code.startswith("TH")]
        until = datetime.now(UTC) + timedelta(days=7)
        text = ScannableOffer.drawn("PROD_001", Percent(1_000), until).text(opened.house.secret.derive("scannable"))
        scan = (await opened.check_out({**SAMPLE, "pos_transaction_id": "TXN_7", "scanned": text}, key)).json()
        assert (scan["scan"]["code"], scan["discount_code"]) == ("scan.promotion", None)


async def test_lightspeeds_register_is_told_without_a_code_and_a_till_without_a_line_is_handed_nothing_of_it(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await sells(opened)
        await planned(opened.database, "", datetime.now(UTC))
        headers = {"authorization": f"Bearer {await opened.key(Role.REGISTER, STORE, 'STORE_SEA')}"}
        line = {"product": {"sku": "PROD_001"}, "quantity": "1", "price": "29.99"}
        outlet = opened.retailer.world.places["STORE_SEA"].outlet_id
        sale = {"id": "sale-1", "outlet_id": outlet, "custom_fields": [], "line_items": [line]}
        body = {"event_type": "sale.ready_for_payment", "sale": sale, "customer": None}
        actions = (await opened.client.post("/rules/lightspeed", json=body, headers=headers)).json()["actions"]
        (shown,) = [one for one in actions if one["type"] == "confirm"]
        assert (shown["title"], "Code" in shown["message"]) == ("In a promotion", False)
        batch = await opened.client.post("/v1/offline", json={"store_id": STORE, "register_id": "T1"}, headers=headers)
        assert batch.json()["batch"]["offers"] == []
        assert await opened.count("SELECT count(*) FROM action WHERE facts -> 'amount' ->> 'minor' <> '0'") == 0
