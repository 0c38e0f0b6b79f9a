"""Words written at night for the offers of tomorrow, so that a till has a model's line without waiting for the model.

The likeliest offers come first. Each line is asked for with one percentage, checked like any other, opened where the
percentage stands, and checked again with every percentage there is; what passes is kept at once, so that a round that
is stopped goes on where it was.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from agents.model import LEAST
from agents.word_check import filled, objection, open_line
from agents.words import Sayable, Writer, key_of, said_of
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import LearnedTable
from knowledge.offers.habit import KINDS, NEW, STRANGER
from knowledge.offers.kept_lines import Found, KeptLines, LineKey
from knowledge.offers.likely import Likely, likely_offers
from knowledge.offers.uplift import PERCENTS
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.limits import Limits
from policies.vocabulary.percent import Percent

logger = logging.getLogger(__name__)

PER_LINE: Final = 20.0  # seconds a model may take for one, repair included
_GIVES_UP: Final = 3  # answers in a row that did not come: the model is not there tonight
_ASKED_WITH: Final = Percent(1_000)
_NO_CODE: Final = "TH0000000000"  # a line cannot name a code, for it is read with many; this one is never made
_AT_ONCE: Final = 200  # keys looked up in one question

Ended = Literal["all_written", "time_used", "stopped", "model_silent", "no_model"]

_OFTEN: Final = {"rare": "They buy here now and then", "regular": "They buy here often"}
_PAYS: Final = {
    "full_price": "mostly at full price.",
    "sometimes": "sometimes with a discount.",
    "on_discount": "mostly with a discount.",
}


def _audience(kind: str) -> str:
    often, _, pays = kind.partition(".")
    if kind == NEW:
        return "They have not bought here before."
    return "" if kind == STRANGER else f"{_OFTEN[often]}, {_PAYS[pays]}"


AUDIENCES: Final[Mapping[str, str]] = MappingProxyType({kind: _audience(kind) for kind in KINDS})
"""What a model is told of each kind of buyer: what the kind is, and nothing of anybody in it."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to.

    Attributes:
        kept: Lines written and kept.
        refused: Lines that did not say the offer and nothing else.
        standing: Offers that had a line, or a refusal, still good.
        seconds: The model's.
        ended: Why; `model_silent` when answers did not come, be it one of many.
    """

    kept: int
    refused: int
    standing: int
    seconds: float
    ended: Ended


@dataclass(frozen=True, slots=True)
class Beforehand:
    """Writes lines for likely offers.

    Attributes:
        writer: With a door of its own: a slow night must not close the door of tomorrow's tills.
        agents: Whether specialists may speak now: looked at before every line.
        seconds: Of the model's time one round may use; 0: nothing is written.
    """

    database: Database
    places: Places
    limits: Limits
    companions: CompanionTable
    learned: LearnedTable
    writer: Writer
    kept: KeptLines
    agents: Callable[[], bool]
    seconds: float
    now: Callable[[], datetime]

    async def write(self) -> Round:
        """One round, from the likeliest offer on, until the time is used or nothing is left."""
        if not self.writer.asks_model or self.seconds <= 0:
            return Round(0, 0, 0, 0.0, "no_model")
        await self.kept.forget_expired()
        async with self.database.reading() as connection:
            await self.companions.refresh(connection, at_once=True)
        await self.learned.keep_fresh(self.database.quick)
        likely = await likely_offers(
            self.database, self.places, self.limits, self.companions, self.learned.now, until=self.now()
        )
        keyed = [(one, key) for one in likely if (key := key_of(one.kind, one.offer, one.within_days)) is not None]
        standing = await self._standing([key for _, key in keyed])
        left = [(one, key) for one, key in keyed if key not in standing]
        done = await self._write_all(left, standing=len(standing))
        logger.info("%d lines kept, %d refused in %.0f s: %s", done.kept, done.refused, done.seconds, done.ended)
        return done

    async def _standing(self, keys: Sequence[LineKey]) -> set[LineKey]:
        """Those that have a line, or a refusal, that is still good."""
        found: set[LineKey] = set()
        for start in range(0, len(keys), _AT_ONCE):
            found |= set(await self.kept.find(keys[start : start + _AT_ONCE], model=self.writer.label))
        return found

    async def _write_all(self, left: Sequence[tuple[Likely, LineKey]], *, standing: int) -> Round:
        clock = asyncio.get_running_loop().time
        used, kept, refused, in_a_row = 0.0, 0, 0, 0
        ended: Ended = "all_written"
        for one, key in left:
            if not self.agents():
                ended = "stopped"
                break
            began = clock()
            found = await self._line(one, began + min(PER_LINE, self.seconds - used))
            used += clock() - began
            if found is None:
                ended, in_a_row = "model_silent", in_a_row + 1
            else:
                await self.kept.keep(key, found, model=self.writer.label)
                kept, refused, in_a_row = kept + (not found.refused), refused + bool(found.refused), 0
            if self.seconds - used <= LEAST and kept + refused < len(left):
                ended = "time_used"
                break
            if in_a_row >= _GIVES_UP:
                break
        return Round(kept, refused, standing, used, ended)

    async def _line(self, one: Likely, deadline: float) -> Found | None:
        """What the model makes of one offer; `None` when no answer came."""
        said = said_of(one.offer, _NO_CODE, within_days=one.within_days)
        discounted = said.percent.basis_points > 0
        said = replace(said, percent=_ASKED_WITH) if discounted else said
        offer = Sayable("offer-1", said, one.offer.wanted.why)
        written = await self.writer.write_now([offer], deadline=deadline, audience=AUDIENCES[one.kind])
        if written.source != "live":
            return Found("", written.objection) if written.objection not in {"", "words.no_answer"} else None
        line = open_line(written.text, said)
        for percent in map(Percent, PERCENTS if discounted else (0,)):
            fault = objection(filled(line, percent), replace(said, percent=percent))
            if fault:
                return Found("", fault)
        return Found(line, "")
