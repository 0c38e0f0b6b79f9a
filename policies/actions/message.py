"""One message to one customer: what is said, over which channel, and the discount code it carries, if any."""

import re
from typing import ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from policies.actions.action import Action, Effect
from policies.errors import Refused
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money

Channel = Literal["sms", "email"]
"""How a customer is reached."""

Purpose = Literal["marketing", "service"]
"""Why: to sell something, or about something they bought or asked for."""

# an e-mail address, or digits enough for a phone or card number: what is said is kept for years
_CONTACT: Final = re.compile(r"\S@\S|(?:\d[ ().-]?){7,}")


class Message(Action):
    """Send a message; it cannot be called back.

    It names the customer by our reference only: the address is found where the message leaves the house.

    Attributes:
        store: The location it is sent for, whose caps, hours and jurisdictions hold.
        subject: Of an e-mail; "" for a text message.
        text: As the customer reads it.
        code: The discount code it carries, of a discount that was carried out; "" for none.
        worth: Money that discount takes off at most; nothing without a code.
        campaign: The campaign it belongs to, whose messages are counted together; "" for none.
    """

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["message"] = "message"
    store: LocationId
    customer: CustomerRef = Field(min_length=1, max_length=128)
    channel: Channel
    purpose: Purpose
    subject: str = Field(default="", max_length=120)
    text: str = Field(min_length=1, max_length=480)  # three text messages
    code: str = Field(default="", pattern=r"^([A-Z0-9-]{4,32})?$")
    worth: Money
    campaign: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if bool(self.subject) != (self.channel == "email"):
            raise Refused("An e-mail has a subject, and a text message has none.", code="message.subject")
        if not (self.text.isprintable() and self.subject.isprintable() and self.text.strip()):
            raise Refused("A message is plain text on one line.", code="message.plain", field="text")
        if any(_CONTACT.search(part.replace(self.code or "\n", " ")) for part in (self.subject, self.text)):
            raise Refused(
                "A message holds no e-mail address and no phone or card number.",
                code="message.contact",
                field="text",
            )
        if self.worth.minor < 0 or bool(self.worth.minor) != bool(self.code):
            raise Refused("A message is worth the discount it carries, and nothing without one.", code="message.worth")
        return self

    @property
    def said(self) -> str:
        """All that the customer reads."""
        return f"{self.subject} . {self.text}" if self.subject else self.text

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.worth

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        how = "Text" if self.channel == "sms" else "E-mail"
        subject = f"{self.subject}: " if self.subject else ""
        return f'{how} one customer of {self.store} ({self.purpose}): "{subject}{self.text}"'
