"""What a register's extension asks, as closed shapes; `protocol.ts` is made of these and of `server.pos.told`.

Amounts are decimal text, because a register's script counts in floats. What a basket says is not judged here: a basket
that cannot be right is answered with silence and a reason, and never with an error.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

Number = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Text = Annotated[str, Field(max_length=128)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
OutcomeKind = Literal["shown", "applied", "dismissed", "redeemed"]

MOST_LINES = 200
MOST_OUTCOMES = 100


class Asked(BaseModel):
    """Every shape is closed: a misspelt field is an error and not a default.

    Attributes:
        device: The register, as Shopify numbers it; where it stands, IT has told us.
        location: Where the register itself believes to be, as Shopify numbers locations. It opens nothing: a register
            that was moved and not registered anew is told so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    device: Number
    location: Number


class InsightAsked(Asked):
    """Who is the customer at the counter? `customer` is Shopify's number of them."""

    customer: Number


class BeforehandAsked(Asked):
    """What may be offered here today while there is no line?"""


class BasketLine(BaseModel):
    """One line; `variant` is Shopify's number of it, "" for what is not in the catalog, such as a custom sale."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    variant: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""
    sku: Annotated[str, Field(max_length=64)] = ""
    quantity: Annotated[int, Field(ge=-1_000_000, le=1_000_000, strict=True)]
    price: Annotated[str, Field(max_length=40)]


class DecisionAsked(Asked):
    """What is the offer for this state of a basket?

    Attributes:
        basket: Drawn by the register when a sale begins.
        revision: Counts the basket's states; an answer to an older one is worth nothing.
        customer: Shopify's number of them; "" when nobody said who they are.
        subtotal: Of the lines, before discounts and taxes.
        scanned: The text of an offer's QR code; "" for none.
    """

    basket: Name
    revision: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    customer: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""
    currency: Currency
    lines: Annotated[tuple[BasketLine, ...], Field(max_length=MOST_LINES)]
    subtotal: Annotated[str, Field(max_length=40)]
    scanned: Annotated[str, Field(max_length=512)] = ""


class ApproveAsked(Asked):
    """A manager says yes to the offer that waits on this register, and proves who they are by their PIN."""

    basket: Name
    decision: Text
    approver: Text
    pin: SecretStr


class OutcomeTold(BaseModel):
    """What became of one offer.

    Attributes:
        id: Names this telling; its result says it again.
        decision: Which offer; "" when the register knows its code alone, as of one it was handed beforehand.
        at: When it happened, which may be long before it is told.
        order: The order it was used on, as Shopify numbers it; "" when nobody knows yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    id: Name
    kind: OutcomeKind
    decision: Text = ""
    code: Annotated[str, Field(max_length=32)] = ""
    at: AwareDatetime
    order: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""


class OutcomesAsked(Asked):
    """What became of offers, in any order; after a time without a line, many at once."""

    outcomes: Annotated[tuple[OutcomeTold, ...], Field(min_length=1, max_length=MOST_OUTCOMES)]


class OutcomesSent(Asked):
    """The same before each telling is read: one that cannot be read must not hold back the others."""

    outcomes: Annotated[tuple[Any, ...], Field(min_length=1, max_length=MOST_OUTCOMES)]
