"""What leaves for Twilio and Klaviyo, and what their simulation answers, is what the published contracts say."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import SecretStr

from evals.retailer.messaging import KEY, Mailbox, MessagingFaults, messaging_app
from policies.actions.message import Channel, Message
from policies.errors import Misconfigured, Refused
from policies.vocabulary.ids import ActionId, CorrelationId, CustomerRef, LocationId
from policies.vocabulary.money import Money
from tests.contract.simulator.openapi_contract import SPECS, OpenApi
from tests.flows.messaging_shop import senders
from tools.connectors.klaviyo import KlaviyoMails, KlaviyoSettings
from tools.connectors.messaging import Sender
from tools.connectors.twilio import TwilioSettings, TwilioTexts
from tools.platform import WriteContext

pytestmark = pytest.mark.anyio
TWILIO, KLAVIYO = SPECS / "twilio" / "messages_slice.json", SPECS / "klaviyo" / "slice.json"
NEEDS_SPECS = pytest.mark.skipif(not TWILIO.exists(), reason="the published contracts are not beside the repository")
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PHONE, EMAIL = SecretStr("+12125550142"), SecretStr("clara@example.com")
CONTEXT = WriteContext(
    "3c1e2f5a-key", ActionId("act_1"), "marketing:mia", None, CorrelationId("story"), "The season begins.", since=AT
)


def said(channel: Any, text: str = "New coats & hats. Reply STOP to stop.") -> Message:
    return Message(
        store=LocationId("S1"),
        customer=CustomerRef("c_1"),
        channel=channel,
        purpose="marketing",
        subject="New coats" if channel == "email" else "",
        text=text,
        worth=Money(0, "USD"),
    )


@asynccontextmanager
async def providers() -> AsyncGenerator[tuple[dict[Channel, Sender], Mailbox, MessagingFaults, list[httpx.Response]]]:
    mailbox, faults, seen = Mailbox(lambda: AT), MessagingFaults(), list[httpx.Response]()

    async def see(response: httpx.Response) -> None:
        await response.aread()
        seen.append(response)

    transport = httpx.ASGITransport(messaging_app(mailbox, faults))
    async with httpx.AsyncClient(transport=transport, event_hooks={"response": [see]}) as client:
        yield dict(senders("http://127.0.0.1", None, client)), mailbox, faults, seen


@NEEDS_SPECS
async def test_a_text_is_sent_as_twilio_publishes_it():
    contract = OpenApi(TWILIO)
    async with providers() as (sender, mailbox, _, seen):
        done = await sender["sms"].send(said("sms"), PHONE, CONTEXT)
        (sent,) = seen
        operation = contract.operation("POST", sent.request.url.path)
        assert operation
        form = dict(parse_qsl(sent.request.content.decode()))
        body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        assert set(form) <= set(body["properties"])
        assert set(body.get("required", ())) <= set(form)
        assert 1 <= int(form["ValidityPeriod"]) <= 36_000
        told = operation["responses"][str(sent.status_code)]["content"]["application/json"]["schema"]
        assert contract.errors(told, sent.json()) == []
        named = json.loads(TWILIO.read_text(encoding="utf-8"))["components"]["schemas"]["api.v2010.account.message"]
        assert set(sent.json()) <= set(named["properties"])  # a schema that is open does not hold anybody to its names
        assert (done.reference, mailbox.texts[0]["to"]) == (sent.json()["sid"], PHONE.get_secret_value())


@NEEDS_SPECS
async def test_a_text_is_looked_for_as_twilio_publishes_it():
    contract = OpenApi(TWILIO)
    async with providers() as (sender, _, _, seen):
        sent = await sender["sms"].send(said("sms"), PHONE, CONTEXT)
        found = await sender["sms"].settle(said("sms"), PHONE, CONTEXT)
        looked = seen[-1]
        operation = contract.operation("GET", looked.request.url.path)
        assert operation
        assert set(looked.request.url.params) <= {each["name"] for each in operation["parameters"]}
        told = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert contract.errors(told, looked.json()) == []
        assert found is not None
        assert (found.reference, found.replayed) == (sent.reference, True)


@NEEDS_SPECS
async def test_a_mail_is_asked_for_as_klaviyo_publishes_it():
    contract = OpenApi(KLAVIYO)
    async with providers() as (sender, mailbox, _, seen):
        await sender["email"].send(said("email"), EMAIL, CONTEXT)
        (sent,) = seen
        operation = contract.operation("POST", sent.request.url.path)
        assert operation
        body = operation["requestBody"]["content"]["application/vnd.api+json"]["schema"]
        assert contract.errors(body, json.loads(sent.request.content)) == []
        assert str(sent.status_code) in operation["responses"]
        needed = {each["name"] for each in operation["parameters"] if each.get("required")}
        assert needed <= {name.lower() for name in sent.request.headers}
        assert list(mailbox.events) == [(EMAIL.get_secret_value(), "Tillhand message", CONTEXT.key)]


async def test_only_the_same_words_to_the_same_number_since_the_proposal_are_this_message():
    async with providers() as (sender, mailbox, _, _):
        texts = sender["sms"]
        await texts.send(said("sms"), PHONE, CONTEXT)
        assert await texts.settle(said("sms", "Other words. Reply STOP to stop."), PHONE, CONTEXT) is None
        assert await texts.settle(said("sms"), SecretStr("+12125550143"), CONTEXT) is None
        mailbox.texts[0]["date_created"] = "Fri, 20 Nov 2026 14:55:00 +0000"  # clocks may differ by five minutes
        assert await texts.settle(said("sms"), PHONE, CONTEXT) is not None
        mailbox.texts[0]["date_created"] = "Fri, 20 Nov 2026 14:54:59 +0000"
        assert await texts.settle(said("sms"), PHONE, CONTEXT) is None
        assert AT - timedelta(minutes=5) == datetime(2026, 11, 20, 14, 55, tzinfo=UTC)


async def test_credentials_that_open_nothing_are_the_operators_to_change():
    app = messaging_app(Mailbox(lambda: AT), MessagingFaults())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        texts = TwilioTexts(TwilioSettings("http://127.0.0.1", "AC" + "0" * 31 + "1", "wrong", "+15005550006"), client)
        mails = KlaviyoMails(KlaviyoSettings("http://127.0.0.1", f"{KEY}x"), client)
        for send, names in ((texts, "TILLHAND_TWILIO_TOKEN"), (mails, "TILLHAND_KLAVIYO_KEY")):
            with pytest.raises(Misconfigured) as refusal:
                await send.send(said("sms" if send is texts else "email"), PHONE, CONTEXT)
            assert names in refusal.value.hint


async def test_a_providers_own_sentence_names_the_customer_and_is_not_passed_on():
    async with providers() as (sender, mailbox, _, seen):
        mailbox.stopped.add(PHONE.get_secret_value())
        with pytest.raises(Refused) as refusal:
            await sender["sms"].send(said("sms"), PHONE, CONTEXT)
        assert PHONE.get_secret_value() in seen[-1].text
        assert PHONE.get_secret_value() not in f"{refusal.value} {refusal.value.hint}"
        assert refusal.value.code == "message.opted_out"


def test_no_secret_shows_when_settings_are_printed():
    told = f"{TwilioSettings('u', 'a', 'hidden-1', 's')} {KlaviyoSettings('u', 'hidden-2')} {PHONE} {EMAIL!r}"
    assert "hidden" not in told
    assert "5550142" not in told
    assert "clara" not in told
