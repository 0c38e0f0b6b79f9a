"""Where people move AI on the ladder and stop it: each may do what the rules say, and every try is on record."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from knowledge.privacy.scrub import scrub
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from knowledge.store.session import Database, utc_now
from policies.actions.any_action import KINDS
from policies.engine import Engine
from policies.errors import NotFound, Refused, TillhandError
from policies.ladder import TEAMS, ClimbNeeds, Rung, TrackRecord, climb, missing
from policies.rollout import CHAIN
from policies.vocabulary.actor import Actor
from tools.access import authorize
from tools.action_row import actor_facts
from tools.audit.entry import Entry, storable
from tools.audit.ledger import append
from tools.ladder.breaches import breaches, ledger_fault, review_overdue
from tools.ladder.evidence import track_record
from tools.ladder.rungs import Move, Rungs, facts, lower, move, read_rungs
from tools.ladder.stops import Scope, Stop, in_force, known_agent, lift, throw
from tools.ladder.watch import BY, watch

_LATELY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where one kind of action stands at one place, and what it lacks for the next rung.

    Attributes:
        location: "" for the chain, which counts wherever nothing more particular is said.
        team: Who owns it, and alone lets it climb.
        lacks: Sentences; empty when the next rung is earned, or there is none.
    """

    capability: str
    location: str
    team: str
    rung: Rung
    set_by: str
    reason: str
    record: TrackRecord
    lacks: tuple[str, ...]


