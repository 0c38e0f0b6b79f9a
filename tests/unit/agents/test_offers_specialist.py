"""Offers are economical: worth more than silence, possible here and now, once a day, and the same when asked again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from agents.basket_offer import DECIDING
from agents.model import ModelDoor, ModelSettings
from agents.specialists.offers import OffersSpecialist
from agents.words import Sayable, Writer, Written
from knowledge.events.event import Topic
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.history import WISHED_DAYS
from knowledge.store.session import Database
from knowledge.store.tables import action, inventory_level, variant
from policies.actions.discount import Discount
from policies.limits import Limits
from policies.packs.pack import disclosed
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.price_list import PriceList
from tests.unit.agents.shop import (
    NOW,
    PLACES,
    SECRET,
    goes_with,
    happened,
    looked,
    open_shop,
    stock,
    view,
)
from tools.fresh_prices import FreshPrices
from tools.proposal import Origin, Proposal

pytestmark = pytest.mark.anyio

ADA = CustomerRef("c_ada")
ORIGIN = Origin(CorrelationId("story"), "call-1")


@pytest.fixture
async def offers(database: Database) -> OffersSpecialist:
    await open_shop(database)
    async with database.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=40)
        await stock(connection, "JEANS", "STORE_1", 5)
        await stock(connection, "JEANS", "WAREHOUSE", 5)
    return OffersSpecialist(database, PLACES, Limits.read(), secret=SECRET, now=lambda: NOW)


def basket(*skus: str, transaction: str = "TXN_1") -> CheckoutFacts:
    lines = tuple(LineFacts(sku=sku, quantity=1, unit_price=3000) for sku in skus)
    return CheckoutFacts(location="STORE_1", transaction=transaction, lines=lines, total=3000, currency="USD")


async def ask(offers: OffersSpecialist, checkout: CheckoutFacts, customer: CustomerRef | None = None) -> Any:
    deadline = asyncio.get_running_loop().time() + 2
    return await offers.for_basket(checkout, customer, origin=ORIGIN, deadline=deadline)


async def remember(database: Database, proposal: Proposal, actor: str = "specialist:offers") -> None:
    row = {
        "id": f"a-{proposal.key}", "kind": "discount", "location_id": "STORE_1", "actor_id": actor, "actor": {},
        "idempotency_key": proposal.key, "fingerprint": "0" * 64, "facts": proposal.action.facts(), "proposal": {},
        "correlation_id": "story", "causation_id": "", "situation": {}, "verdict": {}, "state": "executed",
        "money": 1, "currency": "USD", "created_at": NOW,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(action).values(row))


async def test_a_basket_is_offered_what_goes_with_it(offers: OffersSpecialist):
    offer = await ask(offers, basket("TEE"), ADA)
    discount = offer.proposal.action
    assert isinstance(discount, Discount)
    assert (discount.skus, discount.base.minor, discount.customer) == (("JEANS",), 8000, ADA)
    assert offer.proposal.evidence["lines"] == [{"sku": "JEANS", "units": 1, "price": 8000}]
    assert offer.proposal.evidence["expected_value"] > 0
    line = f"Slim Jeans goes well with your basket: {discount.percent} off with this code."
    assert offer.message == offer.proposal.evidence["message"] == disclosed(line, ("us_ny",))
    assert offer.source == "template"
    assert discount.valid_until == NOW + timedelta(seconds=1800)
    assert discount.code.startswith("TH")


async def test_nothing_is_offered_that_is_not_in_stock_here(offers: OffersSpecialist, database: Database):
    async with database.transaction() as connection:
        await connection.execute(update(inventory_level).values(available=0))
    assert await ask(offers, basket("TEE")) is None


async def test_one_unit_in_stock_is_enough(offers: OffersSpecialist, database: Database):
    async with database.transaction() as connection:
        await connection.execute(update(inventory_level).values(available=1))
    assert await ask(offers, basket("TEE")) is not None


async def test_nothing_is_offered_that_is_in_the_basket_or_was_bought_lately(
    offers: OffersSpecialist, database: Database
):
    assert await ask(offers, basket("TEE", "JEANS")) is None
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, total,"
                " currency) VALUES ('o', 'online', 'ONLINE', 'c_ada', :at, :at, 1, 'USD')"
            ),
            {"at": NOW - timedelta(days=3)},
        )
        await connection.execute(
            text("INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price) VALUES ('o', 'JEANS', 1, 1)")
        )
    assert await ask(offers, basket("TEE"), ADA) is None
    assert await ask(offers, basket("TEE")) is not None, "a stranger may not have them yet"


async def test_nothing_is_offered_at_a_price_older_than_the_limit_that_the_platform_does_not_confirm(
    offers: OffersSpecialist, database: Database
):
    limit = timedelta(seconds=5)
    for age, offered in ((limit, True), (limit + timedelta(seconds=1), False)):
        async with database.transaction() as connection:
            await connection.execute(update(variant).values(observed_at=NOW - age))
        assert (await ask(offers, basket("TEE")) is not None) is offered
        event = view(f"v{age.seconds}", "TEE")
        finding = await offers.consider([event], {event.id: ADA})
        assert (len(finding.proposals), finding.passed) == ((1, {}) if offered else (0, {"price_unknown": 1}))


@pytest.mark.usefixtures("offers")
async def test_an_old_price_is_asked_for_again_and_the_offer_is_made_of_the_new_one(database: Database):
    shopify = PriceList({"JEANS": 7_000}, now=lambda: NOW)
    prices = FreshPrices({"shopify": shopify}, lambda: NOW)
    asking = OffersSpecialist(database, PLACES, Limits.read(), secret=SECRET, prices=prices, now=lambda: NOW)
    async with database.transaction() as connection:
        await connection.execute(update(variant).values(observed_at=NOW - timedelta(hours=1)))
    event = view("v1", "TEE")
    (proposal,) = (await asking.consider([event], {event.id: ADA})).proposals
    told = (await ask(asking, basket("TEE"), ADA)).proposal
    for each in (proposal, told):
        assert isinstance(each.action, Discount)
        assert (each.action.base.minor, each.evidence["lines"][0]["price"], each.priced_at) == (7_000, 7_000, NOW)
        assert str(each.action.percent) in each.evidence["message"]


async def test_no_word_of_the_law_is_said_to_a_stranger(offers: OffersSpecialist):
    offer = await ask(offers, basket("TEE"))
    assert (
        offer.message == f"Slim Jeans goes well with your basket: {offer.proposal.action.percent} off with this code."
    )


async def test_offers_count_under_the_campaign_they_are_told(offers: OffersSpecialist, database: Database):
    spring = OffersSpecialist(database, PLACES, Limits.read(), secret=SECRET, campaign="SPRING", now=lambda: NOW)
    event = view("v1", "TEE")
    (proposal,) = (await spring.consider([event], {event.id: ADA})).proposals
    assert isinstance(proposal.action, Discount)
    assert [proposal.action.campaign, (await ask(spring, basket("TEE"), ADA)).proposal.action.campaign] == [
        "SPRING"
    ] * 2
    assert "campaign" not in (await ask(offers, basket("TEE"), ADA)).proposal.action.facts()


async def test_known_costs_come_before_unknown_ones(offers: OffersSpecialist, database: Database):
    async with database.transaction() as connection:
        await connection.execute(update(variant).where(variant.c.sku == "SOCKS").values(price=90_000))
        await stock(connection, "SOCKS", "STORE_1", 5)
        await looked(connection, ADA, "SOCKS", "cart")
    assert (await ask(offers, basket("TEE"), ADA)).proposal.action.skus == ("JEANS",)


async def test_asking_again_gives_the_first_offer_back(offers: OffersSpecialist, database: Database):
    first = await ask(offers, basket("TEE"), ADA)
    await remember(database, first.proposal)
    async with database.transaction() as connection:
        await connection.execute(update(variant).values(price=5555))
    again = await ask(offers, basket("TEE"), ADA)
    assert (again.proposal.key, again.proposal.action) == (first.proposal.key, first.proposal.action)
    assert again.message == first.message


async def test_an_offer_that_has_ended_is_not_given_again(offers: OffersSpecialist, database: Database):
    first = await ask(offers, basket("TEE"))
    ended = first.proposal.action.model_copy(update={"valid_until": NOW})
    await remember(database, replace(first.proposal, action=ended))
    assert await ask(offers, basket("TEE")) is None


async def test_codes_differ_between_transactions_and_cannot_be_made_without_the_secret(
    offers: OffersSpecialist, database: Database
):
    other = OffersSpecialist(database, PLACES, Limits.read(), secret=b"t" * 32, now=lambda: NOW)
    codes = {
        (await ask(offers, basket("TEE"))).proposal.action.code,
        (await ask(offers, basket("TEE", transaction="TXN_2"))).proposal.action.code,
        (await ask(other, basket("TEE"))).proposal.action.code,
    }
    assert len(codes) == 3


@pytest.mark.usefixtures("offers")
async def test_words_leave_the_guard_its_time(database: Database):
    told: list[float] = []

    class Watching(Writer):
        async def write(
            self, offers: Sequence[Sayable], *, deadline: float, audience: str = "", live: bool = True
        ) -> Written:
            told.append(deadline)
            return await super().write(offers, deadline=deadline, audience=audience, live=live)

    limits = Limits.read()
    watched = OffersSpecialist(database, PLACES, limits, secret=SECRET, writer=Watching(), now=lambda: NOW)
    deadline = asyncio.get_running_loop().time() + 5
    assert await watched.for_basket(basket("TEE"), None, origin=ORIGIN, deadline=deadline)
    assert told == [deadline - DECIDING]


async def test_an_offer_a_model_chose_is_still_the_cores_and_names_the_model(
    offers: OffersSpecialist, database: Database, ollama: Any
):
    first = await ask(offers, basket("TEE"), ADA)
    words = f"Slim Jeans would suit that tee: {first.proposal.action.percent} off."
    ollama.contents = [json.dumps({"offer": "offer-1", "line": words})]
    door = ModelDoor(ModelSettings(ollama.url, "m"))
    limits = Limits.read()
    spoken = OffersSpecialist(database, PLACES, limits, secret=SECRET, writer=Writer(door), now=lambda: NOW)
    offer = await ask(spoken, basket("TEE"), ADA)
    assert (offer.message, offer.source) == (disclosed(words, ("us_ny",)), "live")
    assert offer.proposal.action == first.proposal.action
    assert offer.proposal.model.startswith("m@")
    assert "c_ada" not in json.dumps(ollama.asked)
    await door.close()


async def test_an_empty_or_unknown_basket_gets_silence(offers: OffersSpecialist):
    assert await ask(offers, basket()) is None
    assert await ask(offers, basket("NEVER_HEARD_OF")) is None


async def test_a_known_visitor_online_is_offered_one_thing_per_burst(offers: OffersSpecialist):
    events = [view(f"v{i}", "TEE") for i in range(20)]
    finding = await offers.consider(events, {event.id: ADA for event in events})
    (proposal,) = finding.proposals
    assert isinstance(proposal.action, Discount)
    assert (proposal.action.store, proposal.action.skus) == ("ONLINE", ("JEANS",))
    assert proposal.origin.causation == "v19"
    assert ADA not in proposal.action.transaction, "the visit's name goes to a platform"


async def test_the_same_burst_again_proposes_exactly_the_same(offers: OffersSpecialist):
    events = [view("v1", "TEE"), view("v2", "SOCKS")]
    who = dict.fromkeys((str(event.id) for event in events), ADA)
    assert await offers.consider(events, who) == await offers.consider(events, who)


async def test_nobody_is_offered_something_twice_a_day(offers: OffersSpecialist, database: Database):
    events = [view("v1", "TEE")]
    finding = await offers.consider(events, {events[0].id: ADA})
    await remember(database, finding.proposals[0])
    later = await offers.consider([view("v2", "TEE")], {view("v2").id: ADA})
    assert (later.proposals, later.passed) == ((), {"offered_today": 1})


async def test_strangers_late_events_and_those_who_did_not_opt_in_are_left_alone(offers: OffersSpecialist):
    came: dict[str, Any] = {"location": "STORE_1", "customer": [], "by": "app"}
    events = [
        view("stranger", "TEE"),
        view("late", "TEE", ago=121),
        happened("shy", Topic.CHECK_IN, {**came, "opted_in": False}),
    ]
    finding = await offers.consider(events, {events[1].id: ADA, events[2].id: ADA})
    assert finding.proposals == ()
    assert finding.passed == {"stranger": 1, "late": 1, "not_opted_in": 1}


async def test_two_minutes_old_is_not_late_yet(offers: OffersSpecialist):
    event = view("v", "TEE", ago=120)
    assert (await offers.consider([event], {event.id: ADA})).proposals


async def test_a_customer_who_checks_in_is_offered_what_they_looked_at_online(
    offers: OffersSpecialist, database: Database
):
    async with database.transaction() as connection:
        await looked(connection, ADA, "JEANS")
    facts: dict[str, Any] = {"location": "STORE_1", "customer": [], "by": "app", "opted_in": True}
    event = happened("hello", Topic.CHECK_IN, facts)
    (proposal,) = (await offers.consider([event], {event.id: ADA})).proposals
    assert (proposal.action.location, proposal.evidence["reason"]) == ("STORE_1", "viewed")


async def test_a_customer_who_checks_in_is_offered_what_they_wished_for_on_any_record_of_theirs(
    offers: OffersSpecialist, database: Database
):
    async with database.transaction() as connection:
        for ref in (ADA, "c_ada_online"):
            await connection.execute(
                text("INSERT INTO customer_identity (ref, identity) VALUES (:ref, 'c_ada')"), {"ref": ref}
            )
        await connection.execute(
            text("INSERT INTO wishlist (customer_ref, skus, at) VALUES ('c_ada_online', ARRAY['GONE', 'JEANS'], :at)"),
            {"at": NOW - timedelta(days=WISHED_DAYS - 1)},
        )
    facts: dict[str, Any] = {"location": "STORE_1", "customer": [], "by": "app", "opted_in": True}
    event = happened("hello", Topic.CHECK_IN, facts)
    (proposal,) = (await offers.consider([event], {event.id: ADA})).proposals
    assert proposal.evidence["reason"] == "wished"
    assert "is on your wishlist" in proposal.evidence["message"]
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE wishlist SET at = :at"), {"at": NOW - timedelta(days=WISHED_DAYS + 1)})
    again = happened("again", Topic.CHECK_IN, facts)
    assert (await offers.consider([again], {again.id: ADA})).proposals == ()


async def test_goods_without_a_recorded_cost_are_never_offered_by_event(offers: OffersSpecialist, database: Database):
    async with database.transaction() as connection:
        await stock(connection, "SOCKS", "WAREHOUSE", 5)
        await connection.execute(update(variant).where(variant.c.sku == "SOCKS").values(price=90_000))
    event = view("v", "SOCKS")
    finding = await offers.consider([event], {event.id: ADA})
    assert (finding.proposals, finding.passed) == ((), {"not_worth_it": 1})
