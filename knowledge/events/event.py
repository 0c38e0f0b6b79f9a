"""The envelope: something that happened, once, in our words.

An event holds no personal data: identifiers are keyed hashes (`knowledge.identity.match_key`) before it exists.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from policies.vocabulary.ids import CorrelationId, EventId, LocationId

HISTORY: Final = "import:"  # how the source of everything begins that was brought in later as what had happened before


class Topic(StrEnum):
    """Every kind of event we act on. Platform names and the aliases in use map onto these."""

    ORDER_CREATED = "order.created"
    ORDER_UPDATED = "order.updated"
    ORDER_FULFILLED = "order.fulfilled"
    ORDER_CANCELLED = "order.cancelled"
    RETURN_CREATED = "return.created"
    CUSTOMER_UPDATED = "customer.updated"
    INVENTORY_UPDATED = "inventory.updated"
    PRODUCT_UPDATED = "product.updated"
    PRODUCT_VIEWED = "product.viewed"
    CART_UPDATED = "cart.updated"
    WISHLIST_UPDATED = "wishlist.updated"
    TICKET_UPDATED = "ticket.updated"
    PROMOTION_PLANNED = "promotion.planned"
    CHECKOUT_STARTED = "checkout.started"
    OFFER_SHOWN = "offer.shown"
    TRANSFER_UPDATED = "transfer.updated"
    CHECK_IN = "check_in"
    LOYALTY_SCANNED = "loyalty.scanned"
    REGISTER_CLOSED = "register.closed"
    UNKNOWN = "unknown"  # parked, sealed, for a person to look at


@dataclass(frozen=True, slots=True)
class Event:
    """One verified fact.

    Attributes:
        source: Who told us: `shopify`, `lightspeed`, `register`, `replay`, `poll:shopify`, ...
        delivery: The source's own name for this delivery; the same name twice is a duplicate.
        lane: The location whose events are handled one after another; `online` for the online shop.
        occurred_at: When it happened; a late till reports it long after.
        resource: The platform's name of the thing it is about, such as `shopify:order:1001`; "" when there is none.
        version: The thing's version, comparable as text within one resource; an older one never overwrites a newer.
        facts: JSON of one of the event families beside this file.
        seq: Its place in the event log; 0 before it is there.
        sealed_person: What was told of its customer, for the vault alone; b"" once it is stored, or when nothing was.
    """

    id: EventId
    source: str
    delivery: str
    topic: Topic
    lane: LocationId
    occurred_at: datetime
    received_at: datetime
    correlation: CorrelationId
    facts: dict[str, Any]
    resource: str = ""
    version: str = ""
    seq: int = 0
    attempts: int = 0
    sealed_person: bytes = field(default=b"", repr=False, compare=False)

    def row(self) -> dict[str, Any]:
        """As JSON values under the names of the log's columns; nothing of the person it is about."""
        return {
            "id": self.id,
            "source": self.source,
            "delivery": self.delivery,
            "topic": self.topic.value,
            "lane": self.lane,
            "occurred_at": self.occurred_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "correlation_id": self.correlation,
            "resource": self.resource,
            "version": self.version,
            "facts": self.facts,
        }

    @property
    def is_history(self) -> bool:
        """Whether it was imported: it tells what was, so it wakes nobody and moves no count a platform keeps."""
        return self.source.startswith(HISTORY)
