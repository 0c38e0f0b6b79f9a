"""Customer records: found by what a person shows, listed for the first fill; hashed as soon as they are read."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from knowledge.events.event import Event
from knowledge.profile.standing import Standing
from policies.errors import Refused
from policies.vocabulary.money import Money
from tools.connectors.amounts import exact
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations, wire
from tools.connectors.shopify.bodies import customer_body
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.names import gid
from tools.connectors.shopify.polling import Polled, pages
from tools.connectors.shopify.purchases import customer_heard
from tools.connectors.shopify.standing import standing_of
from tools.platform import PlatformCustomer

_KINDS = {"email": "emailAddress", "phone": "phoneNumber"}


class ShopifyCustomers:
    """Finds and lists."""

    def __init__(self, admin: Admin, polled: Polled) -> None:
        self._admin = admin
        self._polled = polled

    async def find(self, kind: str, value: str) -> PlatformCustomer | None:
        """By `email`, `phone` (E.164) or `loyalty`.

        Raises:
            Refused: Another kind.
        """
        if kind == "loyalty":
            identifier: dict[str, Any] = {"customId": {"namespace": "tillhand", "key": "loyalty", "value": value}}
        elif kind in _KINDS:
            identifier = {_KINDS[kind]: value}
        else:
            raise Refused("Look a customer up by email, phone or loyalty.", code="customer.kind", field="kind")
        data = await self._admin.ask(operations.CUSTOMER, {"identifier": identifier}, Priority.READ)
        node = data["customerByIdentifier"]
        return None if node is None else self._customer(node, self._polled.now())

    async def standing(self, number: str) -> Standing | None:
        """Store credit, and Shopify's own words for how much they will spend and how they shop.

        Shopify keeps no points. Needs the scope `read_store_credit_accounts`.
        """
        data = await self._admin.ask(operations.STANDING, {"id": gid("Customer", number)}, Priority.READ)
        told = self._polled.hearing()
        return standing_of(data.fields.get("customer"), currency=told.currency, as_of=told.received_at)

    async def customers(self) -> AsyncIterator[Event]:
        """Every customer, in the order they last changed."""
        async for page in pages(self._admin, operations.CUSTOMERS, "customers", None):
            for node in page:
                yield self._polled.event("customers/update", customer_body(node))

    def _customer(self, node: Any, now: datetime) -> PlatformCustomer:
        customer = wire.Customer.model_validate(customer_body(node))
        told = self._polled.hearing()
        currency = customer.currency or told.currency
        return PlatformCustomer(
            keys=tuple((key.kind, key.digest) for key in customer_heard(customer, told).keys),
            orders=customer.orders_count or 0,
            spent=Money(0 if customer.total_spent is None else exact(customer.total_spent, currency), currency),
            consent_email=_subscribed(customer.email_marketing_consent),
            consent_sms=_subscribed(customer.sms_marketing_consent),
            observed_at=now,
        )


def _subscribed(consent: wire.Consent | None) -> bool:
    return consent is not None and consent.given
