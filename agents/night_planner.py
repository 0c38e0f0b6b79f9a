"""The inventory specialist at night: what a planner should know of the new plan, and a few bounded changes proposed.

It changes no number by itself. What it notices and every percentage are the core's; what it proposes goes through the
guard like anybody's wish, and ends by itself. A night is written down whole before anything of it is proposed, and each
proposal has the key of its place in that night: killed anywhere and begun again, nothing is proposed twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from agents.night_words import NightWords
from agents.routing import INVENTORY
from knowledge.demand.nightly import stockouts
from knowledge.planning.chain import Chain, read_chain
from knowledge.planning.night_notes import Note, Worded, keep_notes, notes_of, proposed
from knowledge.planning.noticing import Noticed, notice, sold_lately
from knowledge.planning.overrides import records
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tools.proposal import Decision, Origin, Proposal
from tools.propose.naming import reference_for
from tools.propose.once import earlier
from tools.propose.override_draft import Wanted, draft_override

logger = logging.getLogger(__name__)

PROPOSED_MOST: Final = 3  # a night
NOTED_MOST: Final = 8
ACTOR: Final = Actor(f"specialist:{INVENTORY}", Role.INVENTORY_SPECIALIST, None, Door.EVENT)
_WORDS: Final = 300  # characters of an action's
_LOOKED_AT: Final = timedelta(days=7)


class Proposing(Protocol):
    """The guard, as far as the night uses it."""

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        """Decide, record and, when allowed, carry out."""
        ...


@dataclass(frozen=True, slots=True)
class Night:
    """What a night came to: how many notes there are, and how many of them are proposals on record."""

    notes: int
    proposals: int


@dataclass(frozen=True, slots=True)
class NightPlanner:
    """Looks once a night, after the plan was made.

    Attributes:
        agents: Whether specialists may speak now.
    """

    database: Database
    guard: Proposing
    places: Places
    words: NightWords
    agents: Callable[[], bool]
    now: Callable[[], datetime]

    async def look(self) -> Night:
        """Notice, word, write down, propose; what an earlier try of this night did is not done again."""
        if not self.agents():
            return Night(0, 0)
        now = self.now()
        try:
            async with self.database.reading() as connection:
                chain = await read_chain(connection, now.date())
        except NotFound as error:
            logger.info("nothing was looked at: %s", error.message)
            return Night(0, 0)
        night = next(iter(chain.forecasts.values())).first.isoformat()
        async with self.database.reading() as connection:
            notes = await notes_of(connection, night)
        if not notes:
            worded = await self._worded(chain, now)
            async with self.database.transaction() as connection:
                await keep_notes(connection, night, worded, now)
                notes = await notes_of(connection, night)
        on_record = [await self._proposed(note, now) for note in notes if note.percent]
        logger.info("%d notes of the night of %s, %d proposals", len(notes), night, sum(on_record))
        return Night(len(notes), sum(on_record))

    async def _worded(self, chain: Chain, now: datetime) -> list[Worded]:
        async with self.database.reading() as connection:
            sold = await sold_lately(connection, chain.today)
            empty = await stockouts(connection, chain.today - _LOOKED_AT, now)
            learned = await records(connection, [ACTOR.id])
        shares = {cause: share for (_, cause), share in learned.items()}
        found = await notice(chain, sold, {(sku, place) for sku, place, _ in empty}, shares)
        mine = [each for each in found if not each.location or self._is_ours(each)]
        told: list[Worded] = []
        for each in await self.words.write(mine):
            if each.noticed.percent and sum(bool(one.noticed.percent) for one in told) >= PROPOSED_MOST:
                continue
            told.append(each)
        return told[:NOTED_MOST]

    def _is_ours(self, noticed: Noticed) -> bool:
        try:
            self.places.get(noticed.location)
        except NotFound:
            return False
        return True

    async def _proposed(self, note: Note, now: datetime) -> bool:
        """Whether the note's proposal is on record, made now or before."""
        if note.action:
            return True
        key = f"night:{note.night}:{note.rank}"
        before = await earlier(self.database, ACTOR, key)
        action = before.id if before else ""
        if not action:
            try:
                decision = await self.guard.propose(ACTOR, await self._proposal(note, key, now.date()))
            except (NotFound, Refused) as error:  # the forecast or the goods are gone since
                logger.info("a note was not proposed: %s", error.message)
                return False
            action = decision.action_id
        async with self.database.transaction() as connection:
            await proposed(connection, note, action)
        return bool(action)

    async def _proposal(self, note: Note, key: str, today: date) -> Proposal:
        wanted = Wanted(
            store=self.places.get(note.location).id,
            sku=note.sku,
            percent=note.percent,
            first=note.first,
            last=note.last,
            cause="below_band" if note.percent < 0 else "above_band",
            words=note.words[:_WORDS],
            reference=reference_for(ACTOR, key),
        )
        async with self.database.reading() as connection:
            drafted = await draft_override(connection, wanted, ACTOR.id, today)
        origin = Origin(CorrelationId(f"night-{note.night}"), f"night:{note.night}")
        evidence = {**drafted.evidence, "figures": dict(note.figures), "reason": note.reason}
        return Proposal(drafted.action, key, origin, note.words, evidence, model=note.model)
