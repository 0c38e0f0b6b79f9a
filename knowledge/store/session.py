"""One pool of connections to the one database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

from psycopg import InterfaceError, OperationalError

from knowledge.store.connection import Connection
from knowledge.store.lines import Lines
from knowledge.store.quick import QuickReads
from knowledge.store.quick_writes import QuickWrites
from policies.errors import Unavailable

STATEMENT_TIMEOUT = 30_000  # ms. No statement of ours is meant to take longer; a stuck one must not hold a lane.
WITHIN: Final = 10.0  # seconds, waiting for a free connection
_OPTIONS: Final = f"-c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC"


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class Database:
    """The unified store's connections. Every transaction is short; nothing waits for a network while holding one."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url = url
        self.quick = QuickReads(url)
        self._quick_writes = QuickWrites(url)
        self._lines = Lines(url, _OPTIONS, most=pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """All or nothing; committed when the block ends well.

        Raises:
            Unavailable: The database does not answer.
        """
        try:
            async with self._lines.borrow(WITHIN) as line:
                connection = Connection(line, whole=True)
                try:
                    yield connection
                    await connection.commit()
                except BaseException:
                    await connection.roll_back()
                    raise
        except (OperationalError, InterfaceError) as error:
            raise Unavailable(
                "The database does not answer; nothing was changed.",
                code="database.unavailable",
                hint="Check DATABASE_URL and that the server runs; the work is retried.",
            ) from error

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Connection]:
        """To look, not to change: each statement sees what is committed when it begins.

        No transaction is opened, which saves two round trips; use `transaction` where several statements must agree.
        """
        try:
            async with self._lines.borrow(WITHIN) as line:
                yield Connection(line, whole=False)
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def at_once(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run one statement that is a whole transaction, as `QuickWrites.run` does.

        Raises:
            Unavailable: The database does not answer.
        """
        return await self._quick_writes.run(statement, parameters)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.quick.close()
        await self._quick_writes.close()
        await self._lines.close()


def driver_url(url: str) -> str:
    """The URL with our driver named, however the operator wrote it."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
