"""Whoever judges the past again comes through here: access first, and only where they may look."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.long_read import settle_in
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.limits import Limits
from policies.rollout import Rollout
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from tools.access import authorize
from tools.past.own_rules import Again, recompute_action
from tools.past.tried import Trial, Tried, try_rules

_TRY = "try_rules"
_READ_ONLY = text("SET TRANSACTION READ ONLY")  # whatever is tried, nothing is written
_WHERE = text("SELECT location_id FROM action WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Past:
    """The recorded decisions, and the rules in force."""

    database: Database
    engine: Engine
    places: Places
    now: Callable[[], datetime] = utc_now

    async def try_rules(  # noqa: PLR0913  # what may be changed, each by name
        self,
        actor: Actor,
        since: datetime,
        *,
        until: datetime | None = None,
        engine: Engine | None = None,
        limits: Limits | None = None,
        rollout: Rollout | None = None,
        locations: frozenset[LocationId] | None = None,
        top: int = 10,
    ) -> Tried:
        """Judge what was decided since then again, under other rules, limits or another rollout; nothing is kept.

        Args:
            actor: Who asks; only locations they may look at are judged.
            since: From when on.
            until: Until when; now, when not given.
            engine: Other rules; those in force when not given.
            limits: Other limits; every decision keeps the ones it was made under when not given.
            rollout: Another rollout; every decision keeps its rung when not given.
            locations: Only these.
            top: How many changed decisions to tell.

        Raises:
            NotFound: A location is not known here.
            Refused: The actor may not, or may not look at one of the locations, or the span is empty.
        """
        authorize(self.engine, actor, _TRY, None)
        for location in sorted(locations or ()):
            authorize(self.engine, actor, _TRY, self.places.get(location).id)
        until = until or self.now()
        if since >= until:
            raise Refused("The span to judge again is empty.", code="past.span", field="since")
        trial = Trial(
            since,
            until,
            (engine or self.engine).pinned(),
            limits,
            rollout,
            actor.locations if locations is None else locations,
            top,
        )
        async with self.database.transaction() as connection:
            await connection.execute(_READ_ONLY)
            await settle_in(connection)
            return await try_rules(connection, self.places, trial)

    async def recompute(self, actor: Actor, action: str) -> list[Again]:
        """An action's decisions, each judged again under the rules and limits that decided it.

        Raises:
            NotFound: No action of this id was decided on where the actor may look.
            Refused: The actor may not.
        """
        authorize(self.engine, actor, _TRY, None)
        async with self.database.reading() as connection:
            row: Any = (await connection.execute(_WHERE, {"id": action})).one_or_none()
            if row is None or not actor.covers(row.location_id):
                raise NotFound(
                    "No action of this id is known, or it belongs to a location you may not look at.",
                    code="action.unknown",
                    field="action_id",
                )
            return await recompute_action(connection, self.engine, action)
