"""Single statements that only read, prepared once and sent straight through libpq.

The few reads that happen on every call come here: who is calling, what is on the shelf. Through the query compiler and
the driver's own cursors such a read costs the server ten times the CPU, which is more than everything else a call does.
All others stay with `Database`.
"""

import asyncio
import json
from asyncio import Future
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection, Error, InterfaceError, OperationalError
from psycopg.errors import lookup
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from policies.errors import Unavailable

WITHIN: Final = 5.0  # seconds, waiting for a free connection included: these reads are by key, and longer means stuck
_OPTIONS: Final = "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO,YMD -c statement_timeout=5000"

Row = dict[str, Any]
"""Columns by name, as JSON has them: whole numbers, text, booleans, lists; times as ISO 8601 text."""


class QuickReads:
    """A few connections that cannot write. Each is opened when it is first needed."""

    def __init__(self, url: str, *, pool: int = 4) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: list[_Line] = []
        self._free = asyncio.Semaphore(pool)
        self._closed = False

    async def rows(self, statement: LiteralString, *parameters: str) -> list[Row]:
        """The rows one SELECT finds right now, in its order; its parameters are text, as `$1`, `$2`.

        Raises:
            Unavailable: The database does not answer.
        """
        try:
            async with asyncio.timeout(WITHIN), self._free:
                try:
                    return await self._read(statement, parameters)
                except (OperationalError, InterfaceError):
                    # a connection may have died since its last use; a read may be asked again, of another one
                    return await self._read(statement, parameters)
        except (OperationalError, InterfaceError, TimeoutError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def close(self) -> None:
        """Let go of every connection; no more are opened."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _read(self, statement: LiteralString, parameters: tuple[str, ...]) -> list[Row]:
        line = self._idle.pop() if self._idle else await self._open()
        try:
            rows = await line.rows(statement, parameters)
        except BaseException:  # cancelled in the middle, or broken: what it would answer next is anyone's guess
            await line.close()
            raise
        if self._closed:
            await line.close()
        else:
            self._idle.append(line)
        return rows

    async def _open(self) -> "_Line":
        if self._closed:
            raise InterfaceError("closed")
        return _Line(await AsyncConnection.connect(self._url, autocommit=True, options=_OPTIONS))


class _Line:
    """One connection, with what it has prepared. One question at a time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._prepared: dict[str, bytes] = {}
        self._loop = asyncio.get_running_loop()
        self._heard: Future[None] | None = None
        self._socket = self._pgconn.socket
        self._loop.add_reader(self._socket, self._on_readable)

    async def rows(self, statement: LiteralString, parameters: tuple[str, ...]) -> list[Row]:
        """What the statement finds."""
        name = self._prepared.get(statement)
        if name is None:
            name = await self._prepare(statement)
        self._pgconn.send_query_prepared(name, [value.encode() for value in parameters])
        value = (await self._result()).get_value(0, 0)
        return [] if value is None else json.loads(value)

    async def close(self) -> None:
        """Hang up."""
        self._loop.remove_reader(self._socket)
        await self._connection.close()

    async def _prepare(self, statement: LiteralString) -> bytes:
        name = f"quick_{len(self._prepared)}".encode()
        # as one JSON text: parsed by the C parser at once, where each value by itself would pass through Python
        whole = f"SELECT json_agg(found) FROM ({statement}) AS found"  # noqa: S608  # a literal of ours, by its type
        self._pgconn.send_prepare(name, whole.encode())
        await self._result()
        self._prepared[statement] = name
        return name

    async def _result(self) -> PGresult:
        if self._pgconn.flush():  # not sent whole: a few hundred bytes always fit an idle socket's buffer
            raise OperationalError("the connection does not take a question")
        await self._until_readable()
        self._pgconn.consume_input()
        while self._pgconn.is_busy():
            await self._until_readable()
            self._pgconn.consume_input()
        result = self._pgconn.get_result()
        if result is None:
            raise InterfaceError("the server sent nothing")
        while self._pgconn.get_result() is not None:
            pass  # libpq wants to be asked until it has no more
        if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            raise _error(result)
        return result

    async def _until_readable(self) -> None:
        self._heard = self._loop.create_future()
        await self._heard

    def _on_readable(self) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)


def _error(result: PGresult) -> Error:
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"the connection broke").decode(errors="replace")
    try:
        return lookup(state)(message)
    except KeyError:
        return OperationalError(message)
