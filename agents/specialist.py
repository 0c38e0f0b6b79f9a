"""What a specialist is: events and context in, proposals out; it never acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from knowledge.events.event import Event, Topic
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef
from tools.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Finding:
    """What a specialist made of a burst of events.

    Attributes:
        proposals: Actions it wants; the guard decides. `evidence["expected_value"]` is what one is expected to earn or
            save, in minor units.
        notes: Sentences worth keeping in the ledger though nothing is asked for, by event id.
        passed: How many events, customers or shelves it said nothing about, by reason: why it was silent.
    """

    proposals: tuple[Proposal, ...] = ()
    notes: tuple[tuple[str, str], ...] = field(default=())
    passed: Mapping[str, int] = field(default_factory=dict[str, int])


class Specialist(Protocol):
    """One agent with one concern. `topics` is what the routing table sends it."""

    name: str
    actor: Actor
    topics: frozenset[Topic]

    async def consider(self, events: Sequence[Event], customers: Mapping[str, CustomerRef]) -> Finding:
        """Look at a burst of events of one lane, oldest first, already applied to the store.

        Args:
            events: What happened.
            customers: Who each event is about, by event id; anonymous events are absent.
        """
        ...
