"""Pairs and goods sent home pass the same guard: floors, stock, words and caps hold for what they really are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from knowledge.store.session import Database
from policies.actions.discount import Discount, EndDiscount, Form
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tests.flows.guarded_shop import ADA, ORIGIN, PEN, S1, SCARF, SPECIALIST, START, WAREHOUSE, Shop, open_shop
from tools.proposal import Proposal

pytestmark = pytest.mark.anyio

DAYS = 4  # of limits.toml


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


def offer(form: Form, lines: Sequence[tuple[Sku, int]], *, percent: int = 10, **more: Any) -> Proposal:
    """An offer on one unit each at these prices."""
    base = Money(sum(price for _, price in lines), "USD")
    share = Percent.whole(percent)
    said = {"message": more.pop("message")} if "message" in more else {}
    told: dict[str, Any] = {
        "store": WAREHOUSE if form == "home" else S1,
        "customer": None,
        "transaction": "T1",
        "code": "TH-FORMS",
        "percent": share,
        "skus": tuple(sku for sku, _ in lines),
        "base": base,
        "amount": base.share(share),
        "valid_until": START + timedelta(minutes=30),
        "form": form,
        "within_days": DAYS if form == "home" else 0,
        **more,
    }
    priced = [{"sku": sku, "units": 1, "price": price} for sku, price in lines]
    return Proposal(Discount(**told), f"key-{told['code']}", ORIGIN, "Goes with the basket.", {"lines": priced, **said})


async def rules(shop: Shop, proposal: Proposal) -> tuple[str, list[str]]:
    decision = await shop.guard.propose(SPECIALIST, proposal)
    return decision.state, [rule for rule, _ in decision.reasons]


async def test_a_pair_keeps_its_margin_together(shop: Shop):
    alone, pair = ((PEN, 1_000),), ((PEN, 1_000), (SCARF, 3_000))
    assert await rules(shop, offer("single", alone, percent=15)) == ("denied", ["offers.margin_floor"])
    state, _ = await rules(shop, offer("bundle", pair, percent=15, code="TH-PAIR", transaction="T2"))
    assert state != "denied"


async def test_a_pair_of_which_one_is_out_of_stock_is_not_offered(shop: Shop):
    pair = ((PEN, 1_000), (SCARF, 3_000))
    await shop.count(PEN, 0)
    assert await rules(shop, offer("bundle", pair)) == ("denied", ["offers.out_of_stock"])


@pytest.mark.parametrize(("price", "allowed"), [(1_640, True), (1_620, False)])
async def test_a_parcel_counts_in_the_margin_that_remains(shop: Shop, price: int, allowed: bool):
    # at 5 % off, 800 of cost and 600 of parcel
    state, why = await rules(shop, offer("home", ((PEN, price),), percent=5))
    assert (state != "denied", why) == ((True, ["offers.who"]) if allowed else (False, ["offers.margin_floor"]))


async def test_nothing_is_promised_to_arrive_sooner_than_the_retailer_sends(shop: Shop):
    with pytest.raises(Refused) as caught:
        await shop.guard.propose(SPECIALIST, offer("home", ((SCARF, 3_000),), within_days=DAYS - 1))
    assert caught.value.code == "discount.home"
    assert (await rules(shop, offer("home", ((SCARF, 3_000),), within_days=DAYS)))[0] != "denied"


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("within 4 days", True),
        ("in 4 days", True),
        ("within 3 days", False),
        ("within 4 hours", False),
        ("tomorrow", False),
        ("", True),
    ],
)
async def test_the_message_promises_the_delivery_that_was_decided(shop: Shop, said: str, allowed: bool):
    words = f"We send the scarf home {said}: 10% off with this code."
    state, why = await rules(shop, offer("home", ((SCARF, 3_000),), message=words))
    assert (state != "denied", why) == ((True, ["offers.who"]) if allowed else (False, ["offers.words_disagree"]))


async def test_what_is_sent_home_counts_in_the_transaction_of_the_till(shop: Shop):
    await shop.guard.propose(SPECIALIST, offer("home", ((SCARF, 3_000),)))
    assert await shop.promised() == {"shopify:T1": 300}


def test_a_pair_and_a_parcel_can_be_taken_back():
    forms: tuple[tuple[Form, str], ...] = (("bundle", "TH-PAIR"), ("home", "TH-HOME"))
    for form, code in forms:
        made = offer(form, ((PEN, 2_000), (SCARF, 3_000)), code=code, transaction=code).action
        undo = made.inverse("reference")
        assert isinstance(undo, EndDiscount)
        assert (undo.code, undo.store) == (code, made.location)
        assert ADA.covers(LocationId(undo.store))


def test_a_pair_has_two_different_goods_and_what_is_sent_home_says_by_when():
    with pytest.raises(Refused, match="at least two"):
        offer("bundle", ((SCARF, 3_000),))
    wrongs: tuple[dict[str, Any], ...] = ({"within_days": 0}, {"skus": ()})
    for wrong in wrongs:
        with pytest.raises(Refused, match="sent home"):
            offer("home", ((SCARF, 3_000),), **wrong)
    with pytest.raises(Refused, match="sent home"):
        offer("single", ((SCARF, 3_000),), within_days=2)


def test_facts_of_offers_from_the_shelf_are_as_they_were():
    facts = offer("single", ((SCARF, 3_000),)).action.facts()
    assert not {"form", "within_days"} & set(facts)
    assert "sent home" in offer("home", ((SCARF, 3_000),)).action.sentence()
