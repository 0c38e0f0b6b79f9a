"""What a register's extension is told, as closed shapes; `protocol.ts` is made of these and of `server.pos.asked`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from policies.actions.discount import Form
from policies.errors import TillhandError


class Told(BaseModel):
    """Closed and immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Why(Told):
    """Why there is nothing, for programs and in a sentence for the associate."""

    code: str
    message: str

    @classmethod
    def of(cls, error: TillhandError) -> "Why":
        """What an error says."""
        return cls(code=error.code, message=f"{error.message} {error.hint}".strip())


class Item(Told):
    """One variant; `here` says whether it is in stock where the register stands."""

    sku: str
    title: str
    here: bool


class InsightTold(Told):
    """What an associate may know of a customer at the counter. It offers nothing, and takes nothing off.

    Attributes:
        known: False for somebody we know nothing of.
        lines: Facts in sentences, for the screen.
        likely_next: What the next order will likely hold: something to show, at its price.
        consent_email: Whether they may be written to; no when their records contradict each other.
        unclear: Channels over which their records contradict each other.
        partial: Parts that could not be read in time.
    """

    known: bool
    lines: tuple[str, ...]
    viewed: tuple[Item, ...] = ()
    left_in_cart: tuple[Item, ...] = ()
    likely_next: tuple[Item, ...] = ()
    consent_email: bool = False
    consent_sms: bool = False
    unclear: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    as_of: datetime


class OfferTold(Told):
    """An offer that was decided.

    Attributes:
        code: What takes it off the basket; "" where nothing is, of what is sent home at full price or in a promotion.
        words: The line to say.
        amount: Money off at most, as decimal text.
        goods: What it is for.
        variants: The same as Shopify numbers it, to put into the basket.
        in_basket: All of it is in the basket already.
        applied: The register said that the code is on the basket.
        form: `home`: the goods are ordered in the online shop, with the code, and are no part of the basket;
            `promotion`: the register reduces them for everybody by itself.
        days: Within how many days they arrive; 0 for goods from the shelf.
    """

    code: str
    words: str
    percent: str
    amount: str
    currency: str
    goods: tuple[str, ...]
    variants: tuple[str, ...]
    in_basket: bool
    applied: bool
    form: Form
    days: int
    valid_until: datetime


class BeforehandTold(Told):
    """Offers that were approved beforehand, for anybody who has their goods in the basket; each may be made once."""

    offers: tuple[OfferTold, ...]
    as_of: datetime


class DecisionTold(Told):
    """The offer for one state of a basket, or a deliberate silence.

    Attributes:
        transaction: What the order should carry as its attribute `pos_transaction_id`.
        decision: Which decision it is; "" when nothing was asked of the rules.
        approvers: Who may say yes by PIN, while it waits for a manager.
        why: Of a silence, where the basket itself is the reason.
        scan: What became of a scanned offer.
        partial: Something was late or missing; asking again may say more.
        receipt: The text of a QR code for the receipt: this offer for another day, or where what is sent home at full
            price is ordered; "" for none.
    """

    basket: str
    revision: int
    transaction: str
    status: Literal["offered", "waiting_for_manager", "silent"]
    decision: str = ""
    offer: OfferTold | None = None
    approvers: tuple[str, ...] = ()
    why: Why | None = None
    scan: Why | None = None
    partial: bool = False
    receipt: str = ""
    as_of: datetime


class ApproveTold(Told):
    """What a manager's PIN came to.

    Attributes:
        approved: The offer may be applied now.
        decision: The decision it holds by: another one than was shown, where AI only suggests and the manager did it.
        second: Another manager must say yes too.
    """

    approved: bool
    decision: str = ""
    second: bool = False
    offer: OfferTold | None = None
    why: Why | None = None


class OutcomeResult(Told):
    """What became of one telling; told again, it is answered the same.

    Attributes:
        result: `settled`: kept, now or before. `unknown`: no offer of this location is meant. `refused`: it cannot be
            read. None of them is to be told again.
    """

    id: str
    result: Literal["settled", "unknown", "refused"]
    why: Why | None = None


class OutcomesTold(Told):
    """The results, in the order of the tellings."""

    results: tuple[OutcomeResult, ...]
