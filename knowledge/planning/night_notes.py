"""What the night noticed, as it is kept: written whole, once a night, and asked for by whoever plans in the morning."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from knowledge.planning.noticing import Noticed
from knowledge.store.connection import Connection, Result

KEPT: Final = 60  # nights
_COLUMNS: Final = (
    "night, rank, cause, sku, location_id, percent, first_day, last_day, figures, words, model, action_id, at"
)
_OF = text(f"SELECT {_COLUMNS} FROM night_note WHERE night = :night ORDER BY rank")  # noqa: S608  # our own columns
_NEWEST = text(
    f"SELECT {_COLUMNS} FROM night_note WHERE night = (SELECT max(night) FROM night_note) ORDER BY rank"  # noqa: S608
)
_KEEP = text(
    f"""
    INSERT INTO night_note ({_COLUMNS})
    VALUES (:night, :rank, :cause, :sku, :place, :percent, :first, :last, CAST(:figures AS jsonb), :words, :model, '',
            :at)
    """  # noqa: S608
)
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('night_note', 7203411))")
_PROPOSED = text("UPDATE night_note SET action_id = :action WHERE night = :night AND rank = :rank")
_FORGET = text("DELETE FROM night_note WHERE night < (SELECT min(night) FROM (SELECT DISTINCT night FROM night_note"
               " ORDER BY night DESC LIMIT :kept) AS newest)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worded:
    """One thing noticed, in words; `model` wrote them, or nobody for the house's own."""

    noticed: Noticed
    words: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing noticed, as it is kept; `action` is the proposal's, "" while there is none."""

    night: str
    rank: int
    reason: str
    sku: str
    location: str
    percent: int
    first: date
    last: date
    figures: Mapping[str, int | str]
    words: str
    model: str
    action: str
    at: datetime


async def notes_of(connection: Connection, night: str) -> Sequence[Note]:
    """A night's, in order; none when nothing was written."""
    return _notes(await connection.execute(_OF, {"night": night}))


async def newest_notes(connection: Connection) -> Sequence[Note]:
    """Those of the last night that had any."""
    return _notes(await connection.execute(_NEWEST))


async def keep_notes(connection: Connection, night: str, worded: Sequence[Worded], at: datetime) -> None:
    """Write a night's down, unless somebody did: then what they wrote stands."""
    await connection.execute(_ALONE)
    if await notes_of(connection, night):
        return
    for rank, each in enumerate(worded):
        noticed = each.noticed
        row = {"cause": noticed.reason, "sku": noticed.sku, "place": noticed.location, "percent": noticed.percent}
        row |= {"first": noticed.first.isoformat(), "last": noticed.last.isoformat()}
        row |= {"figures": json.dumps(dict(noticed.figures)), "words": each.words, "model": each.model}
        await connection.execute(_KEEP, {"night": night, "rank": rank, **row, "at": at})
    await connection.execute(_FORGET, {"kept": KEPT})


async def proposed(connection: Connection, note: Note, action: str) -> None:
    """Remember which action a note became."""
    await connection.execute(_PROPOSED, {"night": note.night, "rank": note.rank, "action": action})


def _notes(rows: Result) -> list[Note]:
    return [
        Note(
            row.night, row.rank, row.cause, row.sku, row.location_id, row.percent, date.fromisoformat(row.first_day),
            date.fromisoformat(row.last_day), row.figures, row.words, row.model, row.action_id, row.at,
        )
        for row in rows
    ]  # fmt: skip
