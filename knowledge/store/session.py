"""One pool of connections to the one database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from policies.errors import Unavailable

STATEMENT_TIMEOUT = 30_000  # ms. No statement of ours is meant to take longer; a stuck one must not hold a lane.


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class Database:
    """The unified store's connections. Every transaction is short; nothing waits for a network while holding one."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url = url
        self._engine = create_async_engine(
            driver_url(url),
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC"},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """All or nothing; committed when the block ends well.

        Raises:
            Unavailable: The database does not answer.
        """
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise Unavailable(
                "The database does not answer; nothing was changed.",
                code="database.unavailable",
                hint="Check DATABASE_URL and that the server runs; the work is retried.",
            ) from error

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """One consistent picture to read from; changes are thrown away."""
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()


def driver_url(url: str) -> str:
    """The URL with our driver named, however the operator wrote it."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
