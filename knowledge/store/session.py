"""One pool of connections to the one database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from psycopg import InterfaceError, OperationalError
from sqlalchemy import TextClause

from knowledge.store.connection import Connection, Result
from knowledge.store.lines import Lines
from knowledge.store.quick import QuickReads
from knowledge.store.statement import Parameters
from policies.errors import Unavailable

STATEMENT_TIMEOUT = 30_000  # ms. No statement of ours is meant to take longer; a stuck one must not hold a lane.
AT_ONCE: Final = 3  # connections for single writes
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
        self._lines = Lines(url, _OPTIONS, most=pool)
        self._own = Lines(url, _OPTIONS, most=AT_ONCE)

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

    async def at_once(self, statement: TextClause, parameters: Parameters) -> Result:
        """Run one statement that is a whole transaction; it is durable when this returns.

        On connections of its own, so that a delivery is stored however busy everybody else is.

        Raises:
            Unavailable: The database does not answer. Whether the statement was carried out is then not known.
        """
        try:
            async with self._own.borrow(WITHIN) as line:
                return await Connection(line, whole=False).execute(statement, parameters)
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def close(self) -> None:
        """Let go of every connection."""
        await self.quick.close()
        await self._own.close()
        await self._lines.close()


def driver_url(url: str) -> str:
    """The URL with our driver named, however the operator wrote it."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
