"""A message reaches its customer once or not at all, whatever is lost, slow or killed; a person looks at the rest."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.store.session import Database
from knowledge.vault.key_file import KeyFile
from knowledge.vault.vault import Vault
from policies.actions.message import Message
from policies.errors import Refused
from policies.vocabulary.ids import ActionId, CorrelationId
from tests.flows.guarded_shop import PLACES, Shop
from tests.flows.messaging_shop import (
    CLARA,
    EMAIL,
    MIA,
    PHONE,
    TEXT,
    WritingShop,
    empty,
    mail,
    message,
    senders,
    writing_shop,
)
from tests.flows.recording_platform import KilledError
from tools.action_row import LEASE
from tools.connectors.http import Patience
from tools.connectors.messaging import Messaging
from tools.executor import Executor
from tools.guard import Guard
from tools.platform import Receipt, WriteContext
from tools.privacy.addresses import VaultAddresses
from tools.proposal import Decision, Proposal

pytestmark = pytest.mark.anyio


CONTEXT = WriteContext("key", ActionId("act_1"), "marketing:mia", None, CorrelationId("story"), "")


async def propose(at: WritingShop, proposal: Proposal) -> Decision:
    return await at.guard.propose(MIA, proposal)


async def failed_effect(at: WritingShop) -> str:
    """What the ledger says of the effect of what failed last."""
    async with at.shop.database.reading() as connection:
        told = await connection.execute("SELECT entry FROM ledger WHERE kind = 'failed' ORDER BY seq DESC LIMIT 1")
        entry: Any = told.scalar_one()
        return "unknown" if '"effect":"unknown"' in str(entry).replace(" ", "") else "none"


async def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(database: Database):
    async with writing_shop(database) as at:
        at.faults.lose_answer_next = 1
        done = await propose(at, message())
        assert (done.state, at.texts) == ("executed", [TEXT])
        assert done.receipt
        assert (done.receipt["replayed"], done.receipt["call"]) == (True, "GET Messages.json")
        assert done.receipt["reference"] == at.mailbox.texts[0]["sid"]


async def test_a_text_that_is_not_found_is_left_to_a_person_and_stays_counted(database: Database):
    async with writing_shop(database) as at:
        at.faults.lose_answer_next, at.faults.unlisted = 1, True
        unknown = await propose(at, message())
        assert (unknown.state, await failed_effect(at)) == ("failed", "unknown")
        assert "not sent again" in unknown.error
        at.faults.unlisted = False
        at.shop.after(hours=1)
        assert await at.shop.executor.take_over() == 0
        assert (await propose(at, message(text="Later. Reply STOP to stop."))).state == "denied"
        assert at.texts == [TEXT]
        assert await at.shop.promised("message_customer_day") == {"c_clara:marketing:2026-11-20": 1}


async def test_a_mail_whose_answer_was_lost_is_asked_for_again_under_its_key(database: Database):
    async with writing_shop(database) as at:
        at.faults.lose_answer_next = 2
        done = await propose(at, mail())
        assert (done.state, len(at.mailbox.events), at.mailbox.repeated) == ("executed", 1, 2)
        ((address, metric, key),) = at.mailbox.events
        assert (address, metric) == (EMAIL, "Tillhand message")
        assert done.receipt
        assert done.receipt["reference"] == key


async def test_too_many_requests_are_waited_out(database: Database):
    async with writing_shop(database) as at:
        at.faults.too_fast_next = 2
        assert (await propose(at, message())).state == "executed"
        assert at.texts == [TEXT]


async def test_a_provider_that_never_answers_in_time_leaves_it_unknown(database: Database):
    async with writing_shop(database, patience=Patience(answer_s=0.05, attempts=1, give_up_s=0.1)) as at:
        at.faults.slow_s = 0.5
        unknown = await propose(at, message())
        assert (unknown.state, await failed_effect(at)) == ("failed", "unknown")


async def test_a_provider_nobody_reaches_is_tried_again_until_the_hours_turn_quiet(database: Database):
    async with writing_shop(database) as at:
        nowhere = _unreachable(at)
        _send_over(at, nowhere)
        at.shop.clock = at.shop.clock.replace(day=21, hour=1, minute=50)  # ten minutes to nine in New York
        waits = await propose(at, message())
        assert waits.state == "allowed"
        at.shop.after(minutes=5)
        assert (await at.shop.executor.carry_out(waits.action_id)).state == "allowed"
        _send_over(at, at.messaging)
        at.shop.after(minutes=5)
        assert (await at.shop.executor.carry_out(waits.action_id)).state == "denied"
        assert at.texts == []
        assert await at.shop.promised("message_customer_day") == {"c_clara:marketing:2026-11-20": 0}


async def test_what_was_put_back_goes_out_once_the_provider_is_there(database: Database):
    async with writing_shop(database) as at:
        _send_over(at, _unreachable(at))
        waits = await propose(at, message())
        assert (waits.state, at.texts) == ("allowed", [])
        _send_over(at, at.messaging)
        assert (await at.shop.executor.carry_out(waits.action_id)).state == "executed"
        assert (await at.shop.executor.carry_out(waits.action_id)).state == "executed"
        assert at.texts == [TEXT]


async def test_a_message_in_a_queue_is_judged_again_before_it_goes(database: Database):
    async with writing_shop(database) as at:
        (queued,) = await at.guard.propose_all([(MIA, message())])
        assert queued.state == "allowed"
        await at.say("UPDATE customer SET consent_sms = false")
        assert (await at.shop.executor.carry_out(queued.action_id)).state == "denied"
        assert at.texts == []


@pytest.mark.parametrize("sent", [True, False])
async def test_after_a_death_in_the_middle_it_is_looked_for_and_never_sent(database: Database, *, sent: bool):
    async with writing_shop(database) as at:
        dying = _Dying(at.messaging, sends=sent)
        _send_over(at, dying)
        with pytest.raises(KilledError):
            await propose(at, message(key="killed"))
        assert len(at.texts) == sent
        _send_over(at, at.messaging)
        at.shop.after(seconds=LEASE.total_seconds() + 1)
        assert await at.shop.executor.take_over() == 1
        ended = await propose(at, message(key="killed"))
        assert ended.state == ("executed" if sent else "failed")
        if not sent:
            assert await failed_effect(at) == "unknown"
        assert len(at.texts) == sent


async def test_whoever_replied_stop_gets_nothing_more_and_we_remember(database: Database):
    async with writing_shop(database) as at:
        at.mailbox.stopped.add(PHONE)
        refused = await propose(at, message())
        assert (refused.state, refused.error) == ("failed", "This customer wants no text messages.")
        assert await failed_effect(at) == "none"
        again = await propose(at, message(purpose="service", text="Your coat is here."))
        assert [rule for rule, _ in again.reasons] == ["messages.opted_out"]
        assert PHONE.strip("+") not in await at.everything()


async def test_without_an_address_nothing_leaves_and_nothing_is_promised(database: Database, tmp_path: Path):
    empty = VaultAddresses(database, Vault(database, KeyFile(tmp_path / "vault")))
    async with writing_shop(database, addresses=empty) as at:
        refused = await propose(at, message())
        assert (refused.state, await failed_effect(at)) == ("failed", "none")
        assert "No address of this customer is kept here" in refused.error
        assert await at.shop.promised("message_customer_day") == {"c_clara:marketing:2026-11-20": 0}
        assert at.texts == []


async def test_while_addresses_cannot_be_read_a_message_waits(database: Database):
    async with writing_shop(database) as at:
        at.book.down = True
        waits = await propose(at, message())
        assert (waits.state, at.texts) == ("allowed", [])
        at.book.down = False
        assert (await at.shop.executor.carry_out(waits.action_id)).state == "executed"


async def test_an_address_is_asked_for_when_a_message_leaves_and_not_before(database: Database):
    async with writing_shop(database) as at:
        await at.guard.preview(MIA, message())
        (queued,) = await at.guard.propose_all([(MIA, message())])
        assert at.book.asked == 0
        await at.shop.executor.carry_out(queued.action_id)
        assert at.book.asked == 1


async def test_a_number_that_is_none_is_refused_without_being_named(database: Database):
    async with writing_shop(database) as at:
        at.book.known[CLARA, "sms"] = "555 0142"
        refused = await propose(at, message())
        assert (refused.state, refused.error) == ("failed", "Text messages do not reach the number that is known.")
        at.book.known[CLARA, "email"] = "nobody"
        refused = await propose(at, mail(purpose="service"))
        assert (refused.state, refused.error) == ("failed", "Klaviyo does not take this message (status 400).")
        assert "0142" not in await at.everything()


@pytest.mark.parametrize(("channel", "names"), [("sms", "TILLHAND_TWILIO_URL"), ("email", "TILLHAND_KLAVIYO_URL")])
async def test_a_channel_nobody_set_up_says_what_to_set(database: Database, channel: str, names: str):
    async with writing_shop(database) as at:
        _send_over(at, Messaging({}, at.book, at.shop.now))
        refused = await propose(at, message() if channel == "sms" else mail())
        assert refused.state == "failed"
        assert "can be sent from here: none were set up" in refused.error
        with pytest.raises(Refused) as why:
            await Messaging({}, at.book, at.shop.now).send(_said(channel), CONTEXT)
        assert names in why.value.hint
        _send_over(at, None)
        more: dict[str, Any] = {"purpose": "service"}
        assert (await propose(at, message(**more) if channel == "sms" else mail(**more))).state == "failed"


@given(st.lists(st.sampled_from(["lost", "down", "fast", "unlisted", "die", "ok"]), max_size=6), st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_under_any_faults_a_message_is_sent_at_most_once_and_a_receipt_means_that_it_was(
    database: Database, faults: list[str], mailing: bool
):
    async with _emptied(database) as at:
        proposal = mail() if mailing else message()
        ended: Decision | None = None
        for fault in [*faults, "ok"]:
            at.faults.lose_answer_next = fault == "lost"
            at.faults.fail_next = 3 * (fault == "down")
            at.faults.too_fast_next = 2 * (fault == "fast")
            at.faults.unlisted = fault == "unlisted"
            _send_over(at, _Dying(at.messaging, sends=True) if fault == "die" else at.messaging)
            try:
                ended = await propose(at, proposal)
            except KilledError:
                at.shop.after(seconds=LEASE.total_seconds() + 1)
                continue
        sent = len(at.mailbox.events) if mailing else len(at.mailbox.texts)
        assert ended is not None
        assert sent <= 1
        if ended.state == "executed":
            assert sent == 1
        else:
            assert (ended.state, await failed_effect(at)) == ("failed", "unknown")


class _Dying:
    """Messages from a worker that dies after sending, or just before."""

    def __init__(self, real: Messaging, *, sends: bool) -> None:
        self._real = real
        self._sends = sends
        self.channels = real.channels

    async def send(self, message: Any, context: WriteContext) -> Receipt:
        if self._sends:
            await self._real.send(message, context)
        raise KilledError

    async def close(self) -> None:
        return None


def _send_over(at: WritingShop, messages: Any) -> None:
    shop: Shop = at.shop
    shop.executor = Executor(shop.database, {}, PLACES, shop.engine, shop.now, messages=messages)
    shop.guard = Guard(shop.database, shop.engine, PLACES, shop.executor, {}, shop.now)


def _said(channel: str) -> Message:
    action = (message() if channel == "sms" else mail()).action
    assert isinstance(action, Message)
    return action


def _unreachable(at: WritingShop) -> Messaging:
    """Providers at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Messaging(senders(f"http://127.0.0.1:{port}"), at.book, at.shop.now)


@asynccontextmanager
async def _emptied(database: Database) -> AsyncGenerator[WritingShop]:
    """The shop, and afterwards nothing of it: Hypothesis uses one database for all its examples."""
    async with writing_shop(database) as at:
        yield at
        await empty(at)
