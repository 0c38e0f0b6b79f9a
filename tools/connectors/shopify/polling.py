"""What we ask Shopify for by ourselves, told as its webhooks would tell it."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.events.event import Event
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify.events import to_event
from tools.connectors.shopify.graphql import Admin, Operation
from tools.connectors.shopify.names import PLATFORM
from tools.connectors.told import Hearing

SOURCE = f"poll:{PLATFORM}"


@dataclass(frozen=True, slots=True)
class Polled:
    """Turns what was read into events; the same state read twice is the same delivery."""

    places: Places
    keys: MatchKeys
    currency: str
    now: Callable[[], datetime]

    def event(self, topic: str, body: Mapping[str, Any]) -> Event:
        """The event of one resource as it stands.

        Raises:
            NotFound: Its location is not in the retailer's list.
        """
        return to_event(
            topic,
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


async def pages(
    admin: Admin, operation: Operation, name: str, query: str | None
) -> AsyncIterator[list[Mapping[str, Any]]]:
    """Every page of a connection, read when the caller asks for it."""
    after: str | None = None
    while True:
        variables = {"after": after} if query is None else {"query": query, "after": after}
        data = await admin.ask(operation, variables, Priority.SWEEP)
        connection = data[name]
        yield connection["nodes"]
        if not connection["pageInfo"]["hasNextPage"]:
            return
        after = connection["pageInfo"]["endCursor"]
