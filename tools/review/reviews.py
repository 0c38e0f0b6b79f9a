"""Whoever makes, reads or signs a review comes through here: access first, then the work, and the record of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.privacy.scrub import scrub
from knowledge.store.long_read import settle_in
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Refused
from policies.rule_text import TEAMS
from policies.vocabulary.actor import Actor
from tools.access import authorize
from tools.action_row import actor_facts
from tools.review.report import make_report
from tools.review.signed import Listed, Review, find_review, keep, list_reviews, read_review, sign
from tools.review.week import Week, chain_timezone

_CLOCK = {"id": "schedule:review", "role": "", "door": "clock"}  # who makes it when no person does
_HOUR = 5  # of a Monday, by the chain's clock: the night's late deliveries are in, and nobody is at work yet


@dataclass(frozen=True, slots=True)
class Reviews:
    """The chain's weekly reviews."""

    database: Database
    engine: Engine
    places: Places
    now: Callable[[], datetime] = utc_now

    @property
    def timezone(self) -> str:
        """The chain's clock."""
        return chain_timezone(self.places)

    def may_read(self, actor: Actor) -> bool:
        """Whether this actor sees reviews at all."""
        return self.engine.may(actor, "see_review", None).outcome is Outcome.ALLOW

    def teams_of(self, actor: Actor) -> tuple[str, ...]:
        """The teams this actor may sign for."""
        return tuple(team for team in TEAMS if self.engine.may(actor, f"sign_{team}", None).outcome is Outcome.ALLOW)

    async def make(self, actor: Actor, week: str) -> Review:
        """Make a finished week's report, or make it again from what is known by now.

        Raises:
            Refused: The actor may not, or the week is not over.
        """
        authorize(self.engine, actor, "make_review", None)
        return await self._make(Week.read(week, self.timezone), actor_facts(actor))

    async def make_due(self) -> Review | None:
        """Make last week's report once its Monday is five hours old, if nobody made it yet; for the clock to call."""
        now = self.now()
        this = Week.at(now, self.timezone)
        last = this.before()
        if (now - this.begins).total_seconds() < _HOUR * 3600:
            return None
        async with self.database.reading() as connection:
            if await find_review(connection, last.name) is not None:
                return None
        return await self._make(last, _CLOCK)

    async def read(self, actor: Actor, week: str) -> Review:
        """A week's report as it is kept; "" for the newest one.

        Raises:
            NotFound: None was made.
            Refused: The actor may not read it, or no week is named so.
        """
        authorize(self.engine, actor, "see_review", None)
        name = Week.read(week, self.timezone).name if week else ""
        async with self.database.reading() as connection:
            if not name:
                name = next((each.week for each in await list_reviews(connection, 1)), "")
            return await read_review(connection, name)

    async def listed(self, actor: Actor) -> list[Listed]:
        """Weeks with a report, newest first.

        Raises:
            Refused: The actor may not read them.
        """
        authorize(self.engine, actor, "see_review", None)
        async with self.database.reading() as connection:
            return await list_reviews(connection)

    async def sign(self, actor: Actor, week: str, team: str, *, seen: str, note: str = "") -> Review:
        """Sign for a team what was seen: `seen` is the digest of the report that was looked at.

        Raises:
            NotFound: No report of this week was made.
            Refused: There is no such team, the actor may not sign for it, or the report is another one by now.
        """
        if team not in TEAMS:
            raise Refused(
                "No team of this name signs reviews.",
                code="review.team",
                hint=f"One of {', '.join(TEAMS)}.",
                field="team",
            )
        authorize(self.engine, actor, f"sign_{team}", None)
        name = Week.read(week, self.timezone).name
        async with self.database.transaction() as connection:
            return await sign(
                connection, name, team, seen, actor=actor, note=scrub(note).text if note else "", at=self.now()
            )

    async def _make(self, week: Week, by: dict[str, Any]) -> Review:
        at = self.now()
        if at < week.ends:
            raise Refused(
                f"Week {week.name} is not over.",
                code="week.not_over",
                hint=f"Its report can be made from {week.ends:%Y-%m-%d %H:%M} UTC on.",
                field="week",
            )
        async with self.database.transaction() as connection:
            await settle_in(connection)
            await keep(connection, await make_report(connection, self.places, week), by, at)
            return await read_review(connection, week.name)
