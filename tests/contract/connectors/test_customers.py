"""The port of customer records: found by what a person shows, and hashed before anybody sees them."""

import json
from dataclasses import asdict

import pytest

from knowledge.events.event import Topic
from policies.errors import Refused
from policies.vocabulary.money import Money
from tests.contract.connectors.chains import KEYS, Chain

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", ["email", "phone", "loyalty"])
async def test_a_customer_is_found_by_what_they_show(chain: Chain, kind: str):
    person = chain.person
    shown = {"email": person.email, "phone": person.phone, "loyalty": person.loyalty_id}[kind]
    found = await chain.platform.customers.find(kind, shown)
    assert found is not None
    own = str(person.shopify_id) if chain.name == "shopify" else person.lightspeed_id
    expected = [
        KEYS.key("loyalty", person.loyalty_id),
        KEYS.key(chain.name, own),  # pyright: ignore[reportArgumentType] - both are kinds
        KEYS.key("phone", person.phone),
        KEYS.key("email", person.email),
    ]
    assert list(found.keys) == [(key.kind, key.digest) for key in expected if key]
    assert found.spent.minor == person.spent


async def test_nobody_is_found_by_what_nobody_shows(chain: Chain):
    assert await chain.platform.customers.find("email", "nobody@example.com") is None
    assert await chain.platform.customers.find("phone", "+15550000000") is None
    assert await chain.platform.customers.find("loyalty", "CUST_NOBODY") is None


async def test_a_customers_standing_is_theirs_and_in_the_shops_money(chain: Chain):
    person = chain.person
    person.spent, person.orders = 60_000, 12
    own = str(person.shopify_id) if chain.name == "shopify" else person.lightspeed_id
    told = await chain.platform.customers.standing(own)
    assert told is not None
    assert (told.platform, told.customer, told.as_of) == (chain.name, own, chain.clock.now())
    if chain.name == "lightspeed":
        assert (told.loyalty, told.credit, told.tier, told.group) == (Money(3_000, "USD"), (), "", "")
    else:
        credited = next(each for each in chain.world.people.values() if each.shopify_id and each.key % 5 == 0)
        assert (told.loyalty, told.tier, told.group) == (None, "high", "champions")
        told = await chain.platform.customers.standing(str(credited.shopify_id))
        assert told is not None
        assert told.credit == (Money(1_500, "USD"),)


async def test_whom_the_platform_does_not_know_has_no_standing(chain: Chain):
    unknown = "1" if chain.name == "shopify" else "00000000-0000-4000-8000-000000000000"
    assert await chain.platform.customers.standing(unknown) is None


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_who_is_in_no_loyalty_program_has_no_points_rather_than_none_left(chain: Chain):
    person = chain.person
    person.loyalty_id = ""
    told = await chain.platform.customers.standing(person.lightspeed_id)
    assert told is not None
    assert told.loyalty is None


async def test_another_kind_is_refused(chain: Chain):
    with pytest.raises(Refused) as caught:
        await chain.platform.customers.find("payment", "tok_1")
    assert caught.value.code == "customer.kind"


async def test_every_customer_is_told_once_without_personal_data(chain: Chain):
    told = [event async for event in chain.platform.customers.customers()]
    people = [
        person
        for person in chain.world.people.values()
        if (person.shopify_id if chain.name == "shopify" else person.lightspeed_id)
    ]
    assert len(told) == len({event.resource for event in told}) == len(people)
    assert {event.topic for event in told} == {Topic.CUSTOMER_UPDATED}
    assert {event.lane for event in told} == {"chain"}
    text = json.dumps([asdict(event) for event in told], default=str).lower()
    assert not [person for person in people if person.email and person.email.lower() in text]
    assert not [person for person in people if person.phone and person.phone in text]


async def test_consent_is_told_only_where_it_was_given(chain: Chain):
    person = chain.person
    person.consent_email = True
    found = await chain.platform.customers.find("email", person.email)
    assert found is not None
    # Lightspeed knows only who refused e-mail: not having refused is no consent.
    assert found.consent_email is (chain.name == "shopify")
    person.consent_email = False
    found = await chain.platform.customers.find("email", person.email)
    assert found is not None
    assert not found.consent_email


async def test_what_a_customer_showed_is_in_no_log(chain: Chain, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    for kind, shown in (("email", chain.person.email), ("phone", chain.person.phone)):
        assert await chain.platform.customers.find(kind, shown)
    chain.faults.fail_next = 1
    await chain.platform.customers.find("email", chain.person.email)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("asyncio")]
    assert any("attempt" in line for line in ours)
    assert not [line for line in ours if chain.person.email in line or chain.person.phone.lstrip("+") in line]
    assert not [line for line in ours if "%40" in line]


@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_neither_names_nor_addresses_are_asked_for(chain: Chain):
    await chain.platform.customers.find("email", chain.person.email)
    [event async for event in chain.platform.customers.customers()]
    asked = b"".join(request.content for request in chain.requests if b"query" in request.content)
    assert not [word for word in (b"firstName", b"lastName", b"displayName", b"ddress1", b"city") if word in asked]
