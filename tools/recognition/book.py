"""Where links that were decided are written down: once per action, on record, and in force from then on."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.identity.graph import Basis, pair_of
from knowledge.identity.links import LINKER, Told, alone, newest, said, settle, tell
from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from policies.actions.profile_link import ProfileLink
from policies.errors import NotFound, Refused, TillhandError
from policies.vocabulary.ids import CustomerRef
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.platform import Receipt, WriteContext

_KNOWN: Final = text("SELECT ref FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_ANSWERED: Final = text(
    "SELECT id, decided_by FROM approval WHERE id = ANY(CAST(:ids AS text[])) AND state = 'approved'"
)


@dataclass(frozen=True, slots=True)
class LinkBook:
    """`tools.books.Links` over the unified store."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def say(self, link: ProfileLink, context: WriteContext) -> Receipt:
        """Write down that two customers are one person, or are not; said again, nothing is added.

        It is the word of the person who approved it, else of whoever asked.

        Raises:
            NotFound: One of them is known no more.
            Refused: Two who were taken apart would meet by it.
        """
        (told,) = await self.say_all([(link, context)])
        if isinstance(told, TillhandError):
            raise told
        return told

    async def say_all(self, links: Sequence[tuple[ProfileLink, WriteContext]]) -> list[Receipt | TillhandError]:
        """The same for many at once, each with its receipt or why it is not: people are worked out once for all.

        What cannot be is left out and the rest is tried again, so that one of them keeps no other from being.
        """
        at, wrong = self.now(), dict[int, TillhandError]()
        while True:
            try:
                async with self.database.transaction() as connection:
                    added = await self._write(connection, links, wrong, at)
            except _MeetingError as error:
                wrong |= {place: _apart() for place in error.places}
                continue
            return [wrong.get(place) or _receipt(*each, at, place in added) for place, each in enumerate(links)]

    async def _write(
        self,
        connection: Connection,
        links: Sequence[tuple[ProfileLink, WriteContext]],
        wrong: dict[int, TillhandError],
        at: datetime,
    ) -> set[int]:
        """Tell, and work out who is one person; the places of what was new."""
        await alone(connection)
        refs = sorted({ref for link, _ in links for ref in (link.one, link.other)})
        known = set((await connection.execute(_KNOWN, {"refs": refs})).scalars())
        approvals = [context.approval for _, context in links if context.approval]
        answered = {row.id: row.decided_by for row in await connection.execute(_ANSWERED, {"ids": approvals})}
        held = await newest(connection, [CustomerRef(ref) for ref in refs])
        news: dict[int, Told] = {}
        for place, (link, context) in enumerate(links):
            if not {link.one, link.other} <= known:
                wrong[place] = NotFound("One of these customers is not known any more.", code="customer.unknown")
            if place not in wrong:
                by = answered.get(context.approval or "") or context.actor
                news[place] = _told(link, held.get(pair_of(link.one, link.other)), by, at)
        added = {each.pair for each in await tell(connection, news.values())}
        people = await settle(connection)
        meeting = [
            place
            for place, told in news.items()
            if told.says == "link" and told.other not in people.get(told.one, (told.one,))
        ]
        if meeting:
            raise _MeetingError(meeting)
        fresh = {place for place, told in news.items() if told.pair in added}
        entries = [
            Entry(
                "link",
                at,
                {"by": news[place].by, "customers": sorted(news[place].pair), "step": links[place][0].says},
                links[place][1].action,
                links[place][1].trace,
            )
            for place in sorted(fresh)
        ]
        if entries:
            await append(connection, entries)
        return fresh


class _MeetingError(Exception):
    """These would bring two together who must not meet; nothing of the burst was kept."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__()
        self.places = places


def _told(link: ProfileLink, held: Told | None, by: str, at: datetime) -> Told:
    """A telling: the linker's with the evidence it was found by, a person's as their word."""
    if by == LINKER and held is not None and held.says == "certain" and link.says == "link":
        return replace(held, says="link", at=at, place=0)
    basis = Basis.PROBABLE if by == LINKER else Basis.PERSON
    return said(link.one, link.other, link.says, basis, by=by, at=at)


def _apart() -> Refused:
    return Refused("Somebody took apart two of the customers who would meet by this.", code="identity.apart")


def _receipt(link: ProfileLink, context: WriteContext, at: datetime, added: bool) -> Receipt:
    digest = hashlib.sha256(f"{context.key} {link.says}".encode()).hexdigest()
    return Receipt("tillhand", context.action, at, not added, "profile_link", f"TELL {link.says}", digest)
