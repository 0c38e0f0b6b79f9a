"""One connection to the database, driven through libpq: statements are prepared once and sent several at a time.

A guarded action is some twenty statements. Through an ORM's connection each costs the server seven times the CPU of
what is done here, and a round trip of its own besides; both are most of what a busy checkout or a log's replay costs.
"""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, lookup
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

from knowledge.store.column import ColumnDumper

_PREPARED: Final = 500  # statements kept prepared; more than the product has
_HANG_UP: Final = 5.0  # seconds for asking the server to stop what nobody waits for
_ENDS: Final = 3
_KEPT: Final = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}


class Line:
    """A connection in libpq's pipeline mode. One caller at a time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._pgconn.enter_pipeline_mode()
        self._adapting = Transformer.from_context(connection)
        self._seen: set[tuple[bytes, tuple[int, ...]]] = set()
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._names = count()
        self._preparing: list[tuple[bytes, tuple[int, ...]]] = []
        self._sent: list[bool] = []  # whether each message's answer is somebody's: that of a preparation is nobody's
        self._answering = False
        self._loop = asyncio.get_running_loop()
        self._socket = self._pgconn.socket
        self._readable: Future[None] | None = None
        self._loop.add_reader(self._socket, self._on_readable)

    @classmethod
    async def open(cls, url: str, options: str) -> "Line":
        """Connect.

        Raises:
            psycopg.OperationalError: The server does not answer.
        """
        connection = await AsyncConnection.connect(url, autocommit=True, options=options)
        connection.adapters.register_dumper(list, ColumnDumper)
        return cls(connection)

    @property
    def broken(self) -> bool:
        """Whether nothing more can be asked: it is closed, or somebody left while answers were coming."""
        return self._answering or self._connection.closed

    @property
    def unanswered(self) -> bool:
        """Whether something was sent that nobody has waited for."""
        return bool(self._sent)

    def send(self, sql: bytes, values: Sequence[Any] = (), *, binary: bool = False) -> None:
        """Put a statement on its way; its answer comes with the next `answers`.

        Args:
            sql: With `$1`, `$2`.
            values: Of its parameters.
            binary: Have the values of its rows in their binary form.
        """
        form = Format.BINARY if binary else Format.TEXT
        if not values:
            told, types, formats = None, (), None
        else:
            told = self._adapting.dump_sequence(values, [PyFormat.AUTO] * len(values))
            types, formats = self._adapting.types or (), self._adapting.formats
        key = (sql, types)
        name = self._prepared.get(key)
        if name is None and key in self._seen and len(self._prepared) < _PREPARED:
            name = self._prepared[key] = f"s{next(self._names)}".encode()
            self._preparing.append(key)
            self._pgconn.send_prepare(name, sql, types or None)
            self._sent.append(False)
        elif name is None:
            self._seen.add(key)
        if name is None:
            self._pgconn.send_query_params(sql, told, types or None, formats, form)
        else:
            self._pgconn.send_query_prepared(name, told, formats, form)
        self._sent.append(True)

    async def answers(self) -> list[PGresult]:
        """The answers to all that was sent since the last, in order.

        Raises:
            psycopg.Error: One of them was refused; those after it were not looked at.
        """
        if not self._sent:
            return []
        self._answering = True
        self._pgconn.pipeline_sync()
        told: list[PGresult] = []
        refused: PGresult | None = None
        number = 0
        while True:
            result = await self._result()
            if result.status == ExecStatus.PIPELINE_SYNC:
                break
            if result.status in _KEPT:
                if self._sent[number]:
                    told.append(result)
            elif result.status != ExecStatus.PIPELINE_ABORTED and refused is None:
                refused = result
            number += 1
        self._sent.clear()
        self._answering = False
        if refused is not None:
            raise self._refusal(refused)
        self._preparing.clear()
        return told

    def rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        """The rows of an answer, as Python has their values."""
        if not result.ntuples:
            return []
        self._adapting.set_pgresult(result)
        return self._adapting.load_rows(0, result.ntuples, tuple)

    async def close(self) -> None:
        """Hang up; a statement that still runs is stopped, for what it waits for others may wait for too."""
        if not self._connection.closed:
            self._loop.remove_reader(self._socket)
            if self._sent:
                with suppress(Error):
                    await self._connection.cancel_safe(timeout=_HANG_UP)
        await self._connection.close()

    def _refusal(self, result: PGresult) -> Error:
        """The error; what is prepared no longer, or not for the tables of now, is not relied on again."""
        error = _error(result)
        for key in self._preparing:
            self._prepared.pop(key, None)
        self._preparing.clear()
        if isinstance(error, FeatureNotSupported | InvalidSqlStatementName):
            self._prepared.clear()
            self._seen.clear()
        return error

    async def _result(self) -> PGresult:
        for _ in range(_ENDS):  # each answer is followed by nothing, once
            await self._flush()
            while self._pgconn.is_busy():
                await self._until_readable()
                self._pgconn.consume_input()
            result = self._pgconn.get_result()
            if result is not None:
                return result
        raise OperationalError("the connection broke")

    async def _flush(self) -> None:
        """Have everything sent; answers are taken in meanwhile, or both sides would wait for the other to read."""
        while self._pgconn.flush():
            writable = self._loop.create_future()
            self._loop.add_writer(self._socket, _set, writable)
            self._readable = self._loop.create_future()
            try:
                await asyncio.wait({writable, self._readable}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._loop.remove_writer(self._socket)
            self._pgconn.consume_input()

    async def _until_readable(self) -> None:
        self._readable = self._loop.create_future()
        await self._readable

    def _on_readable(self) -> None:
        if self._readable is not None and not self._readable.done():
            self._readable.set_result(None)


def _set(future: "Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _error(result: PGresult) -> Error:
    """What was refused, in the server's words without the values it was about."""
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"the connection broke").decode(errors="replace")
    try:
        return lookup(state)(message)
    except KeyError:
        return OperationalError(message)
