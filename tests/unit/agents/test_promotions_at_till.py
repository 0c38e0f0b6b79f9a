"""Goods in one of the retailer's promotions are told of at its price, and no percentage of ours comes on top."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert

from agents.basket_offer import BasketOffer
from agents.specialists.offers import OffersSpecialist
from knowledge.events.event import Topic
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.promoted import PromotionTable
from knowledge.store.planning_tables import promotion
from knowledge.store.session import Database
from policies.actions.discount import Discount
from policies.errors import Refused
from policies.limits import Limits
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.unit.agents.shop import NOW, PLACES, SECRET, happened, open_shop_with_jeans
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

ORIGIN = Origin(CorrelationId("story"), "call-1")


async def planned(database: Database, sku: str = "JEANS", **more: Any) -> None:
    row = {
        "id": f"p-{sku}", "name": "March", "sku": sku, "category": "", "location_id": "", "channel": "",
        "first_day": "2026-03-09", "last_day": "2026-03-11", "percent": 25, "price": None, "currency": "USD", **more,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(promotion).values(row))


def specialist(shop: Database, **more: Any) -> OffersSpecialist:
    return OffersSpecialist(shop, PLACES, Limits.read(), secret=SECRET, now=lambda: NOW, **more)


async def offered(shop: Database, *, transaction: str = "T1", **more: Any) -> BasketOffer | None:
    line = LineFacts(sku="TEE", quantity=1, unit_price=3_000)
    told: dict[str, Any] = {"location": "STORE_1", "transaction": transaction, "total": 3_000, "currency": "USD"}
    deadline = asyncio.get_running_loop().time() + 5
    checkout = CheckoutFacts(lines=(line,), **told)
    return await specialist(shop, **more).for_basket(checkout, None, origin=ORIGIN, deadline=deadline)


async def test_what_goes_with_the_basket_and_is_in_a_promotion_is_told_of_and_not_reduced_further(database: Database):
    await open_shop_with_jeans(database)
    await planned(database)
    offer = await offered(database)
    assert offer is not None
    discount = offer.proposal.action
    assert isinstance(discount, Discount)
    assert (discount.form, discount.skus, discount.percent.basis_points) == ("promotion", ("JEANS",), 0)
    assert (discount.base.minor, discount.amount.minor, discount.at_full_price) == (8_000, 0, True)
    assert offer.message == "Slim Jeans is in our promotion."
    assert offer.proposal.evidence["promotion_price"] == 6_000
    assert offer.proposal.evidence["choice"]["form"] == "promotion"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"location_id": "STORE_2"},
        {"channel": "online"},
        {"sku": "", "category": "Knits"},
        {"first_day": "2026-03-01", "last_day": "2026-03-09"},
        {"first_day": "2026-03-12", "last_day": "2026-03-14"},
    ],
)
async def test_a_promotion_of_another_place_day_or_kind_changes_nothing(database: Database, elsewhere: dict[str, Any]):
    await open_shop_with_jeans(database)
    await planned(database, **elsewhere)
    offer = await offered(database)
    assert offer is not None
    assert isinstance(offer.proposal.action, Discount)
    assert (offer.proposal.action.form, offer.proposal.action.amount.minor > 0) == ("single", True)


async def test_what_everybody_gets_cheaper_tomorrow_is_not_discounted_today(database: Database):
    await open_shop_with_jeans(database)
    await planned(database, first_day="2026-03-11", last_day="2026-03-14")
    assert await offered(database) is None
    assert await offered(database, promotions=PromotionTable(ahead_days=0), transaction="T2") is not None


@pytest.mark.parametrize("more", [{"price": 100, "percent": None, "currency": "EUR"}, {"percent": 90}])
async def test_a_promotion_in_other_money_or_below_cost_is_no_offer_and_no_discount_either(
    database: Database, more: dict[str, Any]
):
    await open_shop_with_jeans(database)
    await planned(database, **more)
    assert await offered(database) is None


async def test_one_that_was_imported_meanwhile_is_known_at_the_next_look(database: Database):
    await open_shop_with_jeans(database)
    table = PromotionTable(check_every=0)
    forms: list[str] = []
    for transaction in ("T1", "T2"):
        offer = await offered(database, transaction=transaction, promotions=table)
        assert offer is not None
        assert isinstance(offer.proposal.action, Discount)
        forms.append(offer.proposal.action.form)
        await planned(database, id=f"p-{transaction}")
    assert forms == ["single", "promotion"]


async def test_a_cart_online_is_told_of_it_too(database: Database):
    await open_shop_with_jeans(database)
    await planned(database, channel="online")
    event = happened("cart", Topic.CART_UPDATED, {"kind": "cart", "cart": "c1", "skus": ["TEE"]}, lane="online")
    (proposal,) = (await specialist(database).consider([event], {event.id: CustomerRef("c_ada")})).proposals
    assert isinstance(proposal.action, Discount)
    assert (proposal.action.form, proposal.action.amount.minor) == ("promotion", 0)


def test_an_offer_in_a_promotion_that_takes_something_off_cannot_be_said():
    facts: dict[str, Any] = {
        "store": "STORE_1", "customer": None, "transaction": "T1", "code": "TH12345678",
        "percent": {"basis_points": 500},
        "skus": ["JEANS"], "base": {"minor": 8_000, "currency": "USD"}, "amount": {"minor": 400, "currency": "USD"},
        "valid_until": NOW, "form": "promotion",
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        Discount.model_validate(facts)
    assert refused.value.code == "discount.promotion"