class LadderOffice:
    """Shows and moves rungs, throws and lifts stop switches.

    Args:
        database: Where they are kept.
        engine: The rules that say who may, and the plan it began with.
        places: The locations.
        agents: Names of the specialists, which may be stopped before they ever proposed anything.
        now: The present, aware.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        places: Places,
        agents: Iterable[str] = (),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._engine = engine
        self._places = places
        self._agents = frozenset(agents)
        self._now = now

    async def show(self, actor: Actor, capability: str = "", location: str = "") -> list[Position]:
        """Where everything stands: for one location, or for the chain and each place that stands elsewhere.

        Raises:
            NotFound: The kind of action or the location is not known.
            Refused: The actor may not see it.
        """
        authorize(self._engine, actor, "see_ladder", None)
        kinds = [_kind(capability)] if capability else list(KINDS)
        asked = [self._place(actor, location)] if location else None
        async with self._database.reading() as connection:
            rungs = await read_rungs(connection, self._engine.rollout)
            return [
                await self._position(connection, rungs, kind, place)
                for kind in kinds
                for place in (asked if asked is not None else self._worth_showing(actor, rungs, kind))
            ]

    async def climb(self, actor: Actor, capability: str, location: str = "", *, reason: str) -> Position:
        """Let AI one rung further, if the evidence is there; only the team that owns the kind of action may.

        Raises:
            NotFound: The kind of action or the location is not known.
            Refused: The actor may not, or evidence is missing: the hint says which.
        """
        async with self._moving(actor, "ladder.climb", capability, location, reason) as (connection, place):
            authorize(self._engine, actor, f"climb_{TEAMS[_kind(capability)]}", place.id if place else None)
            rungs = await read_rungs(connection, self._engine.rollout, lock=True)
            before = await self._position(connection, rungs, capability, place)
            after = climb(before.record, self._needs(place), self._now())
            moved = Move(capability, before.location, before.rung, after)
            told = {**facts(before.record), "needs": "all met"}
            await move(connection, moved, by=actor.id, reason=scrub(reason).text, evidence=told, at=self._now())
            return await self._position(
                connection, await read_rungs(connection, self._engine.rollout), capability, place
            )

    async def demote(
        self, actor: Actor, capability: str, location: str = "", *, reason: str, to: Rung | None = None
    ) -> Position:
        """Send AI down, by one rung unless told how far; the chain takes every location with it.

        Raises:
            NotFound: The kind of action or the location is not known.
            Refused: The actor may not, or it stands no higher.
        """
        async with self._moving(actor, "ladder.demote", capability, location, reason) as (connection, place):
            authorize(self._engine, actor, "demote", place.id if place else None)
            rungs = await read_rungs(connection, self._engine.rollout, lock=True)
            now = rungs.at(_kind(capability), place)
            after = to or now.below()
            if after is None or after.height >= now.height:
                raise Refused(f"It stands at {now.value} already.", code="ladder.bottom", field="to")
            first, *along = lower(rungs, capability, place, after, self._places)
            evidence = {"by_hand": True}
            await move(
                connection,
                first,
                by=actor.id,
                reason=scrub(reason).text,
                evidence=evidence,
                at=self._now(),
                along=along,
            )
            return await self._position(
                connection, await read_rungs(connection, self._engine.rollout), capability, place
            )

    async def stop(self, actor: Actor, scope: Scope, name: str = "", *, reason: str) -> None:
        """Stop one agent, one location or everything, from the next decision on in every process.

        Raises:
            NotFound: No agent or location of this name is known.
            Refused: The actor may not, or gives no reason.
        """
        await self._switch(actor, scope, name, reason, on=False)

    async def start(self, actor: Actor, scope: Scope, name: str = "", *, reason: str) -> None:
        """Lift a stop switch.

        Raises:
            NotFound: It is not thrown.
            Refused: The actor may not, or gives no reason.
        """
        await self._switch(actor, scope, name, reason, on=True)

    async def stops(self, actor: Actor) -> list[Stop]:
        """Every switch that is thrown, as far as it concerns the actor's locations.

        Raises:
            Refused: The actor may not see it.
        """
        authorize(self._engine, actor, "see_ladder", None)
        async with self._database.reading() as connection:
            return [
                each
                for each in await in_force(connection)
                if each.scope != "location" or actor.locations is None or each.name in actor.locations
            ]

    async def watch(self) -> int:
        """Send AI down a rung wherever a breach stands; returns how many places moved."""
        async with self._database.transaction() as connection:
            return len(await watch(connection, self._engine, self._places, self._now()))

    @property
    def agents(self) -> list[str]:
        """Names of the specialists."""
        return sorted(self._agents)

    async def notices(self, actor: Actor) -> list[str]:
        """What whoever answers for a place should see first: what is stopped, and what was sent down within a day."""
        if not self.may(actor, "see_ladder"):
            return []
        stops = await self.stops(actor)
        stopped = [f"AI is stopped ({each.scope}{each.name and ' '}{each.name}): {each.reason}" for each in stops]
        async with self._database.reading() as connection:
            rungs = await read_rungs(connection, self._engine.rollout)
        lately = self._now() - _LATELY
        return stopped + [
            f"{kind.replace('_', ' ')} at {place or 'the chain'} was sent down to {kept.rung.value}: {kept.reason}"
            for (kind, place), kept in sorted(rungs.kept.items())
            if kept.set_by == BY
            and kept.set_at > lately
            and (not place or actor.locations is None or place in actor.locations)
        ]

    def may(self, actor: Actor, what: str, location: str = "") -> bool:
        """Whether the rules let this actor `climb_marketing`, `demote`, `stop_ai` ... there; for pages."""
        try:
            authorize(self._engine, actor, what, self._places.get(location).id if location else None)
        except Refused:
            return False
        return True

    async def _switch(self, actor: Actor, scope: Scope, name: str, reason: str, *, on: bool) -> None:
        asked = "start_ai" if on else "stop_ai"
        async with self._moving(actor, asked, scope, name if scope == "location" else "", reason) as (
            connection,
            place,
        ):
            authorize(self._engine, actor, asked, place.id if place else None)
            if scope == "agent" and not on and name not in self._agents and not await known_agent(connection, name):
                raise NotFound(
                    "Nobody of this name ever proposed anything or holds a key.",
                    code="agent.unknown",
                    hint=f"Specialists: {', '.join(sorted(self._agents)) or 'none'}; others: tillhand credential list.",
                    field="name",
                )
            if (scope == "all") != (not name):
                raise Refused("Name the agent or the location, and nothing for all.", code="stop.name", field="name")
            change = lift if on else throw
            await change(connection, scope, name, by=actor, reason=scrub(reason).text, at=self._now())

    @asynccontextmanager
    async def _moving(
        self, actor: Actor, asked: str, about: str, location: str, reason: str
    ) -> AsyncGenerator[tuple[Connection, Place | None]]:
        """A transaction for one change; when it is refused, that is on record."""
        try:
            if not reason.strip():
                raise Refused("Say why: whoever comes after you needs to know.", code="reason.missing", field="reason")
            place = self._place(actor, location) if location else None
            async with self._database.transaction() as connection:
                yield connection, place
        except TillhandError as error:
            body = {
                "actor": actor_facts(actor),
                "asked": asked,
                "about": f"{storable(about)} {storable(location)}".strip(),
                "code": error.code,
                "sentence": error.message,
            }
            async with self._database.transaction() as connection:
                await append(connection, [Entry("refused", self._now(), body)])
            raise

    async def _position(self, connection: Connection, rungs: Rungs, capability: str, place: Place | None) -> Position:
        rung, name = rungs.at(capability, place), place.id if place else CHAIN
        kept = rungs.kept.get((capability, name))
        here = [place] if place else list(self._places)
        found = await breaches(connection, self._engine.rollout, here, self._now(), kind=capability)
        chain = [*await ledger_fault(connection), *await review_overdue(connection, self._engine.rollout, self._now())]
        found += [each for each in chain if each.capability == capability]
        record = await track_record(
            connection,
            self._engine,
            capability,
            name,
            rung,
            since=rungs.since(capability, place),
            breaches=tuple(f"{each.name} at {each.location or 'the chain'}: {each.sentence()}" for each in found),
        )
        lacks = () if rung is Rung.AUTO else missing(record, self._needs(place), self._now())
        return Position(
            capability,
            name,
            TEAMS[capability],
            rung,
            kept.set_by if kept else "rollout.toml",
            kept.reason if kept else "",
            record,
            lacks,
        )

    def _worth_showing(self, actor: Actor, rungs: Rungs, kind: str) -> list[Place | None]:
        own = [place for place in self._places if actor.covers(place.id) and not rungs.follows_chain(kind, place)]
        return [None, *own]

    def _needs(self, place: Place | None) -> ClimbNeeds:
        return self._engine.rollout.climb(place.region if place else "", place.id if place else "")

    def _place(self, actor: Actor, location: str) -> Place:
        place = self._places.get(location)
        if not actor.covers(place.id):
            raise Refused(
                "You may not look or act at this location.", code="access.outside_locations", field="location"
            )
        return place


def _kind(capability: str) -> str:
    if capability not in KINDS:
        raise NotFound(
            "There is no such kind of action.",
            code="ladder.capability",
            hint=f"One of {', '.join(KINDS)}.",
            field="capability",
        )
    return capability
