"""Which specialists an event concerns: a table, not a model, so that the same event always goes the same way."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from knowledge.events.event import Topic

OFFERS: Final = "offers"
INVENTORY: Final = "inventory"
PURCHASES: Final = "purchases"

TABLE: Final[Mapping[Topic, tuple[str, ...]]] = MappingProxyType(
    {
        Topic.ORDER_CREATED: (OFFERS, INVENTORY, PURCHASES),
        Topic.ORDER_UPDATED: (OFFERS, INVENTORY),
        Topic.ORDER_FULFILLED: (INVENTORY,),
        Topic.ORDER_CANCELLED: (OFFERS, INVENTORY),
        Topic.RETURN_CREATED: (INVENTORY,),
        Topic.INVENTORY_UPDATED: (INVENTORY,),
        Topic.PRODUCT_VIEWED: (OFFERS,),
        Topic.CART_UPDATED: (OFFERS,),
        Topic.CHECK_IN: (OFFERS,),
        Topic.LOYALTY_SCANNED: (OFFERS,),
        # The unified store is brought up to these before any agent runs; they call for no decision by themselves.
        Topic.CUSTOMER_UPDATED: (),
        Topic.WISHLIST_UPDATED: (),  # a wish is an offer's reason when its customer is next there
        Topic.TICKET_UPDATED: (),
        Topic.PROMOTION_PLANNED: (),
        Topic.PRODUCT_UPDATED: (),
        Topic.TRANSFER_UPDATED: (),
        Topic.REGISTER_CLOSED: (),
        Topic.OFFER_SHOWN: (),  # an outcome, recorded by `tools.outcomes`
        Topic.CHECKOUT_STARTED: (),  # answered inline while the customer waits, never through a lane
        Topic.UNKNOWN: (),  # parked for a person
    }
)


def topics_of(specialist: str) -> frozenset[Topic]:
    """The topics the table sends to a specialist."""
    return frozenset(topic for topic, names in TABLE.items() if specialist in names)
