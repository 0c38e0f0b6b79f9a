"""Things by a moment that may move, so that "what changed since" is answered without reading everything."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

Mark = tuple[datetime, int]  # the moment, and the key of the thing
_LAST = 2**63  # above every key


class Timeline:
    """Keys sorted by their moment. An old place of a moved key is passed over, and swept out when many have moved."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        self._marks = sorted(marks)
        self._now = {key: moment for moment, key in self._marks}

    def put(self, key: int, moment: datetime) -> None:
        """Add the key, or move it to another moment."""
        if self._now.get(key) == moment:
            return
        self._now[key] = moment
        insort(self._marks, (moment, key))
        if len(self._marks) > 2 * len(self._now) + 64:
            self._marks = [mark for mark in self._marks if self._now[mark[1]] == mark[0]]

    def walk(
        self,
        low: datetime | None = None,
        high: datetime | None = None,
        *,
        after: Mark | None = None,
        reverse: bool = False,
    ) -> Iterator[Mark]:
        """The marks in a closed span of time, in order or against it, beginning behind `after`."""
        start = bisect_left(self._marks, (low, -1)) if low else 0
        stop = bisect_left(self._marks, (high, _LAST)) if high else len(self._marks)
        if after and reverse:
            stop = min(stop, bisect_left(self._marks, after))
        elif after:
            start = max(start, bisect_right(self._marks, after))
        for place in range(stop - 1, start - 1, -1) if reverse else range(start, stop):
            mark = self._marks[place]
            if self._now[mark[1]] == mark[0]:
                yield mark
