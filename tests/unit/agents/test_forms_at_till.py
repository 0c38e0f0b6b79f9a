"""At a till a pair is offered where it earns more, and what the shelf lacks is offered to be sent home."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update

from agents.basket_offer import BasketOffer
from agents.specialists.offers import OffersSpecialist
from agents.word_check import objection
from agents.words import said_of
from knowledge.events.event import Topic
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.candidates import Candidate, Wanted, Why
from knowledge.offers.drawing import Drawing, LearnedTable
from knowledge.offers.goods import Goods
from knowledge.offers.learned import AT_FULL_PRICE, Cell, learned_of
from knowledge.offers.uplift import PERCENTS, Terms
from knowledge.store.session import Database
from knowledge.store.tables import inventory_level
from policies.actions.discount import Discount, Form
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.ids import CorrelationId, CustomerRef, Sku
from tests.unit.agents.shop import NOW, PLACES, SECRET, goes_with, happened, looked, open_shop, stock
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

ORIGIN = Origin(CorrelationId("story"), "call-1")


@pytest.fixture
async def shop(database: Database) -> Database:
    await open_shop(database)
    async with database.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=40)
        for place in ("STORE_1", "WAREHOUSE"):
            await stock(connection, "JEANS", place, 5)
            await stock(connection, "TEE", place, 5)
    return database


class Waits(LearnedTable):
    """What was counted: such buyers wait for what is sent home, whatever is taken off."""

    def __init__(self, kind: str = "stranger") -> None:
        super().__init__()
        said = (AT_FULL_PRICE, *PERCENTS)
        self.now = learned_of({"home": {(kind, each, 2): Cell(400, 80.0, 80) for each in said}}, NOW)

    async def keep_fresh(self, quick: Any) -> None:
        """Nothing was counted since."""


class Loves(LearnedTable):
    """What was counted: such buyers take this form of offer twice as often as predicted."""

    def __init__(self, form: Form, kind: str = "stranger") -> None:
        super().__init__()
        cells = {(kind, percent, band): Cell(400, 80.0, 160) for percent in PERCENTS for band in range(5)}
        self.now = learned_of({form: cells}, NOW)

    async def keep_fresh(self, quick: Any) -> None:
        """Nothing was counted since."""


async def offered(
    shop: Database,
    *,
    form: Form = "single",
    limits: Limits | None = None,
    paid: int = 3_000,
    learned: LearnedTable | None = None,
) -> BasketOffer | None:
    drawing = Drawing(learned=learned or Loves(form))
    offers = OffersSpecialist(shop, PLACES, limits or Limits.read(), secret=SECRET, drawing=drawing, now=lambda: NOW)
    line = LineFacts(sku="TEE", quantity=1, unit_price=paid)
    told: Mapping[str, Any] = {"location": "STORE_1", "transaction": "T1", "total": paid, "currency": "USD"}
    deadline = asyncio.get_running_loop().time() + 2
    return await offers.for_basket(CheckoutFacts(lines=(line,), **told), None, origin=ORIGIN, deadline=deadline)


async def test_a_pair_is_offered_where_pairs_were_seen_to_earn_more(shop: Database):
    offer = await offered(shop, form="bundle")
    assert offer is not None
    discount = offer.proposal.action
    assert isinstance(discount, Discount)
    assert (discount.form, discount.skus, discount.base.minor) == ("bundle", ("JEANS", "TEE"), 11_000)
    assert [line["sku"] for line in offer.proposal.evidence["lines"]] == ["JEANS", "TEE"]
    assert offer.message == f"Slim Jeans goes well with Cotton Tee: {discount.percent} off both with this code."
    assert (offer.proposal.evidence["choice"]["form"], offer.proposal.evidence["choice"]["sku"]) == ("bundle", "JEANS")


async def test_no_pair_is_made_with_what_the_register_charges_otherwise(shop: Database):
    offer = await offered(shop, form="bundle", paid=2_999)
    assert offer is not None
    assert isinstance(offer.proposal.action, Discount)
    assert offer.proposal.action.form == "single"


async def test_what_is_not_on_this_shelf_is_sent_home_from_online_stock(shop: Database):
    await empty(shop, "STORE_1")
    offer = await offered(shop)
    assert offer is not None
    discount = offer.proposal.action
    assert isinstance(discount, Discount)
    assert (discount.form, discount.store, discount.skus) == ("home", "ONLINE", ("JEANS",))
    assert discount.within_days == Limits.read().place("", "").home.days
    assert offer.message == (
        f"Slim Jeans is not on our shelf: we send it home within 4 days, {discount.percent} off with this code."
    )
    assert discount.transaction == "T1"


async def test_who_waits_for_it_anyway_is_told_at_full_price_and_in_words_without_a_discount(shop: Database):
    await empty(shop, "STORE_1")
    offer = await offered(shop, learned=Waits())
    assert offer is not None
    discount = offer.proposal.action
    assert isinstance(discount, Discount)
    assert (discount.form, discount.percent.basis_points, discount.amount.minor) == ("home", 0, 0)
    assert offer.message == "Slim Jeans is not on our shelf: we send it home within 4 days."
    choice = offer.proposal.evidence["choice"]
    assert (choice["percent_bp"], choice["arm"]) == (0, "lead")
    assert "full price" in offer.proposal.rationale


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Slim Jeans is not here: we send it home within 4 days.", ""),
        ("Slim Jeans, sent home within 4 days, 10% off.", "words.figure"),
        ("Slim Jeans, sent home within 4 days for free.", "words.claim"),
    ],
)
def test_a_line_about_goods_sent_home_at_full_price_promises_nothing_off(line: str, fault: str):
    one = Candidate(
        Wanted("JEANS", 0.3, Why.COMPANION, "TEE"),
        Goods(Sku("JEANS"), "Slim Jeans", "", 8_000, "USD", 3_000, 5, NOW),
        Terms(0, 0, 0.2, 100),
        "home",
    )
    assert objection(line, said_of(one, "TH12345678", within_days=4)) == fault


async def test_nothing_is_sent_home_that_is_out_of_stock_online_too(shop: Database):
    await empty(shop, "STORE_1", "WAREHOUSE")
    assert await offered(shop) is None


async def test_a_retailer_who_sends_nothing_home_offers_nothing_to_be_sent(shop: Database):
    await empty(shop, "STORE_1")
    limits = Limits(DEFAULT_FILE.read_text().replace("days = 4 ", "days = 0 "))
    assert await offered(shop, limits=limits) is None


async def test_a_parcel_that_eats_the_margin_is_not_offered(shop: Database):
    await empty(shop, "STORE_1")
    limits = Limits(DEFAULT_FILE.read_text().replace("shipping = 600 ", "shipping = 4500 "))
    assert await offered(shop, limits=limits) is None


async def test_who_looked_for_it_and_comes_into_a_shop_without_it_is_offered_to_have_it_sent(shop: Database):
    async with shop.transaction() as connection:
        here = inventory_level.c.location_id == "STORE_1"
        await connection.execute(update(inventory_level).where(here).values(available=0))
        await looked(connection, "c_ada", "JEANS")
    offers = OffersSpecialist(shop, PLACES, Limits.read(), secret=SECRET, now=lambda: NOW)
    facts: dict[str, Any] = {"location": "STORE_1", "customer": [], "by": "app", "opted_in": True}
    event = happened("hello", Topic.CHECK_IN, facts)
    (proposal,) = (await offers.consider([event], {event.id: CustomerRef("c_ada")})).proposals
    discount = proposal.action
    assert isinstance(discount, Discount)
    assert (discount.form, discount.store, discount.within_days) == ("home", "ONLINE", 4)
    assert "within 4 days" in proposal.evidence["message"]


async def test_a_cart_online_is_offered_a_pair_where_pairs_earn_more(shop: Database):
    drawing = Drawing(learned=Loves("bundle", "new"))
    offers = OffersSpecialist(shop, PLACES, Limits.read(), secret=SECRET, drawing=drawing, now=lambda: NOW)
    event = happened("cart", Topic.CART_UPDATED, {"kind": "cart", "cart": "c1", "skus": ["TEE"]}, lane="online")
    (proposal,) = (await offers.consider([event], {event.id: CustomerRef("c_ada")})).proposals
    assert isinstance(proposal.action, Discount)
    assert (proposal.action.form, proposal.action.skus, proposal.action.store) == ("bundle", ("JEANS", "TEE"), "ONLINE")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Slim Jeans goes well with Cotton Tee: 10% off both.", ""),
        ("Slim Jeans: 10% off.", "words.partner_missing"),
        ("Slim Jeans goes well with Cotton Tee: 15% off both.", "words.percent_missing"),
    ],
)
def test_a_line_about_a_pair_names_both(line: str, fault: str):
    one = Candidate(
        Wanted("J", 0.3, Why.COMPANION, "T"), goods("J", "Slim Jeans"), TERMS, "bundle", goods("T", "Cotton Tee")
    )
    assert objection(line, said_of(one, "TH1")) == fault


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Slim Jeans comes home within 4 days, 10% off.", ""),
        ("Slim Jeans comes home within 3 days, 10% off.", "words.delivery_missing"),
        ("Slim Jeans: 10% off.", "words.delivery_missing"),
        ("Slim Jeans comes home within 4 days and 2 hours, 10% off.", "words.figure"),
    ],
)
def test_a_line_about_what_is_sent_home_says_by_when(line: str, fault: str):
    one = Candidate(Wanted("J", 0.3, Why.COMPANION, "T"), goods("J", "Slim Jeans"), TERMS, "home")
    assert objection(line, said_of(one, "TH1", within_days=4)) == fault


TERMS = Terms(1_000, 800, 0.3, 100)


def goods(sku: str, title: str) -> Goods:
    return Goods(Sku(sku), title, "", 8_000, "USD", 3_000, 5, NOW)


async def empty(shop: Database, *places: str) -> None:
    async with shop.transaction() as connection:
        for place in places:
            of = (inventory_level.c.sku == "JEANS") & (inventory_level.c.location_id == place)
            await connection.execute(update(inventory_level).where(of).values(available=0))
