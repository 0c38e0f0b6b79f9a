"""Single statements that are whole transactions, sent through the driver alone.

An event is stored by one statement before its delivery is answered. Through the pool and the query compiler the same
statement costs three times the CPU and, with its own BEGIN and COMMIT, three times the waiting.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection, Error, InterfaceError, OperationalError

from policies.errors import Unavailable

WITHIN: Final = 10.0  # seconds, waiting for a free connection included
_OPTIONS: Final = "-c timezone=UTC -c statement_timeout=30000"  # milliseconds


class QuickWrites:
    """A few connections without transactions. Each is opened when it is first needed."""

    def __init__(self, url: str, *, pool: int = 3) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: list[AsyncConnection] = []
        self._free = asyncio.Semaphore(pool)
        self._closed = False

    async def run(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run one statement; it is durable when this returns.

        Args:
            statement: With its parameters as `%(name)s`.
            parameters: By name.

        Returns:
            The rows it returns, if it returns any.

        Raises:
            Unavailable: The database does not answer. Whether the statement was carried out is then not known.
        """
        try:
            async with asyncio.timeout(WITHIN), self._free:
                return await self._run(statement, parameters)
        except (OperationalError, InterfaceError, TimeoutError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def close(self) -> None:
        """Let go of every connection; no more are opened."""
        self._closed = True
        await self._forget()

    async def _run(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        connection = self._idle.pop() if self._idle else await self._open()
        try:
            cursor = await connection.execute(statement, parameters)
            rows = await cursor.fetchall() if cursor.description else []
        except Error as error:
            # a statement that was refused leaves the connection as it was; a broken one cannot be used again
            if isinstance(error, OperationalError | InterfaceError):
                await connection.close()
                await self._forget()
            else:
                await self._back(connection)
            raise
        except BaseException:  # cancelled in the middle: what it would answer next is anyone's guess
            await connection.close()
            raise
        await self._back(connection)
        return rows

    async def _forget(self) -> None:
        """Hang up what is idle: where one connection broke, the others probably did."""
        while self._idle:
            await self._idle.pop().close()

    async def _back(self, connection: AsyncConnection) -> None:
        if self._closed:
            await connection.close()
        else:
            self._idle.append(connection)

    async def _open(self) -> AsyncConnection:
        if self._closed:
            raise InterfaceError("closed")
        return await AsyncConnection.connect(self._url, autocommit=True, options=_OPTIONS)
