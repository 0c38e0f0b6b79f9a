"""Shopify's three privacy topics: what a customer asks of the shop, and what is left to do when the shop leaves.

Their signature is that of every delivery, checked before anything here is reached. A request may name its customer by
an e-mail address alone, or by nothing but the orders it is about.
https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.erasure.request import ORDER, RequestKind
from knowledge.identity.match_key import MatchKeys
from knowledge.vault.person import Person
from policies.errors import Refused
from server.webhooks.delivery import Delivery

TOPICS: Final[Mapping[str, RequestKind]] = {
    "customers/data_request": "access",
    "customers/redact": "erase",
    "shop/redact": "shop",
}
SOURCE: Final = "shopify"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Subject(_Wire):
    """Whom a request is about; any part may be missing."""

    id: int | None = None
    email: str | None = None
    phone: str | None = None


class PrivacyTold(_Wire):
    """The body of all three topics."""

    shop_id: int
    customer: Subject = Subject()
    orders_to_redact: tuple[int, ...] = ()
    orders_requested: tuple[int, ...] = ()


class Office(Protocol):
    """Who takes requests; `tools.privacy.office.PrivacyOffice` in the product."""

    async def ask(self, kind: RequestKind, person: Person, *, source: str, delivery: str, by: str) -> tuple[str, bool]:
        """Keep a request; its id, and whether it is new."""
        ...


async def take_request(office: Office, keys: MatchKeys, delivery: Delivery, body: Mapping[str, Any]) -> str:
    """Keep a request durably; answers `stored` or `duplicate`.

    Raises:
        Refused: The body is not what Shopify's documentation promises, or names nobody.
    """
    try:
        told = PrivacyTold.model_validate(body)
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Refused(
            f"The privacy request is not understood: {at or 'its body'}.", code="payload.malformed", field=at
        ) from None
    person = Person.of(_told(told, keys))
    _, new = await office.ask(TOPICS[delivery.topic], person, source=SOURCE, delivery=delivery.name, by=SOURCE)
    return "stored" if new else "duplicate"


def _told(told: PrivacyTold, keys: MatchKeys) -> Iterator[tuple[str, str | None]]:
    if told.customer.id is not None:
        yield SOURCE, str(told.customer.id)
    yield "email", keys.normal("email", told.customer.email)
    yield "phone", keys.normal("phone", told.customer.phone)
    for number in (*told.orders_to_redact, *told.orders_requested):
        yield ORDER, f"{SOURCE}:order:{number}"
