"""What we ask Lightspeed for by ourselves, told as its webhooks would tell it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.events.event import Event
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from tools.connectors.lightspeed.events import to_event
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.told import Hearing

SOURCE = f"poll:{PLATFORM}"


@dataclass(frozen=True, slots=True)
class Polled:
    """Turns what was read into events; the same state read twice is the same delivery."""

    places: Places
    keys: MatchKeys
    currency: str
    now: Callable[[], datetime]

    def event(self, kind: str, body: Mapping[str, Any]) -> Event:
        """The event of one resource as it stands.

        Raises:
            NotFound: Its location is not in the retailer's list.
            Refused: It has not the shape it should have.
        """
        return to_event(
            kind,
            body,
            delivery="",
            received_at=self.now(),
            places=self.places,
            keys=self.keys,
            currency=self.currency,
            source=SOURCE,
        )

    def hearing(self) -> Hearing:
        """For readings that become no event."""
        return Hearing(PLATFORM, SOURCE, "", self.now(), self.places, self.keys, self.currency)
