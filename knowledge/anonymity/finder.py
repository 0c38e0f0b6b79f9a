"""Find released groups of customers by meaning, or by words where meaning cannot be had; and the one somebody is in."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import text

from knowledge.anonymity import kept
from knowledge.anonymity.figures import Figures
from knowledge.anonymity.habits import Traits
from knowledge.anonymity.rollup import LEAST
from knowledge.store.quick import QuickReads
from knowledge.store.session import Database
from policies.vocabulary.ids import CustomerRef

_log = logging.getLogger(__name__)

_SHOWN = text(
    """
    SELECT id, traits, figures, sentence FROM cohort
    WHERE (SELECT count(*) FROM cohort_member WHERE cohort_member.name = cohort.name) >= :least ORDER BY traits
    """
)
_OF_CUSTOMER: Final = """
    SELECT cohort.sentence FROM cohort_member JOIN cohort ON cohort.name = cohort_member.name
    WHERE cohort_member.ref = $1 ORDER BY cohort.made DESC, cohort.name LIMIT 1
"""
_NEAREST: Final = 200
_WITHIN: Final = 2.0  # seconds; the first search of a process loads what takes longer, and is answered by words


class Meanings(Protocol):
    """Sentences by meaning; `knowledge.memory.cohorts.CohortMemory` in the product."""

    async def search(self, table: str, words: str, limit: int) -> list[str]:
        """Ids, the nearest first."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A released group, as anybody who may is shown it; `id` is what to cite."""

    id: str
    traits: Traits
    figures: Figures
    sentence: str


@dataclass(frozen=True, slots=True)
class CohortFinder:
    """Reads what stands now: a group with too few members left is not found, whatever an index still holds.

    Attributes:
        least: Members a group needs to be shown.
    """

    database: Database
    memory: Meanings | None = None
    least: int = LEAST

    async def find(self, words: str, places: Collection[str] | None) -> tuple[Sequence[Shown], datetime | None]:
        """Groups, the best first, and when they were released; `None` before the first release.

        Args:
            words: What to look for; empty: all, in a fixed order.
            places: Locations whose groups may be shown, besides groups of no one location; `None`: every location.
        """
        async with self.database.reading() as connection:
            state = await kept.read_state(connection)
            rows: Sequence[Any] = (await connection.execute(_SHOWN, {"least": self.least})).all()
        shown = [
            Shown(str(row.id), Traits(*row.traits), Figures(**row.figures), str(row.sentence))
            for row in rows
            if places is None or _of_no_other(row.traits[0], places)
        ]
        if words:
            shown = await self._ranked(words, shown, state.vectors)
        return shown, state.at

    async def _ranked(self, words: str, shown: Sequence[Shown], table: str) -> list[Shown]:
        by_id = {one.id: one for one in shown}
        near: list[str] = []
        try:
            if self.memory is not None and table:
                async with asyncio.timeout(_WITHIN):
                    near = await self.memory.search(table, words, _NEAREST)
        except Exception as error:  # noqa: BLE001  # whatever broke, the sentences themselves are in the database
            _log.warning("groups of customers are found by words: %s", type(error).__name__)
        if near:
            return [by_id[name] for name in near if name in by_id]
        asked = _words(words)
        counted = [(len(asked & _words(one.sentence)), one) for one in shown]
        return [one for count, one in sorted(counted, key=lambda each: -each[0]) if count]


async def audience_of(quick: QuickReads, customer: CustomerRef) -> str:
    """The sentence of the group a customer was counted in, for a model that words something; "" when in none."""
    rows = await quick.rows(_OF_CUSTOMER, customer)
    return str(rows[0]["sentence"]) if rows else ""


def _of_no_other(place: str, places: Collection[str]) -> bool:
    """Groups of a kind of place, or of any, belong to no one location."""
    return not place or place in places or " " in place or place in {"shop", "online", "warehouse"}


def _words(text: str) -> set[str]:
    return set("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
