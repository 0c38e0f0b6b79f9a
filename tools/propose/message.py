"""propose_message: words to one customer, over a channel they agreed to, with a discount code or without."""

from collections.abc import Set as AbstractSet
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from sqlalchemy import text

from knowledge.privacy.scrub import scrub
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.message import Channel, Message, Purpose
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money
from tools.platform import not_set_up
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Change, Decided
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier, OptionalIdentifier, visible, without_contact
from tools.read.place import known
from tools.tool import Call, Tool

_CUSTOMER: Final = text("SELECT 1 FROM customer WHERE ref = :ref")
_CURRENCY: Final = text("SELECT coalesce((SELECT currency FROM variant LIMIT 1), 'USD')")
_WORTH: Final = text(
    "SELECT money, currency FROM action WHERE kind = 'discount' AND facts ->> 'code' = :code AND state = 'executed'"
)

_Words = (AfterValidator(visible), AfterValidator(without_contact))
Text = Annotated[str, Field(min_length=1, max_length=480), *_Words]
Subject = Annotated[str, Field(max_length=120), *_Words]


class ProposeMessage(WriteArguments):
    """`customer` as find_customer names them, `code` of a discount given to them; a subject for e-mail alone."""

    location_id: Identifier
    customer: Identifier
    channel: Channel
    purpose: Purpose
    text: Text
    subject: Subject = ""
    code: OptionalIdentifier = ""
    campaign: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""

    def location(self) -> LocationId:
        """For which it is sent."""
        return LocationId(self.location_id)


def message_tool(asking: Asking, places: Places, channels: AbstractSet[Channel]) -> Tool:
    """The tool; `channels` are those that are set up."""

    async def run(call: Call, asked: ProposeMessage) -> Decided:
        async def draft() -> Draft:
            place = known(places, asked.location_id)
            if asked.channel not in channels:
                raise not_set_up(asked.channel)
            for said in (asked.subject, asked.text):
                if scrub(said).text != said:
                    raise Refused(
                        "The message holds personal data.",
                        code="message.personal",
                        hint="Leave names, numbers and addresses out: a message is kept for years.",
                        field="text",
                    )
            async with asking.database.reading() as connection:
                if (await connection.execute(_CUSTOMER, {"ref": asked.customer})).one_or_none() is None:
                    raise NotFound("This customer is not known.", code="customer.unknown", field="customer")
                worth = await _worth(connection, asked.code)
            message = Message(
                store=place,
                customer=CustomerRef(asked.customer),
                channel=asked.channel,
                purpose=asked.purpose,
                subject=asked.subject,
                text=asked.text,
                code=asked.code,
                worth=worth,
                campaign=asked.campaign,
            )
            sent = Change(what="messages the customer has got of it", before=0, after=1, unit="units")
            return Draft(message, {}, None, (sent,))

        return await asking.ask("propose_message", call, asked, draft)

    return Tool(
        name="propose_message",
        toolset="offers",
        title="Propose a message",
        description="Ask to send one customer a text message or e-mail. It cannot be called back.",
        effect=Effect.IRREVERSIBLE,
        arguments=ProposeMessage,
        answer=Decided,
        run=run,
    )


async def _worth(connection: Connection, code: str) -> Money:
    """What the discount behind a code takes off at most; nothing without a code."""
    if not code:
        return Money(0, (await connection.execute(_CURRENCY, {})).scalar_one())
    row = (await connection.execute(_WORTH, {"code": code})).one_or_none()
    if row is None:
        raise NotFound(
            "No discount that was carried out has this code.",
            code="message.code_unknown",
            hint="Propose the discount first, and name its code once it is done.",
            field="code",
        )
    return Money(row.money, row.currency)
