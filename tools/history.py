"""The port of what was before: a platform's own past, read page by page from where an import stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from knowledge.events.event import Event


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that could not be told.

    Attributes:
        name: The platform's name of it, without anything of a customer.
        code: Why, as an error of ours would say it.
    """

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading brought.

    Attributes:
        told: Events, under the ids live deliveries of the same changes have.
        place: Where the next reading goes on; JSON.
        rows: Things read, those left out included.
        wait_s: Seconds until it is worth asking again: the platform is still preparing it.
        done: There is nothing more.
    """

    told: list[Event]
    place: Mapping[str, Any]
    rows: int = 0
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    wait_s: float = 0.0
    done: bool = False


class History(Protocol):
    """A platform's past."""

    kinds: tuple[str, ...]  # in the order they are to be imported

    def again(self, place: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where an import begins that was finished before: behind what it knows, or `{}` where nobody can tell."""
        ...

    async def read(self, kind: str, place: Mapping[str, Any]) -> Page:
        """The page at a place; `{}` is the beginning.

        Raises:
            Refused: There is no such kind, or the platform refuses what was asked.
            Unavailable: The platform does not answer; the same reading may be repeated.
        """
        ...
