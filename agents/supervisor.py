"""Takes a burst of events to proposals: route, specialists in parallel, arbitrate, guard.

It runs once per burst, because one run costs the same whether it carries one event or five hundred. It keeps no state
between runs: PostgreSQL does.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from agents.arbitration import Bid, Scope, arbitrate
from agents.routing import TABLE
from agents.specialist import Finding, Specialist
from agents.state import BurstOutcome, BurstState, Failure, Report
from knowledge.events.event import Event, Topic
from policies.errors import Misconfigured, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef, EventId
from tools.proposal import Decision, Origin, Proposal

if TYPE_CHECKING:
    from agents.burst_graph import Run, Step

logger = logging.getLogger(__name__)

SPECIALIST_WITHIN = 5.0  # seconds for a whole burst; a specialist needs tens of milliseconds


class Guard(Protocol):
    """The one door, as far as the supervisor uses it."""

    async def propose_all(self, actor_and_proposals: Sequence[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide, record and, when allowed, have carried out."""
        ...

    async def note(self, actor: Actor, notes: Sequence[tuple[Origin, str]]) -> None:
        """Record sentences worth keeping."""
        ...


class Collisions(Protocol):
    """What bids may collide with; `agents.standing.Standing` in the product."""

    async def around(self, bids: Sequence[Bid]) -> tuple[frozenset[Scope], frozenset[str]]:
        """Scopes taken by open actions, and cancelled orders."""
        ...


class Supervisor:
    """Runs bursts of one lane after another; safe to share between lanes.

    Args:
        specialists: Each with a name the routing table knows.
        guard: Decides what may happen.
        standing: Says what is open already.
        within: Seconds each specialist has for a burst. One that needs longer, or crashes, is left out of this burst
            and reported; the others go on.

    Raises:
        Misconfigured: The routing table sends nothing to one of the specialists.
    """

    def __init__(
        self,
        specialists: Sequence[Specialist],
        guard: Guard,
        standing: Collisions,
        *,
        within: float = SPECIALIST_WITHIN,
    ) -> None:
        self._specialists = {specialist.name: specialist for specialist in specialists}
        self._guard = guard
        self._standing = standing
        self._within = within
        routed = {name for names in TABLE.values() for name in names}
        for name in self._specialists:
            if name not in routed:
                raise Misconfigured(f"No event is routed to the specialist {name}.", code="agents.unrouted")
        self._run: Run | None = None

    async def handle(self, events: Sequence[Event], customers: Mapping[str, CustomerRef] | None = None) -> BurstOutcome:
        """Take a burst of one lane through the graph.

        Args:
            events: Oldest first, already applied to the store.
            customers: Who each event is about, by event id; anonymous events are absent.

        Raises:
            Unavailable: The database did not answer; the burst may be handled again, for proposals carry their keys.
        """
        start: BurstState = {
            "events": events,
            "customers": customers or {},
            "routed": {},
            "reports": [],
            "bids": [],
            "dropped": {},
            "decisions": [],
        }
        run = self._run = self._run or self._graph()
        return self._outcome(await run(start))

    def _graph(self) -> "Run":
        from agents.burst_graph import Road, burst_graph  # noqa: PLC0415  # takes a second the doors can do without

        steps = {name: self._step(name) for name in self._specialists}
        return burst_graph(Road(self._route, steps, self._arbitrate, self._propose))

    async def _route(self, state: BurstState) -> dict[str, object]:
        routed: dict[str, list[Event]] = {}
        for event in state["events"]:
            for name in TABLE[event.topic]:
                if name in self._specialists:
                    routed.setdefault(name, []).append(event)
        return {"routed": routed}

    def _step(self, name: str) -> "Step":
        async def consider(state: BurstState) -> dict[str, object]:
            report = await self._consult(self._specialists[name], state["routed"][name], state["customers"])
            return {"reports": [report]}

        return consider

    async def _consult(
        self, specialist: Specialist, events: Sequence[Event], customers: Mapping[str, CustomerRef]
    ) -> Report:
        try:
            async with asyncio.timeout(self._within):
                return Report(specialist.name, await specialist.consider(events, customers))
        except Exception as error:  # whatever one specialist does wrong, the others' work counts
            name = error.code if isinstance(error, TillhandError) else type(error).__name__
            # the type and the place alone: an error's text may quote the data it stumbled over
            hidden = (RuntimeError, RuntimeError("its text is left out"), error.__traceback__)
            logger.exception("%s failed on %d events: %s", specialist.name, len(events), name, exc_info=hidden)
            return Report(specialist.name, Finding(), Failure(specialist.name, name, len(events)))

    async def _arbitrate(self, state: BurstState) -> dict[str, object]:
        bids = [
            Bid(self._specialists[report.specialist].actor, proposal)
            for report in state["reports"]
            for proposal in report.finding.proposals
        ]
        if not bids:
            return {"bids": []}
        taken, cancelled = await self._standing.around(bids)
        chosen = arbitrate(bids, taken=taken, cancelled=cancelled | _cancelled(state["events"]))
        return {"bids": chosen.kept, "dropped": Counter(reason for _, reason in chosen.dropped)}

    async def _propose(self, state: BurstState) -> dict[str, object]:
        asked = [(bid.actor, bid.proposal) for bid in state["bids"]]
        decisions = await self._guard.propose_all(asked) if asked else []
        origins = {event.id: Origin(event.correlation, event.id, event.occurred_at) for event in state["events"]}
        for report in state["reports"]:
            notes = [(origins[EventId(name)], sentence) for name, sentence in report.finding.notes]
            if notes:
                await self._guard.note(self._specialists[report.specialist].actor, notes)
        return {"decisions": decisions}

    def _outcome(self, state: BurstState) -> BurstOutcome:
        reports = sorted(state["reports"], key=lambda report: report.specialist)
        passed = {
            f"{report.specialist}.{reason}": count
            for report in reports
            for reason, count in sorted(report.finding.passed.items())
        }
        return BurstOutcome(
            seen=Counter(event.topic.value for event in state["events"]),
            proposals=sum(len(report.finding.proposals) for report in reports),
            dropped=dict(state["dropped"]),
            decisions=tuple(state["decisions"]),
            notes=tuple((report.specialist, *note) for report in reports for note in report.finding.notes),
            passed=passed,
            failures=tuple(report.failure for report in reports if report.failure),
        )


def _cancelled(events: Sequence[Event]) -> frozenset[str]:
    """Orders and transactions that this burst itself cancels."""
    names: set[str] = set()
    for event in events:
        if event.topic is Topic.ORDER_CANCELLED or event.facts.get("cancelled") is True:
            names.update(str(event.facts.get(field) or "") for field in ("order", "transaction"))
    return frozenset(names - {""})
