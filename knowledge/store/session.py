"""One pool of connections to the one database."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, LiteralString

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from knowledge.store.quick import QuickReads
from knowledge.store.quick_writes import QuickWrites
from policies.errors import Unavailable

STATEMENT_TIMEOUT = 30_000  # ms. No statement of ours is meant to take longer; a stuck one must not hold a lane.


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class Database:
    """The unified store's connections. Every transaction is short; nothing waits for a network while holding one."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url = url
        self.quick = QuickReads(url)
        self._quick_writes = QuickWrites(url)
        self._engine = create_async_engine(
            driver_url(url),
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC"},
        )
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._returning: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """All or nothing; committed when the block ends well.

        Raises:
            Unavailable: The database does not answer.
        """
        try:
            async with self._borrowed(self._engine) as connection, connection.begin():
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise Unavailable(
                "The database does not answer; nothing was changed.",
                code="database.unavailable",
                hint="Check DATABASE_URL and that the server runs; the work is retried.",
            ) from error

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """To look, not to change: each statement sees what is committed when it begins.

        No transaction is opened, which saves two round trips; use `transaction` where several statements must agree.
        """
        try:
            async with self._borrowed(self._reader) as connection:
                yield connection
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
        await asyncio.gather(*self._returning)
        await self.quick.close()
        await self._quick_writes.close()
        await self._engine.dispose()

    @asynccontextmanager
    async def _borrowed(self, engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
        """A connection that goes back to the pool even when its borrower is cancelled while waiting for it.

        SQLAlchemy loses one that was being set up at that moment; a deadline may strike at any.
        """
        coming = asyncio.ensure_future(engine.connect().start())
        try:
            connection = await asyncio.shield(coming)
        except asyncio.CancelledError:
            self._keep(asyncio.create_task(_give_back(coming)))
            raise
        try:
            yield connection
        finally:
            back = asyncio.create_task(connection.close())
            self._keep(back)
            await asyncio.shield(back)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)


async def _give_back(coming: asyncio.Future[AsyncConnection]) -> None:
    with suppress(OperationalError, InterfaceError):
        await (await coming).close()


def driver_url(url: str) -> str:
    """The URL with our driver named, however the operator wrote it."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
