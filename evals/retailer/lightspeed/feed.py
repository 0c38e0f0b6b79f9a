"""Things by their row version, so that "what changed since" is answered without reading everything."""

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Feed(Generic[K]):
    """Keys sorted by version, each once. The old place of a changed key is passed over, and swept out in time."""

    def __init__(self, marks: Iterable[tuple[int, K]] = ()) -> None:
        self._marks: list[tuple[int, K]] = sorted(marks, key=_version)
        self._now: dict[K, int] = {key: version for version, key in self._marks}

    def put(self, key: K, version: int) -> None:
        """Add the key, or move it to a later version; a row's version never goes back."""
        if self._now.get(key, -1) >= version:
            return
        self._now[key] = version
        if not self._marks or version >= self._marks[-1][0]:
            self._marks.append((version, key))
        else:
            insort(self._marks, (version, key), key=_version)
        if len(self._marks) > 2 * len(self._now) + 64:
            self._marks = [mark for mark in self._marks if self._now[mark[1]] == mark[0]]

    def after(self, version: int, limit: int, *, below: int | None = None) -> list[tuple[int, K]]:
        """The next `limit` keys above a version, and more where several share the last one, oldest change first.

        Args:
            version: Only versions above it.
            limit: How many; at least 1.
            below: Only versions below it.
        """
        found: list[tuple[int, K]] = []
        for place in range(bisect_right(self._marks, version, key=_version), len(self._marks)):
            mark = self._marks[place]
            if below is not None and mark[0] >= below:
                break
            if self._now[mark[1]] != mark[0]:
                continue
            if len(found) >= limit and mark[0] != found[-1][0]:
                break
            found.append(mark)
        return found


def _version(mark: tuple[int, Hashable]) -> int:
    return mark[0]
