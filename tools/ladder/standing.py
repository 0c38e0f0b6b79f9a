"""How far AI may go at this moment, asked of the database once for a whole burst.

Nothing of it is kept in memory: whoever decides asks inside the transaction that decides, so a switch thrown in one
process holds for the next decision in every other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Asked, Connection, Result
from knowledge.store.places import Place, Places
from policies.engine import Engine
from policies.ladder import Rung, Standing, Stopped
from policies.rollout import CHAIN, Rollout
from policies.vocabulary.actor import Actor, Role
from tools.action_row import ActionRow

_ASK: Final = text(
    """
    SELECT capability AS scope, location_id AS name, rung FROM rung
    WHERE location_id = ANY(CAST(:places AS text[]))
    UNION ALL SELECT scope, name, '' FROM halt WHERE lifted_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Standings:
    """What people and breaches made of the rollout plan, as of one moment.

    Attributes:
        rungs: By kind of action and location; "" for the chain.
        stops: Scope and name of every switch that is thrown.
    """

    rollout: Rollout
    rungs: dict[tuple[str, str], Rung]
    stops: frozenset[tuple[str, str]]

    def of(self, actor: Actor, capability: str, place: Place) -> Standing:
        """How far this actor may go with this kind of action there; for a person it is what AI could have done."""
        return Standing(self.rollout.rung(capability, place.region, place.id, self.rungs), self._stopped(actor, place))

    def _stopped(self, actor: Actor, place: Place) -> Stopped:
        if actor.role is not Role.SYNC:  # it is no AI, and goes on while AI stands still; stopped by its own name
            if ("all", "") in self.stops:
                return "all"
            if ("location", place.id) in self.stops:
                return "location"
        names = {actor.id, actor.on_behalf_of} - {""}
        return "agent" if any(("agent", name) in self.stops for name in names) else ""


def standings(connection: Connection, rollout: Rollout, places: Iterable[str]) -> Asked[Standings]:
    """Ask what holds at these locations now, in one question."""

    def read(rows: Result) -> Standings:
        rungs: dict[tuple[str, str], Rung] = {}
        stops: set[tuple[str, str]] = set()
        for row in rows:
            if row.rung:
                rungs[row.scope, row.name] = Rung(row.rung)
            else:
                stops.add((row.scope, row.name))
        return Standings(rollout, rungs, frozenset(stops))

    return connection.ask(_ASK, {"places": sorted({CHAIN, *places})}).into(read)


async def standing_now(connection: Connection, engine: Engine, places: Places, row: ActionRow) -> Standing | None:
    """How far whoever proposed this may go with it now; `None` for a person, whom nothing here binds."""
    if not bound(row.actor):
        return None
    place = places.get(row.location)
    return (await standings(connection, engine.rollout, [place.id])).of(row.actor, row.action.kind, place)


def bound(actor: Actor) -> bool:
    """Whether the ladder and the stop switches bind this actor: everybody but a person acting for themselves."""
    return actor.model or not actor.role.person
