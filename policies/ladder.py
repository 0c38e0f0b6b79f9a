"""How far AI may go with one kind of action in one place, and what it takes to go one rung further."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from policies.errors import Refused


class Rung(StrEnum):
    """From the least to the most AI may do by itself. People acting themselves are bound by none of it."""

    OBSERVE = "observe"  # what it would have done is recorded; nobody is asked and nothing is done
    SUGGEST = "suggest"  # a person sees it, and may carry it through as their own action
    APPROVE = "approve"  # everything waits for a manager
    AUTO = "auto"  # the caps alone decide

    @property
    def height(self) -> int:
        """0 for observe to 3 for auto."""
        return list(Rung).index(self)

    def above(self) -> "Rung | None":
        """The next one up; `None` at the top. Nobody climbs two at once."""
        return None if self is Rung.AUTO else list(Rung)[self.height + 1]

    def below(self) -> "Rung | None":
        """The next one down; `None` at the bottom."""
        return None if self is Rung.OBSERVE else list(Rung)[self.height - 1]


Stopped = Literal["", "agent", "location", "all"]
"""Which stop switch holds an actor back; "" for none."""

TEAMS: Final = {
    "discount": "marketing",
    "end_discount": "marketing",
    "transfer": "store_operations",
    "cancel_transfer": "store_operations",
    "stock_adjustment": "store_operations",
    "stock_sync": "store_operations",
    "message": "marketing",
    "profile_link": "store_operations",
    "reorder": "store_operations",
    "cancel_reorder": "store_operations",
    "forecast_override": "store_operations",
    "cancel_forecast_override": "store_operations",
}
"""The team that owns each kind of action: it alone lets AI go further with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far AI may go at this moment with one kind of action at one location, and whether it is stopped."""

    rung: Rung
    stopped: Stopped = ""

    def context(self) -> dict[str, str]:
        """As rules see it, and as a situation keeps it."""
        return {"rung": self.rung.value, "stopped": self.stopped}


@dataclass(frozen=True, slots=True)
class ClimbNeeds:
    """What a track record must show before the next rung.

    Attributes:
        decisions: On AI's proposals at the present rung, at least.
        days: Between the first and the last of them, at least.
        agreed_bp: Share of judgments that agreed with the AI, in basis points, at least.
        undone_bp: Share of executed actions that were taken back, at most.
        review_days: How old the last signed weekly review may be.
    """

    decisions: int
    days: int
    agreed_bp: int
    undone_bp: int
    review_days: int


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What AI did with one kind of action in one place since it came to its present rung; counted, never asserted.

    Attributes:
        judged: Decisions somebody or something else agreed or disagreed with. While observing these are the rules at
            full freedom; afterwards they are people, and silence until an approval expires counts as a no.
        agreed: Those of them that agreed, unchanged.
        breaches: Names of the breaches that stand now.
        review: When the owning team signed the newest weekly review; `None` when it did not.
    """

    rung: Rung
    since: datetime | None
    decisions: int
    days: int
    judged: int
    agreed: int
    executed: int
    undone: int
    breaches: tuple[str, ...]
    review: datetime | None


def missing(record: TrackRecord, needs: ClimbNeeds, at: datetime) -> tuple[str, ...]:
    """What this record lacks for the next rung, one sentence each; empty when it may climb at `at`."""
    lacks: list[str] = []
    if record.decisions < needs.decisions:
        lacks.append(f"{record.decisions} decisions at this rung; {needs.decisions} are needed.")
    if record.days < needs.days:
        lacks.append(f"They cover {record.days} days; {needs.days} are needed.")
    if record.rung is not Rung.AUTO and (not record.judged or _share(record.agreed, record.judged) < needs.agreed_bp):
        lacks.append(
            f"{record.agreed} of {record.judged} judgments agreed unchanged; {_percent(needs.agreed_bp)} are needed."
        )
    if record.executed and _over(record.undone, record.executed, needs.undone_bp):
        lacks.append(
            f"{record.undone} of {record.executed} executed actions were undone;"
            f" at most {_percent(needs.undone_bp)} may be."
        )
    lacks += [f"A breach stands: {name}." for name in record.breaches]
    if record.review is None:
        lacks.append("The newest weekly review is not signed by the owning team.")
    elif (at - record.review).days >= needs.review_days:
        lacks.append(f"The newest signed weekly review is {(at - record.review).days} days old.")
    return tuple(lacks)


def climb(record: TrackRecord, needs: ClimbNeeds, at: datetime) -> Rung:
    """The next rung, for a record that has earned it.

    Raises:
        Refused: There is none, or evidence is missing; the hint names all of it.
    """
    above = record.rung.above()
    if above is None:
        raise Refused("AI decides within the caps here already.", code="ladder.top")
    lacks = missing(record, needs, at)
    if lacks:
        raise Refused(f"Not enough evidence for {above.value} yet.", code="ladder.evidence", hint=" ".join(lacks))
    return above


def _share(part: int, whole: int) -> int:
    """In basis points, rounded down: a share that is almost reached is not reached."""
    return part * 10_000 // whole


def _over(part: int, whole: int, most_bp: int) -> bool:
    return part * 10_000 > most_bp * whole


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"
