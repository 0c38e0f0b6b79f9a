"""The road of every delivery: raw body, verified, translated, once, durable, answered.

Nothing but this happens before the answer: both platforms give up after five seconds, and stop sending after enough
failures.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from cryptography.fernet import Fernet
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from knowledge.events.event import Event, Topic
from knowledge.events.families import ParkedFacts
from knowledge.identity.card import refuse_cards
from knowledge.store.session import utc_now
from policies.errors import NotFound, Refused, TillhandError
from policies.vocabulary.ids import CorrelationId, EventId, LocationId
from server.body import exact_json, read_body
from server.queue.duplicates import as_change
from server.queue.inbox import Inbox
from server.telemetry import Metrics
from server.webhooks.delivery import Delivery, Read, Translate
from server.webhooks.privacy import SOURCE, TOPICS

UNPLACED = LocationId("parked")  # the lane of what cannot be placed; nobody drains it
_PARKED = UUID("9a1f3f0c-8c64-5b0c-8f0e-5d6f6f9f1a11")  # ours, drawn once


@dataclass(frozen=True, slots=True)
class Inlet:
    """One platform's way in."""

    source: str
    types: frozenset[str]
    read: Read
    translate: Translate


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes deliveries of every platform.

    Attributes:
        sealer: Encrypts what is parked, for it may hold personal data.
        limit: Bytes of a body.
        privacy: Takes customers' own requests, which are no events.
    """

    inlets: Mapping[str, Inlet]
    inbox: Inbox
    sealer: Fernet
    metrics: Metrics
    limit: int
    now: Callable[[], datetime] = utc_now
    privacy: Callable[[Delivery, Mapping[str, Any]], Awaitable[str]] | None = None

    async def receive(self, request: Request) -> Response:
        """Answer one delivery: 200 once it is stored, or was before."""
        source = request.path_params["platform"]
        inlet = self.inlets.get(source)
        if inlet is None:
            raise NotFound("This platform is not set up here.", code="platform.unknown")
        try:
            body = await read_body(request, self.limit, inlet.types)
            delivery = inlet.read(request.headers, body)
            outcome = await self.take(inlet, delivery)
        except TillhandError as error:
            self.metrics.count("deliveries", source=source, outcome=error.code.partition(".")[0])
            raise
        self.metrics.count("deliveries", source=source, outcome=outcome)
        return JSONResponse({"outcome": outcome})

    async def take(self, inlet: Inlet, delivery: Delivery) -> str:
        """Store a verified delivery; answers `stored`, `duplicate` or `parked`.

        Raises:
            Refused: Its body is not JSON; nothing is stored.
            Unavailable: It could not be stored; the platform sends it again.
        """
        at = self.now()
        body = exact_json(delivery.body)
        try:
            refuse_cards(body)
            if self.privacy is not None and delivery.source == SOURCE and delivery.topic in TOPICS:
                return await self.privacy(delivery, body)
            event = inlet.translate(delivery.topic, body, delivery=delivery.name, received_at=at)
        except (Refused, NotFound) as error:
            # It is signed, so it is the platform's own: refusing it would only make the platform try the same bytes
            # again until it stops sending altogether. A person looks at it instead.
            return await self._park(delivery, at, error.code)
        return "stored" if await self.inbox.append(as_change(event)) else "duplicate"

    async def _park(self, delivery: Delivery, at: datetime, reason: str) -> str:
        event = parked_event(delivery, at, reason)
        # a card number is kept nowhere, not even sealed: of such a delivery only the name stays
        kept = b"" if reason == "payment.card_number" else self.sealer.encrypt(delivery.body)
        new = await self.inbox.park(event, kept)
        return "parked" if new else "duplicate"


def parked_event(delivery: Delivery, at: datetime, reason: str) -> Event:
    """The visible part of what nobody here understands yet."""
    facts = ParkedFacts(
        name=delivery.topic[:128],
        size=len(delivery.body),
        digest=hashlib.sha256(delivery.body).hexdigest(),
        reason=reason,
    )
    own = uuid5(_PARKED, f"{delivery.source}\0{delivery.name}")
    return Event(
        id=EventId(str(own)),
        source=delivery.source,
        delivery=delivery.name,
        topic=Topic.UNKNOWN,
        lane=UNPLACED,
        occurred_at=at,
        received_at=at,
        correlation=CorrelationId(str(own)),
        facts=facts.model_dump(mode="json"),
    )
