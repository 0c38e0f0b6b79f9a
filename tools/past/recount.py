"""Totals counted anew: what earlier decisions would have added or left out, as each later one would have found it.

The recorded total of a decision is right for the past as it was. Replaying in order, we keep only the difference: a
decision that would not have counted takes its money out from then on, one that would have puts it in, and what was
given back when an approval expired or an action was undone is given back in both. Where nothing changes, the difference
is nothing, and every situation is the recorded one, to the cent.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from policies.actions.transfer import Transfer
from tools.past.recorded import Recorded
from tools.promises import Counted, weight

_DRAFTED: Final = timedelta(hours=24)  # as `tools.situate` counts a drafted transfer against its origin


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when something counts; `until` is `None` for good, and a span that begins never counts not."""

    since: datetime | None
    until: datetime | None = None


NEVER: Final = Span(None)


@dataclass(slots=True)
class Recount:
    """The differences, at the moment of the decision that was added last."""

    _more: dict[Counted, int] = field(default_factory=dict[Counted, int])
    _left: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _later: list[tuple[datetime, int, Counted | tuple[str, str], int]] = field(
        default_factory=list[tuple[datetime, int, Counted | tuple[str, str], int]]
    )
    _made: int = 0

    def advance(self, at: datetime) -> None:
        """Give back what was given back until this moment."""
        while self._later and self._later[0][0] <= at:
            _, _, key, amount = heapq.heappop(self._later)
            self._add(key, amount)

    def totals(self, counted: Sequence[Counted]) -> dict[str, int]:
        """How much more, or less, these totals came to, by scope; only where they differ."""
        return {each.scope: more for each in counted if (more := self._more.get(each, 0))}

    def left(self, one: Recorded) -> int:
        """How many units more the origin of a transfer had left, at least; 0 for anything else.

        The record holds the lowest count over the lines, so of several lines the worst difference is taken.
        """
        if not isinstance(one.action, Transfer) or not self._left:
            return 0
        return min(self._left.get((one.action.origin, line.sku), 0) for line in one.action.lines)

    def change(self, one: Recorded, counted: Sequence[Counted], then: Span, now: Span) -> None:
        """Take one decision as counted over another span than it was."""
        if then == now:
            return
        for each in counted:
            self._count(each, one.at, -weight(one.action), then)
            self._count(each, one.at, weight(one.action), now)
        if isinstance(one.action, Transfer):
            for line in one.action.lines:
                key = (str(one.action.origin), str(line.sku))
                self._count(key, one.at, line.units, _for_a_day(then, one.at))
                self._count(key, one.at, -line.units, _for_a_day(now, one.at))

    def _count(self, key: Counted | tuple[str, str], at: datetime, amount: int, span: Span) -> None:
        if span.since is None:
            return
        self._add(key, amount)
        if span.until is not None:
            self._made += 1
            heapq.heappush(self._later, (max(at, span.until), self._made, key, -amount))

    def _add(self, key: Counted | tuple[str, str], amount: int) -> None:
        if isinstance(key, Counted):
            self._more[key] = self._more.get(key, 0) + amount
        else:
            self._left[key] = self._left.get(key, 0) + amount


def _for_a_day(span: Span, at: datetime) -> Span:
    if span.since is None:
        return span
    day = at + _DRAFTED
    return Span(span.since, day if span.until is None else min(day, span.until))
