"""Held-out customers are offered nothing and remembered for it; what is drawn stands in the evidence."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.specialists.offers import OffersSpecialist
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.arms import same_again
from knowledge.offers.drawing import Drawing, LearnedTable, Withheld
from knowledge.offers.learned import PRIORS
from knowledge.offers.lottery import WHOLE, Lottery
from knowledge.store.session import Database
from policies.limits import Limits
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.unit.agents.shop import NOW, PLACES, SECRET, open_shop_with_jeans, view
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

ADA = CustomerRef("c_ada")
ORIGIN = Origin(CorrelationId("story"), "call-1")
EVERYBODY = Lottery(SECRET, WHOLE, 500)
SOMETIMES = Lottery(SECRET, 0, 2_500)


@dataclass
class Drawn:
    """An offers specialist that draws, and what it withheld."""

    specialist: OffersSpecialist
    withheld: list[Withheld] = field(default_factory=list[Withheld])

    async def ask(self, transaction: str = "TXN_1", customer: CustomerRef | None = ADA) -> Any:
        lines = (LineFacts(sku="TEE", quantity=1, unit_price=3000),)
        basket = CheckoutFacts(location="STORE_1", transaction=transaction, lines=lines, total=3000, currency="USD")
        deadline = asyncio.get_running_loop().time() + 2
        return await self.specialist.for_basket(basket, customer, origin=ORIGIN, deadline=deadline)


@pytest.fixture
async def shop(database: Database) -> Database:
    await open_shop_with_jeans(database)
    return database


def drawing(database: Database, lottery: Lottery) -> Drawn:
    withheld: list[Withheld] = []
    given = Drawing(lottery, LearnedTable(), withheld.append)
    specialist = OffersSpecialist(
        database, PLACES, Limits.read(), secret=SECRET, campaign="SPRING", drawing=given, now=lambda: NOW
    )
    return Drawn(specialist, withheld)


async def test_a_held_out_customer_is_offered_nothing_at_the_till_and_it_is_told(shop: Database):
    held = drawing(shop, EVERYBODY)
    assert await held.ask() is None
    (one,) = held.withheld
    assert (one.customer, one.campaign, one.sku, one.transaction) == (ADA, "SPRING", "JEANS", "TXN_1")
    assert one.choice["held_out"] is True
    assert await held.ask(customer=None) is not None, "nobody knows a stranger again"


async def test_a_held_out_customer_is_offered_nothing_by_event_either(shop: Database):
    held = drawing(shop, EVERYBODY)
    event = view("v", "TEE")
    finding = await held.specialist.consider([event], {event.id: ADA})
    assert (finding.proposals, finding.passed) == ((), {"withheld": 1})
    assert len(held.withheld) == 1
    assert ADA not in str(held.withheld[0].choice), "evidence is read by people who may not know whom it is about"


async def test_what_was_drawn_stands_in_the_evidence_and_comes_out_again(shop: Database):
    drawn = drawing(shop, SOMETIMES)
    arms: set[str] = set()
    for number in range(40):
        offer = await drawn.ask(f"TXN_{number}")
        choice = offer.proposal.evidence["choice"] if offer else drawn.withheld[-1].choice
        arms.add(choice["arm"])
        assert same_again(choice, SOMETIMES, ADA)
        assert sum(arm["bp"] for arm in choice["arms"]) == WHOLE
        if offer:
            assert choice["percent_bp"] == offer.proposal.action.percent.basis_points
            assert choice["sku"] == offer.proposal.action.skus[0]
            assert choice["form"] == offer.proposal.action.form
    assert arms == {"silence", "beside", "another", "lead"}


async def test_asking_again_draws_the_same(shop: Database):
    one, two = drawing(shop, SOMETIMES), drawing(shop, SOMETIMES)
    for number in range(20):
        first, second = await one.ask(f"TXN_{number}"), await two.ask(f"TXN_{number}")
        assert (first is None) == (second is None)
        if first is not None:
            assert first.proposal.action == second.proposal.action
            assert first.proposal.evidence["choice"] == second.proposal.evidence["choice"]


async def test_learning_starts_at_the_priors_while_nobody_counted(shop: Database):
    table = LearnedTable()
    await table.keep_fresh(shop.quick)
    assert table.now is PRIORS
