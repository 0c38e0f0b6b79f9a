"""Every recorded decision of a span judged again under other rules, in the order they were made.

Two replays run side by side. They differ in how people answer questions that were never asked: in one always with yes,
in the other never, until the question expires. What the caps then have left for later decisions lies between the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappush, heappushpop
from typing import Any
from zoneinfo import ZoneInfo

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.decision import Outcome, Reason, Verdict
from policies.engine import Engine
from policies.situation import Situation
from tools.past.effect import counted_now, counted_then, now, then
from tools.past.recorded import Recorded, recorded
from tools.past.recount import Recount
from tools.past.restate import Restate
from tools.past.tally import Seen, Tally
from tools.promises import Counted, counted


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that would have been another.

    Attributes:
        moved: Facts and limits that differ, as they were and as they would have been.
        happened: What became of it.
        money: At stake, in minor units.
        sure: Whether both replays agree on it.
    """

    id: str
    at: datetime
    location: str
    kind: str
    sentence: str
    before: Outcome
    before_rules: tuple[str, ...]
    after: Outcome
    after_reasons: tuple[Reason, ...]
    moved: dict[str, tuple[Any, Any]]
    happened: str
    money: int
    currency: str
    sure: bool


@dataclass(slots=True)
class Judged:
    """What judging again found.

    Attributes:
        approved: Sums of the replay in which open questions are approved.
        expired: Sums of the other one.
        top: The decisions that change with the most money at stake, most first.
        moot: Undo actions whose action would not have been there.
        unknown: Decisions recorded without a fact that is needed to judge them now.
        foreign: Decisions in another currency, left out of the sums of money.
    """

    approved: Tally = field(default_factory=Tally)
    expired: Tally = field(default_factory=Tally)
    seen: Seen = field(default_factory=Seen)
    top: list[Change] = field(default_factory=list[Change])
    decided: int = 0
    moot: int = 0
    unknown: int = 0
    foreign: int = 0
    currency: str = ""


class Again:
    """Judges a span again.

    Args:
        engine: The rules to judge by.
        restate: What else is to be different.
        places: The locations.
        expires_s: Seconds until an unanswered question is a no, by region and location.
        top: How many changed decisions to keep.
    """

    def __init__(
        self, engine: Engine, restate: Restate, places: Places, expires_s: Callable[[str, str], int], top: int
    ) -> None:
        self._engine = engine
        self._restate = restate
        self._places = {place.id: place for place in places}
        self._expires_s = expires_s
        self._top = top
        self._yes, self._no = Recount(), Recount()
        self._gone: set[str] = set()
        self._heap: list[tuple[int, int, Change]] = []
        self._found = Judged()

    async def run(
        self, connection: Connection, since: datetime, until: datetime, locations: frozenset[str] | None
    ) -> Judged:
        """Judge the span; the connection is in a transaction, which changes nothing."""
        async for one in recorded(connection, since, until, locations):
            self._judge(one)
        found = self._found
        found.top = [change for _, _, change in sorted(self._heap, key=lambda each: (-each[0], -each[1]))]
        return found

    def _judge(self, one: Recorded) -> None:
        found = self._found
        found.decided += 1
        found.currency = found.currency or one.currency
        if one.undoes in self._gone:
            found.moot += 1
            return
        self._yes.advance(one.at)
        self._no.advance(one.at)
        totals = self._counted(one)
        asked = other = self._situated(one, totals, self._yes)
        if self._no.totals(totals) != self._yes.totals(totals) or self._no.left(one) != self._yes.left(one):
            other = self._situated(one, totals, self._no)
        if asked is None or other is None:
            found.unknown += 1
            asked = other = one.situation
            yes = no = Verdict(one.outcome, tuple(Reason(name, "") for name in one.rules), "")
        else:
            yes = self._engine.decide(asked)
            no = yes if other is asked else self._engine.decide(other)
        self._count(one, yes, no)
        self._follow(one, totals, yes.outcome, no.outcome)
        if (yes.outcome, no.outcome) != (one.outcome, one.outcome):
            self._keep(one, asked, other, yes, no)

    def _situated(self, one: Recorded, totals: tuple[Counted, ...], recount: Recount) -> Situation | None:
        return self._restate.situation(one, recount.totals(totals), recount.left(one))

    def _counted(self, one: Recorded) -> tuple[Counted, ...]:
        place = self._places.get(one.action.location)
        return () if place is None else counted(one.action, place, one.at)

    def _count(self, one: Recorded, yes: Verdict, no: Verdict) -> None:
        found = self._found
        place = self._places.get(one.action.location)
        day = one.at.astimezone(ZoneInfo(place.timezone if place else "UTC")).date().isoformat()
        money = one.currency == found.currency
        found.foreign += not money
        before = then(one)
        for tally, verdict in ((found.approved, yes), (found.expired, no)):
            rules = tuple(reason.rule for reason in verdict.reasons)
            after = before if verdict.outcome is one.outcome else now(one, verdict.outcome)
            tally.count(one, day, before, after, rules, money=money)
            tally.changed += verdict.outcome is not one.outcome
        found.seen.count(one)

    def _follow(self, one: Recorded, totals: tuple[Counted, ...], yes: Outcome, no: Outcome) -> None:
        """What the later ones find changed by this one."""
        if (yes, no) == (one.outcome, one.outcome):
            return
        expires = self._expires_s(one.situation.region, one.situation.location)
        before = counted_then(one)
        for recount, outcome, approved in ((self._yes, yes, True), (self._no, no, False)):
            recount.change(one, totals, before, counted_now(one, outcome, approved=approved, expires_s=expires))
        if one.made and yes is Outcome.DENY and no is Outcome.DENY:
            self._gone.add(one.id)

    def _keep(self, one: Recorded, asked: Situation, other: Situation, yes: Verdict, no: Verdict) -> None:
        shown, verdict = (asked, yes) if yes.outcome is not one.outcome else (other, no)
        change = Change(
            id=one.id,
            at=one.at,
            location=one.situation.location,
            kind=one.action.kind,
            sentence=one.action.sentence(),
            before=one.outcome,
            before_rules=one.rules,
            after=verdict.outcome,
            after_reasons=verdict.reasons,
            moved=_moved(one.situation.context, shown.context),
            happened="used" if one.accepted else one.state,
            money=one.money,
            currency=one.currency,
            sure=yes.outcome is no.outcome,
        )
        entry = (abs(one.money), -one.seq, change)
        if len(self._heap) < self._top:
            heappush(self._heap, entry)
        elif self._heap:
            heappushpop(self._heap, entry)


def _moved(before: dict[str, Any], after: dict[str, Any], path: str = "") -> dict[str, tuple[Any, Any]]:
    """What differs between two contexts, by dotted name."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found |= _moved(one, other, f"{path}{name}.")  # pyright: ignore[reportUnknownArgumentType]  # JSON
        elif one != other and one is not None:
            found[f"{path}{name}"] = (one, other)
    return found
