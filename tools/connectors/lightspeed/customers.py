"""Customer records: found by what a person shows, listed for the first fill; hashed as soon as they are read."""

from collections.abc import AsyncIterator
from decimal import Decimal
from urllib.parse import quote

from knowledge.events.event import Event
from knowledge.profile.standing import Standing
from policies.errors import Refused
from policies.vocabulary.money import Money
from tools.connectors.amounts import nearest
from tools.connectors.lightspeed import wire
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.purchases import customer_heard
from tools.connectors.lightspeed.rest import Call, Rest
from tools.connectors.sworn import said
from tools.platform import PlatformCustomer

# A cashier may have typed the number into either field.
_FIELDS = {"email": ("email",), "phone": ("phone", "mobile"), "loyalty": ("customer_code",)}


class LightspeedCustomers:
    """Finds and lists."""

    def __init__(self, rest: Rest, polled: Polled) -> None:
        self._rest = rest
        self._polled = polled

    async def find(self, kind: str, value: str) -> PlatformCustomer | None:
        """By `email`, `phone` or `loyalty`. Lightspeed does not count orders, and knows only who refused e-mail.

        Raises:
            Refused: Another kind.
        """
        fields = _FIELDS.get(kind)
        if fields is None:
            raise Refused("Look a customer up by email, phone or loyalty.", code="customer.kind", field="kind")
        for name in fields:
            told = await self._rest.ask(
                Call("GET", "/search", "/search", {"type": "customers", name: value, "page_size": "1"})
            )
            if told.data:
                return self._customer(wire.Customer.model_validate(told.data[0]))
        return None

    async def standing(self, number: str) -> Standing | None:
        """What their points are worth, in the account's currency: X-Series counts loyalty in money."""
        call = Call("GET", f"/customers/{quote(number, safe='')}", "/customers/{customer_id}")
        told = await self._rest.ask(call)
        loyal = None if told.missing else said(wire.Loyal, told.data, PLATFORM)
        if loyal is None:
            return None
        heard = self._polled.hearing()
        return Standing(
            platform=PLATFORM,
            customer=loyal.id,
            loyalty=Money.round(loyal.loyalty_balance, heard.currency)
            if loyal.enable_loyalty and loyal.loyalty_balance is not None
            else None,
            credit=(),
            tier="",
            group="",
            as_of=heard.received_at,
        )

    async def customers(self) -> AsyncIterator[Event]:
        """Every customer, in the order they last changed."""
        async for page in self._rest.pages("/customers"):
            for row in page:
                yield self._polled.event("customer.update", row)

    def _customer(self, customer: wire.Customer) -> PlatformCustomer:
        told = self._polled.hearing()
        return PlatformCustomer(
            keys=tuple((key.kind, key.digest) for key in customer_heard(customer, told).keys),
            orders=0,
            spent=Money(nearest(customer.year_to_date or Decimal(0), told.currency), told.currency),
            consent_email=False,
            consent_sms=False,
            observed_at=told.received_at,
        )
