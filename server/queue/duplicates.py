"""One change, one event, however often and on whatever way we hear of it.

A delivery sent again has the same name. The same change told by two subscriptions, or by a webhook and by a poll, has
not: it is the same thing, in the same version, told in the same words.
"""

import hashlib
import json
from dataclasses import replace
from uuid import UUID, uuid5

from knowledge.events.event import Event
from policies.vocabulary.ids import EventId

_CHANGES = UUID("0c0b6a0e-5b59-5f0e-9a3d-3f6a9f5b7c21")  # ours, drawn once


def as_change(event: Event) -> Event:
    """The event under the id of the change it tells; as it is when the platform gave it no version to compare."""
    if not event.resource or not event.version:
        return event
    told = json.dumps(event.facts, sort_keys=True, separators=(",", ":"))
    words = hashlib.sha256(told.encode()).hexdigest()
    name = f"{event.topic.value}\0{event.resource}\0{event.version}\0{words}"
    return replace(event, id=EventId(str(uuid5(_CHANGES, name))))
