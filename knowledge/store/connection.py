"""Statements on one connection, inside a transaction or each by itself.

A statement is sent when it is asked and answered when its answer is awaited; all that was asked before then goes to the
server together, and is carried out there in its order.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import Any, Final, Generic, TypeVar, cast

from psycopg import Error
from psycopg.errors import InFailedSqlTransaction
from psycopg.pq.abc import PGresult
from sqlalchemy import ClauseElement
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from knowledge.store.line import Line
from knowledge.store.statement import Parameters, Statement, read_statement

_BEGIN: Final = b"BEGIN"
_COMMIT: Final = b"COMMIT"
_ROLLBACK: Final = b"ROLLBACK"
_NAMES: Final[dict[tuple[str, ...], SimpleResultMetaData]] = {}  # of the columns of every statement there is

T = TypeVar("T")
U = TypeVar("U")


class Result(IteratorResult[*tuple[Any, ...]]):
    """The rows found, to be read in any of SQLAlchemy's ways.

    Attributes:
        rowcount: How many rows were found or changed.
    """

    def __init__(self, names: tuple[str, ...], rows: list[tuple[Any, ...]], rowcount: int) -> None:
        known = _NAMES.get(names)
        if known is None:
            known = _NAMES[names] = SimpleResultMetaData(names)
        super().__init__(known, iter(rows))
        self.rowcount = rowcount


class Asked(Generic[T]):
    """An answer to come; it may be awaited once."""

    def __init__(self, connection: "Connection", read: Callable[[PGresult], T]) -> None:
        self._connection = connection
        self._read: Callable[[PGresult], Any] = read
        self.answer: PGresult | None = None

    def into(self, read: Callable[[T], U]) -> "Asked[U]":
        """The same answer, read further. Only what this returns is awaited."""
        before = self._read

        def further(answer: PGresult) -> U:
            return read(before(answer))

        self._read = further
        return cast("Asked[U]", self)

    def __await__(self) -> Generator[Any, None, T]:
        """What was found.

        Raises:
            psycopg.Error: The statement, or one that was sent before it, was refused.
        """
        if self.answer is None:
            yield from self._connection.settle().__await__()
        if self.answer is None:
            raise InFailedSqlTransaction("a statement before this one was refused")
        return self._read(self.answer)


class Connection:
    """One caller's connection.

    Args:
        line: The wire, which nobody else uses meanwhile.
        whole: Everything said here is one transaction; else each statement is one.
    """

    def __init__(self, line: Line, *, whole: bool) -> None:
        self._line = line
        self._whole = whole
        self._begun = False
        self._asked: list[Asked[Any] | None] = []  # whose answers come next; `None` for those nobody waits for
        self._cursors = 0

    def ask(self, statement: ClauseElement | str, parameters: Parameters | None = None) -> Asked[Result]:
        """Send a statement; await what this returns for its rows."""
        return self._ask(read_statement(statement, [*parameters] if parameters else None), parameters or {})

    async def execute(
        self, statement: ClauseElement | str, parameters: Parameters | Sequence[Parameters] | None = None
    ) -> Result:
        """Run a statement, or once for each of several sets of parameters, and return the last one's rows.

        Raises:
            psycopg.Error: It, or one that was sent before it, was refused.
        """
        if not isinstance(parameters, Sequence):
            return await self.ask(statement, parameters)
        if not parameters:
            return Result((), [], 0)
        read = read_statement(statement, [*parameters[0]])
        for values in parameters[:-1]:
            self._send(read, values, None)
        return await self._ask(read, parameters[-1])

    def post(self, statement: ClauseElement | str, parameters: Parameters) -> None:
        """Run a statement of a transaction whose answer nobody needs; what is awaited next raises if it is refused."""
        assert self._whole  # noqa: S101  # or nothing might ever be awaited
        self._send(read_statement(statement, [*parameters]), parameters, None)

    async def tuples(self, statement: ClauseElement, parameters: Parameters) -> list[tuple[Any, ...]]:
        """The rows as bare tuples, sent in binary: for a great many of them."""
        asked = Asked(self, self._line.rows)
        self._send(read_statement(statement), parameters, asked, binary=True)
        return await asked

    async def partitions(
        self, statement: ClauseElement, parameters: Parameters, size: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """The rows of a transaction's SELECT, this many at a time, however many there are."""
        self._cursors += 1
        name = f"rows_{self._cursors}".encode()
        read = read_statement(statement)
        cursor = b"DECLARE " + name + b" NO SCROLL CURSOR FOR "
        self._send(Statement(cursor + read.sql, read.names, read.fixed, read.told), parameters, None)
        fetch = Statement(b"FETCH %d FROM %s" % (size, name), (), {}, {})
        while True:
            rows = (await self._ask(fetch, {})).all()
            if rows:
                yield rows
            if len(rows) < size:
                break
        self.post((b"CLOSE " + name).decode(), {})

    async def commit(self) -> None:
        """Make what was said here true.

        Raises:
            psycopg.Error: Something posted was refused, or something refused was overlooked: nothing became true.
        """
        if not self._begun:
            return
        committed = Asked(self, lambda answer: answer.command_status)
        self._send(Statement(_COMMIT, (), {}, {}), {}, committed)
        status = await committed
        self._begun = False
        if status == _ROLLBACK:
            raise InFailedSqlTransaction("a statement of this transaction was refused before")

    async def roll_back(self) -> None:
        """Take back what was said here."""
        if not self._begun or self._line.broken:
            return
        self._begun = False
        self._asked.clear()
        self._line.send(_ROLLBACK)
        try:
            await self._line.answers()
        except Error:  # something posted was refused, and what came after it not looked at
            self._line.send(_ROLLBACK)
            await self._line.answers()

    async def settle(self) -> None:
        """Have everything sent so far answered.

        Raises:
            psycopg.Error: Something of it was refused.
        """
        asked, self._asked = self._asked, []
        for each, answer in zip(asked, await self._line.answers(), strict=True):
            if each is not None:
                each.answer = answer

    def _ask(self, statement: Statement, values: Parameters) -> Asked[Result]:
        asked = Asked(self, self._result)
        self._send(statement, values, asked)
        return asked

    def _send(
        self, statement: Statement, values: Parameters, asked: Asked[Any] | None, *, binary: bool = False
    ) -> None:
        given = statement.values(values)
        if self._whole and not self._begun:
            self._line.send(_BEGIN)
            self._begun = True
            self._asked.append(None)
        self._line.send(statement.sql, given, binary=binary)
        self._asked.append(asked)

    def _result(self, answer: PGresult) -> Result:
        names = tuple((answer.fname(number) or b"").decode() for number in range(answer.nfields))
        rows = self._line.rows(answer)
        return Result(names, rows, len(rows) if names else answer.command_tuples or 0)
