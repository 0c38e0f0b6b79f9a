"""The rules in force in this process, and how others take their place without a stop: whole and checked, or not."""

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import Misconfigured, TillhandError, Unavailable
from policies.limits import Limits
from policies.rollout import Rollout
from server.settings import Settings
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.past.ruleset import keep_ruleset

logger = logging.getLogger(__name__)

_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(7203412)")
_LAST: Final = text("SELECT CAST(entry AS jsonb) -> 'body' FROM ledger WHERE kind = 'rules' ORDER BY seq DESC LIMIT 1")
_HANGUP: Final[signal.Signals | None] = getattr(signal, "SIGHUP", None)  # Windows has none


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Reads rules, limits and rollout again and puts them in force.

    Attributes:
        engine: What everybody in this process asks; it becomes what was read.
        limits: What everybody else holds; likewise.
    """

    settings: Settings
    database: Database
    engine: Engine
    limits: Limits
    now: Callable[[], datetime]

    async def reload(self, by: str) -> bool:
        """Put what the files say now in force, at once and everywhere in this process; whether that changed anything.

        Args:
            by: Who had them read again, for the ledger.

        Raises:
            Misconfigured: They cannot be used; the rules in force stay. The message has the file and the line.
            Unavailable: The database does not answer; the rules in force stay.
        """
        limits, engine = await asyncio.to_thread(read_policies, self.settings)
        if engine.digest == self.engine.digest and engine.rollout.digest == self.engine.rollout.digest:
            return False
        await self.record(by, engine)
        # no wait between the two: nobody in this process sees one without the other
        self.engine.become(engine)
        self.limits.become(limits)
        return True

    async def record(self, by: str, engine: Engine | None = None) -> None:
        """Write down which rules are in force from now on, unless the last record says so already."""
        engine, at = engine or self.engine, self.now()
        async with self.database.transaction() as connection:
            await connection.execute(_ONE_AT_A_TIME)
            await keep_ruleset(connection, engine, at)
            last: dict[str, str] = (await connection.execute(_LAST)).scalar_one_or_none() or {}
            told = {"rules": engine.digest, "limits": engine.limits.digest, "rollout": engine.rollout.digest}
            if any(last.get(name) != digest for name, digest in told.items()):
                body = {"by": by, **told, "before": last.get("rules", "")}
                await append(connection, [Entry("rules", at, body)])

    @asynccontextmanager
    async def on_hangup(self, then: Callable[[], None] = lambda: None) -> AsyncGenerator[None]:
        """For as long as the block runs, SIGHUP reads the files again; `then` is called after each time.

        Files that cannot be used are logged with their file and line, and change nothing.
        """
        asked = asyncio.Event()
        reading = asyncio.create_task(self._whenever(asked, then), name="rules")
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):
            if _HANGUP is not None:
                loop.add_signal_handler(_HANGUP, asked.set)
        try:
            yield
        finally:
            with suppress(NotImplementedError):
                if _HANGUP is not None:
                    loop.remove_signal_handler(_HANGUP)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _whenever(self, asked: asyncio.Event, then: Callable[[], None]) -> None:
        while True:
            await asked.wait()
            asked.clear()
            try:
                changed = await self.reload("operator:signal")
                logger.warning("rules %s %s", self.engine.digest[:12], "are in force" if changed else "stay: no change")
            except (Misconfigured, Unavailable) as error:
                logger.error("the rules in force stay: %s %s", error.message, error.hint)  # noqa: TRY400  # no traceback: a person's typing error
            except TillhandError:
                logger.exception("the rules in force stay")
            then()


def read_policies(settings: Settings) -> tuple[Limits, Engine]:
    """Rules, limits and rollout as the files say now.

    Raises:
        Misconfigured: They cannot be used; the message has the file and the line.
    """
    limits = Limits.read(settings.limits) if settings.limits else Limits.read()
    rollout = Rollout.read(settings.rollout) if settings.rollout else Rollout.read()
    return limits, Engine.read(limits, rollout=rollout)
