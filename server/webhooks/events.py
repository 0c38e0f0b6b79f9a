"""`POST /v1/events`: what registers, shop systems and the retailer's own sites tell us, by any name in use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from cryptography.fernet import Fernet
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from knowledge.events.event import Topic
from knowledge.identity.card import refuse_cards
from knowledge.store.session import utc_now
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.bearers import Bearers
from server.body import JSON, exact_json, read_body
from server.queue.duplicates import as_change
from server.queue.inbox import Inbox
from server.telemetry import Metrics
from server.webhooks.aliases import topic_of
from server.webhooks.delivery import Delivery
from server.webhooks.hearsay import SOURCE, Listener
from server.webhooks.receive import parked_event

_MAY_TELL = frozenset({Role.REGISTER, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class EventDoor:
    """Takes one event per request; answers 202 once it is stored, or was before."""

    bearers: Bearers
    listener: Listener
    inbox: Inbox
    sealer: Fernet
    metrics: Metrics
    limit: int
    now: Callable[[], datetime] = utc_now

    async def tell(self, request: Request) -> Response:
        """Answer one telling.

        Raises:
            Refused: The key, the location or the body is not right; nothing is stored.
        """
        actor = await self.bearers.actor(request, Door.EVENT)
        may_tell(actor, "")
        raw = await read_body(request, self.limit, JSON)
        body = exact_json(raw)
        name, store = body.get("event"), body.get("store_id")
        if not isinstance(name, str) or not name or not isinstance(store, str) or not store:
            raise Refused("An event has a name and a store_id.", code="body.invalid", field="event")
        refuse_cards(body)
        topic = topic_of(name)
        place = self.listener.places.get(store)
        may_tell(actor, place.id)
        at = self.now()
        if topic is Topic.UNKNOWN:
            new = await self._park(name, body, raw, at)
            outcome = "parked" if new else "duplicate"
            answered: dict[str, Any] = {}
        else:
            event = as_change(self.listener.event(topic, body, at))
            outcome = "stored" if await self.inbox.append(event) else "duplicate"
            answered = {"topic": topic.value, "event_id": event.id}
        self.metrics.count("deliveries", source=SOURCE, outcome=outcome)
        return JSONResponse({"outcome": outcome, **answered}, status_code=202)

    async def _park(self, name: str, body: dict[str, Any], raw: bytes, at: datetime) -> bool:
        told_id = body.get("id")
        delivery = f"{body['store_id']}:{name[:128]}:{told_id[:128] if isinstance(told_id, str) else uuid4().hex}"
        event = parked_event(Delivery(SOURCE, name, delivery, raw), at, "topic.unknown")
        return await self.inbox.park(event, self.sealer.encrypt(raw))


def may_tell(actor: Actor, location: LocationId | str) -> None:
    """Refuse a key that is no register's, or that belongs to another location; "" asks for the role alone.

    Raises:
        Refused: `access.role` or `access.outside_locations`.
    """
    if actor.role not in _MAY_TELL:
        raise Refused(
            "Only a register's key is good for this.",
            code="access.role",
            hint="tillhand credential add --role register --location CODE",
        )
    if location and not actor.covers(LocationId(location)):
        raise Refused(
            "This key is not good for that location.",
            code="access.outside_locations",
            hint="Use the key made for this location's registers.",
            field="store_id",
        )
