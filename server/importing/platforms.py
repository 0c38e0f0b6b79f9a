"""A platform's past, kind after kind: each page is taken in one transaction with the place after it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import text

from knowledge.events.event import HISTORY, Event, Topic
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from server.importing.bookmark import Bookmark, begin, move, read_bookmark
from server.importing.progress import Pace, Report, Watch
from server.importing.taking import Taking
from server.queue.duplicates import as_change
from tools.history import History, Page

_GIVEN_BACK: Final = text(
    """
    SELECT DISTINCT facts ->> 'order' AS name FROM event
    WHERE correlation_id = ANY(CAST(:stories AS text[])) AND topic = 'return.created' AND source NOT LIKE 'import:%'
    """
)


@dataclass(frozen=True, slots=True)
class PlatformImport:
    """Everything an import from a platform needs."""

    database: Database
    taking: Taking

    async def run(
        self, name: str, history: History, kinds: Sequence[str], *, watch: Watch, dry: bool = False
    ) -> AsyncGenerator[Report]:
        """Import these kinds, each from where an earlier run stopped; a report for each when it is done.

        One that was finished goes on with what changed since, or begins anew where the platform cannot tell that.

        Args:
            name: The platform's.
            history: Its past.
            kinds: Which, in order: products before what names them.
            watch: Told after every page.
            dry: Change nothing, and say what would be.

        Raises:
            Refused: The same import runs elsewhere.
            Unavailable: The platform or the database does not answer; run it again.
        """
        for kind in kinds:
            yield await self._kind(name, history, kind, watch, dry=dry)

    async def _kind(self, name: str, history: History, kind: str, watch: Watch, *, dry: bool) -> Report:
        report = Report(kind, dry=dry)
        at = Bookmark(f"{name}:{kind}", name, kind, {})
        if not dry:
            async with self.database.transaction() as connection:
                before = await read_bookmark(connection, at.id)
                if before and not before.whole:
                    at, report.gone_on_from = before, before.rows
                else:
                    at = replace(at, place=history.again(before.place) if before else {})
                    await begin(connection, at, self.taking.now())
        pace = Pace(kind, 0, at.rows)
        while True:
            page = await history.read(kind, at.place)
            for left in page.left_out:
                report.reject(left.name, "", left.code)
            at = await self._take(name, at, page, dry=dry)
            watch(pace.at(at.rows))
            if page.done:
                break
            await asyncio.sleep(page.wait_s)
        report.counted(at)
        report.seconds = pace.seconds
        return report

    async def _take(self, name: str, at: Bookmark, page: Page, *, dry: bool) -> Bookmark:
        told = [replace(as_change(event), source=f"{HISTORY}{name}") for event in page.told]
        rejected = len(page.left_out)
        if dry:
            async with self.database.reading() as connection:
                new = await self.taking.would_take(connection, told)
            return _after(at, page, new, len(told), rejected, self.taking)
        async with self.database.transaction() as connection:
            new = await self.taking.take(connection, await _not_told_live(connection, told))
            after = _after(at, page, new, len(told), rejected, self.taking)
            await move(connection, at, after)
        return after


async def _not_told_live(connection: Connection, told: Sequence[Event]) -> list[Event]:
    """But for returns of orders of which live events told what came back: they know each refund's goods and day."""
    back = [event for event in told if event.topic is Topic.RETURN_CREATED and event.resource.endswith(":returned")]
    if not back:
        return list(told)
    stories = sorted({event.correlation for event in back})
    known = set((await connection.execute(_GIVEN_BACK, {"stories": stories})).scalars())
    return [event for event in told if event not in back or event.facts["order"] not in known]


def _after(at: Bookmark, page: Page, new: int, told: int, rejected: int, taking: Taking) -> Bookmark:  # noqa: PLR0913, PLR0917
    return at.moved(page.place, taken=new, known=told - new, rejected=rejected, at=taking.now(), whole=page.done)
