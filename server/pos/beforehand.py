"""What a register on Shopify may offer while it has no line: the batch any other till has, shown on its own screen."""

from dataclasses import dataclass

from knowledge.store.places import Places
from knowledge.store.session import Database
from server.offline.hand import OfflineDesk
from server.pos.asked import BeforehandAsked
from server.pos.known import Counter
from server.pos.offer import offers_told
from server.pos.told import BeforehandTold


@dataclass(frozen=True, slots=True)
class BeforehandDesk:
    """Hands a register its batch; `batches` decides what is in it, through the guard."""

    database: Database
    places: Places
    batches: OfflineDesk

    async def hand(self, counter: Counter, _: BeforehandAsked) -> BeforehandTold:
        """Today's batch of this register; asked again it is the same one.

        Raises:
            Unavailable: The database does not answer.
        """
        place = self.places.get(counter.location)
        spoken = await self.batches.offers(counter.actor, place, f"shopify-{counter.device}")
        return BeforehandTold(offers=tuple(await offers_told(self.database.quick, spoken)), as_of=self.batches.now())
