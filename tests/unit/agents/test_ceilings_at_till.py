"""A customer is offered no more than they usually need, by till and by event; it stands in the evidence with why."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from agents.specialists.offers import OffersSpecialist
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.ceiling import LEAST, Ceiling, ChainDepth, ceiling_of, ceilings, under
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import Drawing, Withheld
from knowledge.offers.lottery import WHOLE, Lottery
from knowledge.profile.profile import profile_of
from knowledge.store.identity_tables import customer_identity
from knowledge.store.session import Database
from knowledge.store.tables import purchase, purchase_line
from policies.actions.discount import Discount
from policies.limits import Limits
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.unit.agents.shop import NOW, PLACES, SECRET, open_shop_with_jeans, view
from tools.proposal import Origin
from tools.read.known import known_of

pytestmark = pytest.mark.anyio

ADA, BO = CustomerRef("c_ada"), CustomerRef("c_bo")
ORIGIN = Origin(CorrelationId("story"), "call-1")


@pytest.fixture
async def shop(database: Database) -> Database:
    await open_shop_with_jeans(database)
    return database


async def bought(shop: Database, ref: CustomerRef, *percents: int, days: int = 90) -> None:
    """Socks at 10.00, with so many percent off each time."""
    async with shop.transaction() as connection:
        for number, percent in enumerate(percents):
            row = {"id": f"{ref}-{days}-{number}", "channel": "pos", "location_id": "STORE_1", "customer_ref": ref}
            at = NOW - timedelta(days=days, minutes=number)
            told = {"occurred_at": at, "received_at": at, "total": 1_000 - 10 * percent, "currency": "USD"}
            await connection.execute(insert(purchase).values(**row, **told))
            line = {"purchase_id": row["id"], "sku": "SOCKS", "quantity": 1, "unit_price": 1_000}
            await connection.execute(insert(purchase_line).values(**line, discount=10 * percent))


async def offered(shop: Database, ref: CustomerRef | None, drawing: Drawing | None = None) -> Any:
    specialist = OffersSpecialist(
        shop, PLACES, Limits.read(), secret=SECRET, drawing=drawing or Drawing(), now=lambda: NOW
    )
    lines = (LineFacts(sku="TEE", quantity=1, unit_price=3000),)
    basket = CheckoutFacts(location="STORE_1", transaction="T1", lines=lines, total=3000, currency="USD")
    deadline = asyncio.get_running_loop().time() + 5
    return await specialist.for_basket(basket, ref, origin=ORIGIN, deadline=deadline)


def percent(offer: Any) -> int:
    action = offer.proposal.action
    assert isinstance(action, Discount)
    return action.percent.basis_points


async def test_at_a_till_nobody_is_offered_more_than_they_usually_need_and_the_evidence_says_why(shop: Database):
    usual = percent(await offered(shop, ADA))
    assert usual > 500
    await bought(shop, ADA, 5, 5, 5, 0)
    offer = await offered(shop, ADA)
    assert percent(offer) == 500
    told = offer.proposal.evidence["choice"]
    assert told["ceiling"] == {"percent_bp": 500, "purchases": 4, "discounted": 3}
    assert all(one["percent_bp"] <= 500 for arm in told["arms"] for one in arm["offers"])
    stranger = await offered(shop, None)
    assert percent(stranger) == usual
    assert "ceiling" not in stranger.proposal.evidence["choice"]


async def test_who_needs_less_than_the_least_there_is_gets_silence(shop: Database):
    await bought(shop, ADA, 4, 4, 4)
    assert await offered(shop, ADA) is None


async def test_by_event_the_same_bound_holds_and_a_record_linked_with_theirs_says_it_too(shop: Database):
    await bought(shop, BO, 5, 5, 5)
    async with shop.transaction() as connection:
        await connection.execute(insert(customer_identity), [{"ref": ref, "identity": ADA} for ref in (ADA, BO)])
    specialist = OffersSpecialist(shop, PLACES, Limits.read(), secret=SECRET, now=lambda: NOW)
    event = view("v", "TEE")
    (proposal,) = (await specialist.consider([event], {event.id: ADA})).proposals
    assert isinstance(proposal.action, Discount)
    assert proposal.action.percent.basis_points <= 500
    assert proposal.evidence["choice"]["ceiling"]["percent_bp"] == 500


async def test_held_out_or_not_the_same_ceiling_is_logged(shop: Database):
    await bought(shop, ADA, 5, 5, 5)
    kept: list[Withheld] = []
    assert await offered(shop, ADA, Drawing(Lottery(SECRET, WHOLE, 500), withhold=kept.append)) is None
    offer = await offered(shop, ADA, Drawing(Lottery(SECRET, 1, 0)))
    assert kept[0].choice["ceiling"] == offer.proposal.evidence["choice"]["ceiling"]


@pytest.mark.parametrize(("count", "said"), [(LEAST - 1, False), (LEAST, True)])
async def test_few_purchases_say_nothing(shop: Database, count: int, said: bool):
    await bought(shop, ADA, *[10] * count)
    await bought(shop, ADA, *[20] * 9, days=366)  # longer ago than is remembered, though the chain's newest
    found = await ceilings(shop.quick, [ADA, BO], ChainDepth(), now=NOW)
    assert (ADA in found, BO in found) == (said, False)


async def test_managers_see_it_in_the_profile_and_associates_do_not(shop: Database):
    await bought(shop, ADA, 10, 10, 10, 0, 0)
    profile = await profile_of(shop, CompanionTable(), [ADA], now=NOW)
    assert profile.ceiling == Ceiling(1_000, 5, 3)
    told = known_of(profile, Role.MANAGER, "USD").discounts
    assert told is not None
    assert (told.purchases, told.discounted, told.ceiling_bp) == (5, 3, 1_000)
    assert known_of(profile, Role.ASSOCIATE, "USD").discounts is None


def test_three_in_four_of_their_discounts_were_at_the_ceiling_or_less_drawn_towards_the_chains():
    assert ceiling_of([1_000] * 3, 3, 1_000) == Ceiling(1_000, 3, 3)
    assert ceiling_of([1_000] * 3, 3, 2_000) == Ceiling(1_500, 3, 3)
    assert ceiling_of([1_000] * 57, 57, 2_000) == Ceiling(1_100, 57, 57), "who bought often speaks for themselves"
    assert ceiling_of([500, 500, 500, 3_000], 4, 500) == Ceiling(500, 4, 4), "one sale is not what they need"
    assert ceiling_of([997] * 3, 3, 998) == Ceiling(1_000, 3, 3), "cents are rounded, percentages are whole"


@given(st.lists(st.integers(1, 10_000), min_size=LEAST, max_size=40), st.integers(1, 10_000), st.randoms())
def test_a_ceiling_lies_between_theirs_and_the_chains_in_whatever_order_they_bought(
    depths: list[int], chain: int, dice: Any
):
    found = ceiling_of(depths, len(depths), chain)
    assert found is not None
    assert min(*depths, chain) <= found.percent_bp < max(*depths, chain) + 100
    mixed = list(depths)
    dice.shuffle(mixed)
    assert ceiling_of(mixed, len(mixed), chain) == found


@pytest.mark.parametrize(("ceiling", "most"), [(2_999, 2_999), (3_000, 3_000), (3_001, 3_000)])
def test_a_ceiling_never_loosens_the_rules_cap(ceiling: int, most: int):
    limits = Limits.read().place("NY", "STORE_1")
    assert limits.discount.percent_bp == 3_000
    assert under(limits, Ceiling(ceiling, 3, 3)).discount.percent_bp == most
    assert under(limits, None) is limits
