"""What a poll gave already, so that asking again for the newest second brings nothing twice."""

from collections.abc import Iterable

from knowledge.events.event import Event

KEPT = 20_000  # deliveries; a forgotten one is given once more, and the inbox absorbs it


class Given:
    """Remembers deliveries, the oldest forgotten first."""

    def __init__(self) -> None:
        self._deliveries: dict[str, None] = {}

    def fresh(self, events: Iterable[Event]) -> list[Event]:
        """Those not given before; from now on they are."""
        fresh = [event for event in events if event.delivery not in self._deliveries]
        self._deliveries.update(dict.fromkeys(event.delivery for event in fresh))
        for delivery in list(self._deliveries)[: max(0, len(self._deliveries) - KEPT)]:
            del self._deliveries[delivery]
        return fresh
