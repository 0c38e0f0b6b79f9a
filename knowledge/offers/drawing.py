"""What a specialist draws with, and what it leaves behind when the draw is silence."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from knowledge.offers.arms import Turn
from knowledge.offers.ceiling import ChainDepth
from knowledge.offers.learned import PRIORS, Cell, Learned, learned_of
from knowledge.offers.lottery import NO_LOTTERY, Lottery
from knowledge.offers.uplift import MILLION
from knowledge.store.quick import QuickReads
from policies.actions.discount import Form
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId

_ANSWERS: Final = "SELECT kind, form, percent_bp, band, occasions, expected_ppm, bought, counted_at FROM offer_answer"


class LearnedTable:
    """How buyers answer as the nightly count left it, in memory.

    Args:
        check_every: Seconds between two looks at whether it was counted anew.

    Attributes:
        now: The answers; the priors until somebody counted.
    """

    def __init__(self, *, check_every: float = 60.0) -> None:
        self.now: Learned = PRIORS
        self._check_every = check_every
        self._checked = float("-inf")

    async def keep_fresh(self, quick: QuickReads) -> None:
        """Read the count again when a look is due; what is known stays in use meanwhile, and when nobody answers."""
        moment = time.monotonic()
        if moment - self._checked < self._check_every:
            return
        self._checked = moment
        rows = await quick.rows(_ANSWERS)
        if not rows:
            self.now = PRIORS
            return
        counted_at = datetime.fromisoformat(rows[0]["counted_at"])
        if counted_at != self.now.counted_at:
            counted: dict[Form, dict[tuple[str, int, int], Cell]] = {}
            for row in rows:
                cell = Cell(row["occasions"], row["expected_ppm"] / MILLION, row["bought"])
                counted.setdefault(row["form"], {})[row["kind"], row["percent_bp"], row["band"]] = cell
            self.now = learned_of(counted, counted_at)


@dataclass(frozen=True, slots=True)
class Withheld:
    """An offer that was worth making and was not made, because the draw said so.

    Attributes:
        choice: The turn, as evidence has it.
    """

    occasion: str
    campaign: str
    location: LocationId
    customer: CustomerRef | None
    transaction: str
    sku: str
    choice: dict[str, Any]
    correlation: CorrelationId
    at: datetime

    @classmethod
    def of(  # noqa: PLR0913, PLR0917  # a turn, and where and when it happened
        cls,
        turn: Turn,
        location: LocationId,
        transaction: str,
        lottery: Lottery,
        at: datetime,
        correlation: CorrelationId,
    ) -> "Withheld":
        """What a silent turn leaves."""
        choice = turn.facts(lottery)
        asked = turn.asked
        return cls(
            asked.occasion,
            asked.campaign,
            location,
            asked.customer,
            transaction,
            choice["sku"],
            choice,
            correlation,
            at,
        )


def _forget(_: Withheld) -> None:
    """Where nobody keeps what was withheld, nothing was drawn either."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A lottery, what was learned from its draws, and who keeps those that were silence.

    Attributes:
        withhold: Returns at once; keeping goes on beside the caller.
        depth: What customers' ceilings are drawn towards.
    """

    lottery: Lottery = NO_LOTTERY
    learned: LearnedTable = field(default_factory=LearnedTable)
    withhold: Callable[[Withheld], None] = _forget
    depth: ChainDepth = field(default_factory=ChainDepth)
