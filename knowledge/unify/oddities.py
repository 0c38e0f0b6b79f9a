"""What a platform or a till told that cannot be so: kept with what we made of it, for a person, blocking nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.store.connection import Connection
from knowledge.unify.columns import write_rows

AHEAD: Final = timedelta(minutes=10)  # clocks of tills differ by seconds; what happens later than this has not happened
Kind = Literal[
    "clock_ahead", "negative_count", "unknown_location", "part_of_a_unit", "sku_renamed", "sku_merged", "units_changed"
]
_KEEP = text(
    """
    INSERT INTO stock_oddity (kind, about, told, answer, first_at, last_at)
    SELECT kind, about, told, answer, at, at
    FROM unnest(CAST(:kind AS text[]), CAST(:about AS text[]), CAST(:told AS text[]), CAST(:answer AS text[]),
                CAST(:at AS timestamptz[])) AS row(kind, about, told, answer, at)
    ON CONFLICT (kind, about) DO UPDATE
    SET told = excluded.told, answer = excluded.answer, last_at = excluded.last_at, times = stock_oddity.times + 1
    """
)
_LATELY = text(
    "SELECT kind, about, told, answer, times, last_at FROM stock_oddity WHERE last_at > :since ORDER BY last_at DESC"
)


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that cannot be so.

    Attributes:
        about: What it was told of; the same kind about the same thing is kept once and counted.
        told: What was told, without personal data.
        answer: What we made of it, one sentence.
    """

    kind: str
    about: str
    told: str
    answer: str
    times: int = 1


async def keep_oddities(connection: Connection, found: Sequence[Oddity], at: datetime) -> None:
    """Write them down; of two about the same thing the later."""
    newest = {(each.kind, each.about): each for each in found}
    rows = [
        {"kind": each.kind, "about": each.about, "told": each.told, "answer": each.answer, "at": at}
        for _, each in sorted(newest.items())
    ]
    await write_rows(connection, _KEEP, rows)


async def oddities(connection: Connection, since: datetime) -> list[Oddity]:
    """Those told since then, newest first."""
    rows = await connection.execute(_LATELY, {"since": since})
    return [Oddity(row.kind, row.about, row.told, row.answer, row.times) for row in rows]


def with_clocks_put_right(events: Sequence[Event]) -> tuple[list[Event], list[Oddity]]:
    """Events as they are, those from the future as of when we heard them: they must not outlive what comes after."""
    found: list[Oddity] = []
    right: list[Event] = []
    for event in events:
        if event.occurred_at <= event.received_at + AHEAD:
            right.append(event)
            continue
        told = f"It happened {event.occurred_at - event.received_at} after we heard of it."
        answer = "It counts as of when we heard of it; set the clock there."
        found.append(Oddity("clock_ahead", f"{event.source}:{event.lane}", told, answer))
        own = event.version == event.occurred_at.isoformat()  # a version made of the same clock
        version = event.received_at.isoformat() if own else event.version
        right.append(replace(event, occurred_at=event.received_at, version=version))
    return right, found
