"""What every event a platform tells has in common: its id, its story, and who it is about."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.events.event import Event, Topic
from knowledge.events.families import Facts, KeyedHash
from knowledge.identity.birth import born
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.normal import Kind
from knowledge.store.places import Place, Places
from knowledge.vault.intake import Intake
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import CorrelationId, EventId, LocationId

CHAIN = LocationId("chain")  # the lane of what concerns every location: products and customers
_Shape = TypeVar("_Shape", bound=BaseModel)
_SPACE = UUID("6f1c1c52-2f0e-5f3c-9d5e-0d6a8a3f7b11")  # ours, drawn once


class Wire(BaseModel):
    """A platform's own shape: it adds fields without notice, and a mistake in it is reported without its values."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)


@dataclass(frozen=True, slots=True)
class Heard:
    """A customer as the edge leaves them: match keys, and the rest sealed for the vault."""

    keys: tuple[KeyedHash, ...] = ()
    person: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Hearing:
    """How we came to hear something.

    Attributes:
        source: The platform, or `poll:` and the platform.
        delivery: The source's own name for this telling; "" for a poll, which has none.
        currency: ISO 4217, for payloads that do not name theirs.
    """

    platform: str
    source: str
    delivery: str
    received_at: datetime
    places: Places
    keys: MatchKeys
    currency: str

    def place(self, platform_id: str) -> Place:
        """The location a platform calls so.

        Raises:
            NotFound: It is not in the retailer's list.
        """
        place = self.places.by_platform(self.platform, platform_id)
        if place is None:
            raise NotFound(
                f"{self.platform.title()} named a location that is not in locations.toml.",
                code="location.unknown",
                hint="Add it, with the platform's id for it.",
                field="location",
            )
        return place

    def online(self) -> Place:
        """The platform's online shop.

        Raises:
            NotFound: There is none in the retailer's list.
        """
        place = self.places.online(self.platform)
        if place is None:
            raise NotFound(
                f"{self.platform.title()} told of an online order, but locations.toml has no online shop.",
                code="location.unknown",
                hint='Add a location of kind "online".',
                field="location",
            )
        return place

    def identifiers(  # noqa: PLR0913 - a customer is told of in as many ways
        self,
        own_id: str = "",
        *,
        loyalty: str | None = None,
        phones: Iterable[str | None],
        emails: Iterable[str | None],
        names: Iterable[str] = (),
        addresses: Iterable[str] = (),
        births: Iterable[str] = (),
        country: str = "",
    ) -> "Heard":
        """A customer's identifiers as match keys, strongest first, and what was told of them sealed.

        What is no identifier is left out.

        Args:
            own_id: The platform's number of the customer.
            loyalty: The loyalty id.
            phones: As written; without a country code they are of `country`.
            emails: As written.
            names: Of the person, each whole.
            addresses: Each in one line.
            births: Days of birth as written; what is none is left out.
            country: Two letters: that of the location; "" for the chain's.

        Raises:
            Refused: A card number stands where an identifier belongs.
        """
        told: list[tuple[Kind, str | None]] = [("loyalty", loyalty)]
        told.append(("shopify" if self.platform == "shopify" else "lightspeed", own_id))
        told.extend(("phone", phone) for phone in phones)
        told.extend(("email", email) for email in emails)
        made = (key for kind, value in told for key in self.keys.readings(kind, value, country))
        keys = tuple(dict.fromkeys(made))
        if not isinstance(self.keys, Intake):  # no vault: the customer stays a key, and the rest is forgotten here
            return Heard(keys)
        raw: list[tuple[str, str | None]] = [(kind, self.keys.normal(kind, value, country)) for kind, value in told]
        raw += [("name", name) for name in names] + [("address", address) for address in addresses]
        raw += [("birth", born(birth, self.received_at.date())) for birth in births]
        return Heard(keys, self.keys.seal(raw) if keys else b"")

    def event(  # noqa: PLR0913 - an event has this many parts
        self,
        topic: Topic,
        lane: LocationId,
        facts: Facts,
        *,
        occurred_at: datetime,
        resource: str,
        version: str,
        story: str = "",
        person: bytes = b"",
    ) -> Event:
        """The envelope around facts.

        Without a delivery of its own (a poll has none) it is named by the resource, its version and what it says: so
        the same state told twice is one delivery, and two states within one of Shopify's seconds are two.

        Args:
            topic: Ours.
            lane: A location, or the chain.
            facts: One of the families.
            occurred_at: Aware.
            resource: The platform's name of the thing.
            version: Comparable as text within the resource; "" when the platform tells none.
            story: The resource whose story it belongs to, when that is another one.
            person: What was told of its customer, sealed.
        """
        stored = facts.model_dump(mode="json")
        delivery = self.delivery or f"{resource}@{version}#{_digest(stored)}"
        about = story or resource
        return Event(
            id=EventId(str(uuid5(_SPACE, f"{self.source}\0{delivery}"))),
            source=self.source,
            delivery=delivery,
            topic=topic,
            lane=lane,
            occurred_at=occurred_at,
            received_at=self.received_at,
            correlation=correlation_of(about if ":order:" in about else f"{self.source}\0{delivery}"),
            facts=stored,
            resource=resource,
            version=version,
            sealed_person=person,
        )


def correlation_of(resource: str) -> CorrelationId:
    """The story of a resource: the same for everything that is told of one order."""
    return CorrelationId(str(uuid5(_SPACE, resource)))


def read_payload(shape: type[_Shape], body: Mapping[str, Any]) -> _Shape:
    """The body in this shape.

    Raises:
        Refused: It has another shape.
    """
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Refused(
            f"The platform's message is not understood: {at or 'the body'} is missing or malformed.",
            code="payload.malformed",
            field=at,
        ) from error


def _digest(stored: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:32]
