"""A file, whole: read in batches, each taken in one transaction together with how far the import then is."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from knowledge.events.event import Event
from knowledge.store.places import Places
from knowledge.store.session import Database
from knowledge.vault.intake import Intake
from policies.errors import Unavailable
from server.importing.bookmark import Bookmark, begin, move, read_bookmark
from server.importing.calendar import Calendar
from server.importing.cells import BadRow
from server.importing.columns import Kind
from server.importing.opening import open_rows
from server.importing.progress import Pace, Report, Watch
from server.importing.rejects import RejectFile
from server.importing.rows import Row, Rows
from server.importing.taking import Taking
from server.importing.translate import Translator
from server.importing.ways import FileWays

BATCH: Final = 2_000  # rows in one transaction
_TRIES: Final = 3  # two transactions may stop each other; nothing was taken then


@dataclass(frozen=True, slots=True)
class FileImport:
    """Everything an import of files needs."""

    database: Database
    taking: Taking
    places: Places
    keys: Intake
    currency: str

    async def run(  # noqa: PLR0913
        self, kind: Kind, file: Path, ways: FileWays, *, rejects: Path, watch: Watch, dry: bool = False
    ) -> Report:
        """Import a file, or go on where an earlier run of the same file was cut off.

        A file that was imported whole is read again only if rows of it were rejected: a location may be known by now.

        Args:
            kind: What its rows are.
            file: CSV or Parquet.
            ways: How it differs from ours.
            rejects: Where rejected rows are written down.
            watch: Told after every batch.
            dry: Change nothing, and say what would be.

        Raises:
            Misconfigured: The file cannot be read, or not as what it is said to be.
            Refused: The same import runs elsewhere.
            Unavailable: The database does not answer; run it again.
        """
        rows = await asyncio.to_thread(open_rows, file, kind, ways)
        now = self.taking.now()
        name = hashlib.sha256(f"{rows.digest}\0{kind}\0{ways.canonical()}".encode()).hexdigest()
        fresh = Bookmark(name, "file", kind, {"rows": 0, "rejects": 0})
        report = Report(kind, dry=dry)
        at = fresh
        if not dry:
            async with self.database.transaction() as connection:
                before = await read_bookmark(connection, name)
                if before and before.whole and not before.rejected:
                    report.before = True
                    report.counted(before)
                    return report
                if before and not before.whole:
                    at = before
                    report.gone_on_from = before.rows
                else:
                    await begin(connection, fresh, now)
        calendar = None
        if kind is Kind.PROMOTIONS:
            async with self.database.reading() as connection:
                calendar = await Calendar.read(connection)
        translator = Translator(kind, ways, self.places, self.keys, self.currency, now, calendar)
        with ExitStack() as stack:
            written = None if dry else stack.enter_context(RejectFile(rejects, int(at.place["rejects"])))
            at = await self._read(rows, translator, at, report, written, watch)
        report.counted(at)
        return report

    async def _read(  # noqa: PLR0913, PLR0917
        self, rows: Rows, translator: Translator, at: Bookmark, report: Report, written: RejectFile | None, watch: Watch
    ) -> Bookmark:
        pace = Pace(report.kind, rows.total, at.rows)
        source = rows.after(at.rows)
        while True:
            batch = await asyncio.to_thread(_next, source)
            events, bad = _translated(batch, translator)
            for line, column, code in bad:
                report.reject(line, column, code)
                if written is not None:
                    written.add(line, column, code)
            whole = len(batch) < BATCH
            if written is None:
                async with self.database.reading() as connection:
                    new = await self.taking.would_take(connection, events)
                at = _after(at, at.place, batch, new, bad, self.taking.now(), whole=whole)
            else:
                place = {"rows": at.rows + len(batch), "rejects": written.settled()}
                at = await self._take(at, place, batch, events, bad, whole=whole)
            watch(pace.at(at.rows))
            if whole:
                report.seconds = pace.seconds
                return at

    async def _take(  # noqa: PLR0913
        self,
        at: Bookmark,
        place: dict[str, int],
        batch: Sequence[Row],
        events: Sequence[Event],
        bad: Sequence[object],
        *,
        whole: bool,
    ) -> Bookmark:
        for _ in range(_TRIES - 1):
            with suppress(Unavailable):
                return await self._take_once(at, place, batch, events, bad, whole=whole)
        return await self._take_once(at, place, batch, events, bad, whole=whole)

    async def _take_once(  # noqa: PLR0913
        self,
        at: Bookmark,
        place: dict[str, int],
        batch: Sequence[Row],
        events: Sequence[Event],
        bad: Sequence[object],
        *,
        whole: bool,
    ) -> Bookmark:
        async with self.database.transaction() as connection:
            new = await self.taking.take(connection, events)
            after = _after(at, place, batch, new, bad, self.taking.now(), whole=whole)
            await move(connection, at, after)
        return after


def _next(source: Iterator[Row]) -> list[Row]:
    return list(islice(source, BATCH))


def _translated(batch: Sequence[Row], translator: Translator) -> tuple[list[Event], list[tuple[int, str, str]]]:
    events: list[Event] = []
    bad: list[tuple[int, str, str]] = []
    for row in batch:
        if row.cells is None:
            bad.append((row.number, "", row.broken))
            continue
        try:
            events.append(translator.event(row.cells))
        except BadRow as error:
            bad.append((row.number, error.column, error.code))
    return events, bad


def _after(  # noqa: PLR0913, PLR0917
    at: Bookmark,
    place: Mapping[str, Any],
    batch: Sequence[Row],
    new: int,
    bad: Sequence[object],
    now: datetime,
    *,
    whole: bool,
) -> Bookmark:
    known = len(batch) - len(bad) - new
    return at.moved(place, taken=new, known=known, rejected=len(bad), at=now, whole=whole)
