"""Who waits for an answer to a complaint is offered nothing and written nothing, and the record says why."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert

from agents.specialists.offers import OffersSpecialist
from agents.specialists.purchases import PurchasesSpecialist
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.drawing import Drawing, Withheld
from knowledge.offers.lottery import WHOLE, Lottery
from knowledge.profile.complaints import Complaints, Hushed
from knowledge.store.identity_tables import customer_identity
from knowledge.store.session import Database
from knowledge.store.tables import customer, ticket
from policies.limits import Limits
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.unit.agents.shop import NOW, PLACES, SECRET, open_shop_with_jeans, order, view
from tools.audit.verify import verify
from tools.proposal import Origin
from tools.withheld import keep_hushed

pytestmark = pytest.mark.anyio

ADA, OTHER = CustomerRef("c_ada"), CustomerRef("c_ada_online")
SIZES = Complaints(frozenset({"damaged", "late_delivery"}))


@pytest.fixture
async def shop(database: Database) -> Database:
    await open_shop_with_jeans(database)
    async with database.transaction() as connection:
        agreed = {"consent_sms": True, "consent_sms_at": NOW}
        await connection.execute(insert(customer).values(ref=ADA, observed_at=NOW, **agreed))
    return database


async def opens(shop: Database, subject: str = "damaged", *, state: str = "open", ref: CustomerRef = ADA) -> None:
    row = {"ticket": f"t-{subject}-{state}", "customer_ref": ref, "state": state, "subject": subject}
    async with shop.transaction() as connection:
        await connection.execute(insert(ticket).values(**row, opened_at=NOW, at=NOW))


def specialist(shop: Database, complaints: Complaints | None = None, **more: Any) -> OffersSpecialist:
    return OffersSpecialist(shop, PLACES, Limits.read(), secret=SECRET, now=lambda: NOW, complaints=complaints, **more)


async def at_till(
    shop: Database, complaints: Complaints | None = None, who: CustomerRef | None = ADA, **more: Any
) -> Any:
    lines = (LineFacts(sku="TEE", quantity=1, unit_price=3000),)
    basket = CheckoutFacts(location="STORE_1", transaction="T1", lines=lines, total=3000, currency="USD")
    origin, deadline = Origin(CorrelationId("story"), "call-1"), asyncio.get_running_loop().time() + 5
    return await specialist(shop, complaints, **more).for_basket(basket, who, origin=origin, deadline=deadline)


async def test_at_a_till_there_is_silence_and_it_is_noted_once_a_sale_without_a_name(shop: Database):
    noted: list[Hushed] = []
    complaints = Complaints(note=noted.append)
    assert await at_till(shop, complaints) is not None
    await opens(shop)
    assert await at_till(shop, complaints) is None
    assert (noted[0].subject, noted[0].story, noted[0].causation) == ("damaged", "story", "call-1")
    assert await at_till(shop, complaints, who=None) is not None
    assert [await keep_hushed(shop, one) for one in (noted[0], noted[0])] == [True, False]
    (row,) = await shop.quick.rows("SELECT entry FROM ledger WHERE kind = 'note'")
    assert "waits for an answer to a ticket (damaged)" in row["entry"]
    assert ADA not in row["entry"]
    async with shop.reading() as connection:
        assert (await verify(connection)).whole


@pytest.mark.parametrize(
    ("subject", "state", "complaints", "silent"),
    [
        ("damaged", "open", SIZES, True),
        ("question", "open", SIZES, False),
        ("question", "open", Complaints(), True),
        ("damaged", "closed", SIZES, False),
        ("damaged", "closed", Complaints(), False),
    ],
)
async def test_only_open_ones_of_the_subjects_the_retailer_named_count(
    shop: Database, subject: str, state: str, complaints: Complaints, *, silent: bool
):
    await opens(shop, subject, state=state)
    assert (await at_till(shop, complaints) is None) == silent


async def test_by_event_and_after_a_purchase_there_is_silence_with_the_reason_noted(shop: Database):
    await opens(shop, ref=OTHER)
    async with shop.transaction() as connection:
        await connection.execute(insert(customer_identity), [{"ref": ref, "identity": ADA} for ref in (ADA, OTHER)])
    event = view("v", "TEE")
    finding = await specialist(shop).consider([event], {event.id: ADA})
    assert (finding.proposals, finding.passed) == ((), {"complaint": 1})
    assert finding.notes == (("v", "Nothing is offered while the customer waits for an answer to a ticket (damaged)."),)
    bought = order("o1", "TEE", total=50_000)
    writer = PurchasesSpecialist(shop, PLACES, Limits.read(), channels={"sms"}, now=lambda: NOW)
    told = await writer.consider([bought], {bought.id: ADA})
    assert (told.proposals, told.passed, len(told.notes)) == ((), {"complaint": 1}, 1)


async def test_who_is_held_out_is_not_taken_in_while_they_complain_either(shop: Database):
    await opens(shop)
    kept: list[Withheld] = []
    assert await at_till(shop, drawing=Drawing(Lottery(SECRET, WHOLE, 500), withhold=kept.append)) is None
    assert kept == []
