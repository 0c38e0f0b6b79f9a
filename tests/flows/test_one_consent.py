"""Contradictory consent is the same no wherever it is asked: by registers, assistants, specialists, the guard."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from agents.specialists.purchases import PurchasesSpecialist
from knowledge.events.event import Event, Topic
from knowledge.identity.consent import Consent, Consents, consents
from knowledge.store.identity_tables import customer_identity
from knowledge.store.session import Database
from knowledge.store.tables import customer
from knowledge.vault.key_file import KeyFile
from knowledge.vault.person import Person
from knowledge.vault.vault import Record, Vault
from policies.errors import Refused
from policies.limits import Limits
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId
from tests.flows.guarded_shop import PLACES, S1, START
from tests.flows.messaging_shop import CLARA, MIA, WritingShop, message, writing_shop
from tools.privacy.addresses import VaultAddresses

pytestmark = pytest.mark.anyio

OTHER = CustomerRef("c_clara_online")
YESTERDAY, LONG_AGO = START - timedelta(days=1), START - timedelta(days=300)


async def also(database: Database, **told: Any) -> None:
    """Clara has another record."""
    async with database.transaction() as connection:
        await connection.execute(insert(customer).values(ref=OTHER, observed_at=START, **told))
        await connection.execute(insert(customer_identity), [{"ref": ref, "identity": CLARA} for ref in (CLARA, OTHER)])


async def read(database: Database, ref: CustomerRef) -> Consents:
    async with database.reading() as connection:
        return (await consents(connection, [ref]))[ref]


@pytest.mark.parametrize("when", [YESTERDAY, LONG_AGO, START + timedelta(minutes=1)])
async def test_one_no_among_the_records_is_no_to_everybody_however_old(database: Database, when: Any):
    async with writing_shop(database) as at:
        await also(at.shop.database, consent_sms=False, consent_sms_at=when)
        for ref in (CLARA, OTHER):
            told = await read(at.shop.database, ref)
            assert told["sms"] == Consent(agreed=False, told=when, unclear=True)
            assert (told["email"].agreed, told["email"].unclear) == (True, False)
        denied = await at.guard.propose(MIA, message())
        assert denied.state == "denied"
        assert "messages.no_consent" in [rule for rule, _ in denied.reasons]
        assert await asked_over(at) == ["email"]


async def test_a_record_nobody_told_of_says_nothing_and_a_second_yes_is_yes(database: Database):
    async with writing_shop(database) as at:
        await also(at.shop.database, consent_sms=False)
        assert (await read(at.shop.database, OTHER))["sms"] == Consent(agreed=True, told=START, unclear=False)
        assert await asked_over(at) == ["sms"]
        yes = {"consent_sms": True, "consent_sms_at": START + timedelta(minutes=1)}
        await at.say(
            "UPDATE customer SET consent_sms = :consent_sms, consent_sms_at = :consent_sms_at WHERE ref = :ref",
            **yes, ref=OTHER,
        )  # fmt: skip
        assert (await read(at.shop.database, CLARA))["sms"].told == yes["consent_sms_at"]


async def test_who_agreed_with_their_other_record_is_written_to_and_a_stop_of_any_holds(database: Database):
    async with writing_shop(database) as at:
        await at.say("UPDATE customer SET consent_sms = false, consent_sms_at = NULL")
        await also(at.shop.database, consent_sms=True, consent_sms_at=YESTERDAY)
        sent = await at.guard.propose(MIA, message())
        assert sent.state != "denied", sent.reasons
        await at.say("INSERT INTO message_stop (customer_ref, channel, at) VALUES (:ref, 'sms', now())", ref=OTHER)
        stopped = await at.guard.propose(MIA, message(text="Another word. Reply STOP to stop."))
        assert "messages.opted_out" in [rule for rule, _ in stopped.reasons]


async def test_the_address_is_that_of_the_record_that_agreed(database: Database, tmp_path: Path):
    async with writing_shop(database) as at:
        shop = at.shop.database
        await at.say("UPDATE customer SET consent_sms = false, consent_sms_at = NULL")
        await also(shop, consent_sms=True, consent_sms_at=YESTERDAY)
        vault = Vault(shop, KeyFile(tmp_path / "keys"))
        addresses = VaultAddresses(shop, vault)
        async with shop.transaction() as connection:
            told = [("c_clara", "+12125550100"), (OTHER, "+12125550199")]
            records = [Record(CustomerRef(ref), b"k" * 32, Person.of([("phone", phone)])) for ref, phone in told]
            await vault.write(connection, records, START)
        assert (await addresses.of(CLARA, "sms")).get_secret_value().endswith("0199")
        await at.say(
            "UPDATE customer SET consent_sms = true, consent_sms_at = :at WHERE ref = :ref", at=START, ref=CLARA
        )
        assert (await addresses.of(CLARA, "sms")).get_secret_value().endswith("0100")
        with pytest.raises(Refused):
            await addresses.of(CLARA, "email")


async def asked_over(at: WritingShop) -> list[str]:
    """Over which channels the specialist would write of a purchase."""
    facts = {"order": "shopify:order:1", "channel": "pos", "location": S1, "total": 50_000, "currency": "USD"}
    now = at.shop.now()
    event = Event(EventId("e1"), "shopify", "d1", Topic.ORDER_CREATED, S1, now, now, CorrelationId("s"), facts)
    specialist = PurchasesSpecialist(
        at.shop.database, PLACES, Limits.read(), channels={"sms", "email"}, now=at.shop.now
    )
    found = await specialist.consider([event], {event.id: CLARA})
    return [str(proposal.action.facts()["channel"]) for proposal in found.proposals]
