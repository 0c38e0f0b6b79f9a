"""A purchase leads to one message at most: of enough worth, just now, to who agreed to it, and without a discount."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from agents.specialists.purchases import PurchasesSpecialist
from knowledge.events.event import Event, Topic
from knowledge.offers.lottery import Lottery
from knowledge.store.session import Database
from knowledge.store.tables import action, customer, variant, wishlist
from policies.actions.message import Message
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.ids import CustomerRef
from tests.unit.agents.shop import NOW, PLACES, goes_with, open_shop, order, stock
from tools.proposal import Proposal

pytestmark = pytest.mark.anyio

ADA = CustomerRef("c_ada")
FROM, LATE = 50_000, 600


@pytest.fixture
async def shop(database: Database) -> Database:
    await open_shop(database)
    async with database.transaction() as connection:
        row = {"observed_at": NOW, "consent_sms": True, "consent_email": True}
        await connection.execute(insert(customer).values(ref=ADA, **row))
        await connection.execute(insert(customer).values(ref="c_no", observed_at=NOW))
        await connection.execute(insert(customer).values(ref="c_mail", **{**row, "consent_sms": False}))
    return database


def specialist(shop: Database, **more: Any) -> PurchasesSpecialist:
    told: dict[str, Any] = {"channels": {"sms", "email"}, "limits": Limits.read(), "now": lambda: NOW, **more}
    return PurchasesSpecialist(shop, PLACES, told.pop("limits"), **told)


async def asked(
    shop: Database, *events: Event, who: CustomerRef | None = ADA, **more: Any
) -> tuple[list[Proposal], dict[str, int]]:
    customers = {str(event.id): who for event in events} if who else {}
    finding = await specialist(shop, **more).consider(events, customers)
    return list(finding.proposals), dict(finding.passed)


async def test_a_purchase_of_high_value_leads_to_one_message_without_a_discount(shop: Database):
    (proposal,), passed = await asked(shop, order("o1", "TEE", total=FROM))
    message = proposal.action
    assert isinstance(message, Message)
    assert (message.customer, message.channel, message.purpose, message.store) == (ADA, "sms", "marketing", "STORE_1")
    assert (message.code, message.worth.minor) == ("", 0)
    assert message.text.endswith("Reply STOP to stop.")
    assert proposal.key == "purchase:shopify:order:o1"
    assert proposal.evidence["occasion"] == "high_value"
    assert passed == {}


async def test_a_cent_less_leads_to_none(shop: Database):
    assert await asked(shop, order("o1", "TEE", total=FROM - 1)) == ([], {"too_small": 1})


async def test_a_sale_told_of_late_leads_to_none(shop: Database):
    event = order("o1", "TEE", total=FROM)
    for age, expected in ((LATE, 1), (LATE + 1, 0)):
        told = replace(event, occurred_at=NOW - timedelta(seconds=age))
        proposals, passed = await asked(shop, told)
        assert (len(proposals), passed) == (expected, {} if expected else {"late": 1})


async def test_a_burst_that_tells_of_a_purchase_twice_asks_once(shop: Database):
    twice = [order("o1", "TEE", total=FROM), order("o1", "TEE", total=FROM)]
    proposals, _ = await asked(shop, *twice)
    assert len(proposals) == 1


async def test_what_was_asked_about_a_purchase_is_never_asked_again(shop: Database):
    (proposal,), _ = await asked(shop, order("o1", "TEE", total=FROM))
    row = {
        "id": "a1", "kind": "message", "location_id": "STORE_1", "actor_id": "specialist:purchases", "actor": {},
        "idempotency_key": proposal.key, "fingerprint": "0" * 64, "facts": proposal.action.facts(), "proposal": {},
        "correlation_id": "story", "causation_id": "", "situation": {}, "verdict": {}, "state": "denied",
        "money": 0, "currency": "USD", "created_at": NOW,
    }  # fmt: skip
    async with shop.transaction() as connection:
        await connection.execute(insert(action).values(row))
    assert await asked(shop, order("o1", "TEE", total=FROM)) == ([], {"asked_before": 1})


async def test_who_did_not_agree_is_not_asked_about_and_who_agreed_to_mail_alone_gets_mail(shop: Database):
    event = order("o1", "TEE", total=FROM)
    assert await asked(shop, event, who=CustomerRef("c_no")) == ([], {"no_consent": 1})
    (proposal,), _ = await asked(shop, event, who=CustomerRef("c_mail"))
    assert isinstance(proposal.action, Message)
    assert (proposal.action.channel, bool(proposal.action.subject)) == ("email", True)


async def test_a_channel_that_is_not_set_up_is_not_used(shop: Database):
    (proposal,), _ = await asked(shop, order("o1", "TEE", total=FROM), channels={"email"})
    assert isinstance(proposal.action, Message)
    assert proposal.action.channel == "email"
    assert await asked(shop, order("o1", "TEE", total=FROM), channels=set()) == ([], {"no_consent": 1})


async def test_a_stranger_a_cancelled_sale_and_a_held_out_customer_get_none(shop: Database):
    assert await asked(shop, order("o1", "TEE", total=FROM), who=None) == ([], {"stranger": 1})
    assert await asked(shop, order("o1", "TEE", total=FROM, cancelled=True)) == ([], {})
    assert await asked(shop, order("o1", "TEE", total=FROM), lottery=Lottery(b"s", 10_000)) == ([], {"held_out": 1})


async def test_an_online_purchase_gets_thanks_where_the_retailer_wants_that_and_no_farewell(shop: Database):
    event = order("o1", "TEE", total=FROM, location="ONLINE", channel="online")
    assert await asked(shop, event) == ([], {"too_small": 1})
    limits = Limits(DEFAULT_FILE.read_text().replace("message_from = 0 ", "message_from = 100 "))
    (proposal,), _ = await asked(shop, event, limits=limits)
    assert isinstance(proposal.action, Message)
    assert proposal.evidence["occasion"] == "afterwards"
    assert "leave" not in proposal.action.text


async def test_an_update_of_an_order_is_no_purchase(shop: Database):
    event = replace(order("o1", "TEE", total=FROM), topic=Topic.ORDER_UPDATED)
    assert await asked(shop, event) == ([], {})


async def named(shop: Database, **more: Any) -> tuple[str, str]:
    """The text after the tee was bought, and the sku it rests on; "" for none."""
    (proposal,), _ = await asked(shop, order("o1", "TEE", total=FROM), **more)
    assert isinstance(proposal.action, Message)
    return proposal.action.text, proposal.evidence.get("named", "")


async def wishes(shop: Database, *skus: str) -> None:
    async with shop.transaction() as connection:
        await connection.execute(insert(wishlist).values(customer_ref=ADA, skus=list(skus), at=NOW))


async def stocked(shop: Database, *skus: str, units: int = 3, together: int = 40) -> None:
    async with shop.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=together)
        for sku in skus:
            await stock(connection, sku, "STORE_1", units)


async def test_what_is_on_their_wishlist_and_here_is_named_before_what_goes_with_it(shop: Database):
    await stocked(shop, "JEANS", "SOCKS")
    await wishes(shop, "SOCKS")
    told, sku = await named(shop)
    assert "Wool Socks from your wishlist is in stock here." in told
    assert (sku, told.endswith("Reply STOP to stop.")) == ("SOCKS", True)


async def test_a_wish_that_is_not_here_gives_way_to_what_goes_with_the_purchase(shop: Database):
    await stocked(shop, "JEANS")
    async with shop.transaction() as connection:
        await stock(connection, "SOCKS", "STORE_2", 9)
        await stock(connection, "SOCKS", "STORE_1", 0)
    await wishes(shop, "SOCKS")
    told, sku = await named(shop)
    assert told.startswith(
        "Thank you for your purchase. Before you leave: Slim Jeans goes with it, and is in stock here."
    )
    assert sku == "JEANS"
    (proposal,), _ = await asked(shop, order("o1", "TEE", total=FROM), who=CustomerRef("c_mail"))
    assert (proposal.evidence["named"], proposal.evidence["reason"]) == ("JEANS", "companion")


async def test_with_nothing_in_stock_or_only_what_they_just_bought_it_is_plain_thanks(shop: Database):
    await stocked(shop, "JEANS", units=0)
    await wishes(shop, "TEE")
    told, sku = await named(shop)
    assert (sku, "glad to help" in told) == ("", True)


@pytest.mark.parametrize("title", ["Half Price Jeans 50% off", "Jeans $5 off", "Jeans www.jeans.example", "10% Jeans"])
async def test_goods_whose_name_would_promise_something_are_not_named(shop: Database, title: str):
    await stocked(shop, "JEANS")
    async with shop.transaction() as connection:
        await connection.execute(update(variant).where(variant.c.sku == "JEANS").values(title=title))
    told, sku = await named(shop)
    assert (sku, "glad to help" in told) == ("", True)


async def test_thanks_after_an_online_purchase_name_what_the_online_stock_has(shop: Database):
    await stocked(shop)
    async with shop.transaction() as connection:
        await stock(connection, "JEANS", "WAREHOUSE", 2)
    limits = Limits(DEFAULT_FILE.read_text().replace("message_from = 0 ", "message_from = 100 "))
    event = order("o1", "TEE", total=FROM, location="ONLINE", channel="online")
    (proposal,), _ = await asked(shop, event, limits=limits)
    assert isinstance(proposal.action, Message)
    assert proposal.action.text.startswith(
        "Thank you for your purchase. Slim Jeans goes with it, and is in stock. Reply"
    )
