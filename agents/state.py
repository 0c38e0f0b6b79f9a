"""What travels through the supervisor's graph during one burst, and how parallel findings are put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Annotated, TypedDict

from agents.arbitration import Bid
from agents.specialist import Finding
from knowledge.events.event import Event
from policies.vocabulary.ids import CustomerRef
from tools.proposal import Decision


@dataclass(frozen=True, slots=True)
class Failure:
    """A specialist that crashed or ran out of time; its events were seen by all others.

    Attributes:
        error: The error's code, or its type's name: never its text, which may quote data.
    """

    specialist: str
    error: str
    events: int


@dataclass(frozen=True, slots=True)
class Report:
    """One specialist's part of a burst."""

    specialist: str
    finding: Finding
    failure: Failure | None = None


class BurstState(TypedDict):
    """The graph's state; every key but `reports` is written by one node."""

    events: Sequence[Event]
    customers: Mapping[str, CustomerRef]
    routed: Mapping[str, Sequence[Event]]
    reports: Annotated[Sequence[Report], add]
    bids: Sequence[Bid]
    dropped: Mapping[str, int]
    decisions: Sequence[Decision]


@dataclass(frozen=True, slots=True)
class BurstOutcome:
    """What became of a burst.

    Attributes:
        seen: Events by topic; every event of the burst is counted here once.
        proposals: How many the specialists made.
        dropped: Proposals the arbitration kept from the guard, by reason.
        decisions: Of the guard, in the order it was asked.
        notes: Specialist, event id and sentence.
        passed: What each specialist was silent about, by `specialist.reason`.
        failures: Specialists that could not finish.
    """

    seen: Mapping[str, int]
    proposals: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    decisions: tuple[Decision, ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()
    passed: Mapping[str, int] = field(default_factory=dict[str, int])
    failures: tuple[Failure, ...] = ()

    @property
    def by_state(self) -> dict[str, int]:
        """Decisions counted by the state of their action."""
        counts: dict[str, int] = {}
        for decision in self.decisions:
            counts[decision.state] = counts.get(decision.state, 0) + 1
        return counts
