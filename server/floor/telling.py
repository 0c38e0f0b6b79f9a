"""What an associate says became of an offer: told to the customer, taken at the till, or not wanted; each kept once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from server.floor.insight import Guarding
from server.floor.offered import GIVEN, USED
from tools.outcome_row import by_id
from tools.register_outcomes import Telling, settle_tellings

Kind = Literal["shown", "applied", "dismissed"]
KINDS: Final[Mapping[str, Kind]] = {"shown": "shown", "applied": "applied", "dismissed": "dismissed"}
_ALONE = text("SELECT id FROM action WHERE id = :id FOR UPDATE")
_KINDS = text("SELECT kind FROM outcome WHERE action_id = :id")


@dataclass(frozen=True, slots=True)
class TellingDesk:
    """Keeps it, as a register's telling is kept."""

    database: Database
    guard: Guarding
    now: Callable[[], datetime]

    async def tell(self, actor: Actor, place: LocationId, decision: str, kind: Kind) -> None:
        """Keep one telling; told again, it changes nothing.

        Raises:
            Refused: They may not serve customers there; the offer has ended; or the opposite was told before.
            NotFound: No offer of this location is meant.
        """
        self.guard.authorize(actor, "find_customer", place)
        at = self.now()
        async with self.database.transaction() as connection:
            await connection.execute(_ALONE, {"id": decision})  # of two people who tap at once, one is first
            if await self._is_new(connection, place, decision, kind, at):
                telling = Telling(kind, decision, "", "", at)
                await settle_tellings(connection, [telling], place, told_by=f"the floor, {actor.id}", at=at)

    async def _is_new(self, connection: Connection, place: LocationId, decision: str, kind: Kind, at: datetime) -> bool:
        offer = (await by_id(connection, [decision])).get(decision)
        if offer is None or offer.told_from != place or offer.state not in GIVEN:
            raise NotFound(
                "No offer of this location is known by this name.",
                code="outcome.unknown",
                hint="Load the page again.",
            )
        told = set((await connection.execute(_KINDS, {"id": decision})).scalars())
        if kind in told:
            return False
        if told & (USED | {"dismissed"}):
            raise Refused(
                "Something else was told of this offer before, and that stands.",
                code="outcome.answered",
                hint="Load the page again.",
            )
        if kind != "dismissed" and offer.valid_until <= at:
            raise Refused(
                "This offer has ended, and the till does not take it any more.",
                code="offer.ended",
                hint="Load the page again.",
            )
        return True
