"""Statements on one connection, inside a transaction or each by itself."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

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


class Result(IteratorResult[Any]):
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
        self._unread = 0  # answers nobody waits for, still to come
        self._cursors = 0

    async def execute(
        self, statement: ClauseElement | str, parameters: Parameters | Sequence[Parameters] | None = None
    ) -> Result:
        """Run a statement, or once for each of several sets of parameters, and return the last one's rows.

        Raises:
            psycopg.Error: It, or one that was posted before it, was refused.
        """
        each = parameters if isinstance(parameters, Sequence) else [parameters or {}]
        if not each:
            return Result((), [], 0)
        read = read_statement(statement, None if parameters is None else [*each[0]])
        for values in each:
            self._send(read, values)
        answers = await self._answers()
        return self._result(answers[-1])

    def post(self, statement: ClauseElement | str, parameters: Parameters) -> None:
        """Run a statement of a transaction whose answer nobody needs: it goes with the next one that is waited for.

        If it is refused, that one raises.
        """
        self._send(read_statement(statement, [*parameters]), parameters)
        self._unread += 1

    async def tuples(self, statement: ClauseElement, parameters: Parameters) -> list[tuple[Any, ...]]:
        """The rows as bare tuples, sent in binary: for a great many of them."""
        read = read_statement(statement)
        self._send(read, parameters, binary=True)
        (answer,) = await self._answers()
        return self._line.rows(answer)

    async def partitions(
        self, statement: ClauseElement, parameters: Parameters, size: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """The rows of a transaction's SELECT, this many at a time, however many there are."""
        self._cursors += 1
        name = f"rows_{self._cursors}".encode()
        read = read_statement(statement)
        declared = Statement(
            b"DECLARE " + name + b" NO SCROLL CURSOR FOR " + read.sql, read.names, read.fixed, read.told
        )
        self._send(declared, parameters)
        await self._answers()
        fetch = Statement(b"FETCH %d FROM %s" % (size, name), (), {}, {})
        while True:
            self._send(fetch, {})
            (answer,) = await self._answers()
            if answer.ntuples:
                yield self._result(answer).all()
            if answer.ntuples < size:
                break
        self._send(Statement(b"CLOSE " + name, (), {}, {}), {})
        await self._answers()

    async def commit(self) -> None:
        """Make what was said here true.

        Raises:
            psycopg.Error: Something posted was refused, or something refused was overlooked: nothing became true.
        """
        if not self._begun:
            return
        self._line.send(_COMMIT)
        answer = (await self._line.answers())[-1]
        self._begun = False
        if answer.command_status == _ROLLBACK:
            raise InFailedSqlTransaction("a statement of this transaction was refused before")

    async def roll_back(self) -> None:
        """Take back what was said here."""
        if not self._begun or self._line.broken:
            return
        self._begun = False
        self._line.send(_ROLLBACK)
        try:
            await self._line.answers()
        except Error:  # something posted was refused, and what came after it not looked at
            self._line.send(_ROLLBACK)
            await self._line.answers()

    def _send(self, statement: Statement, values: Parameters, *, binary: bool = False) -> None:
        if self._whole and not self._begun:
            self._begun = True
            self._line.send(_BEGIN)
            self._unread += 1
        self._line.send(statement.sql, statement.values(values), binary=binary)

    async def _answers(self) -> list[PGresult]:
        """The answers of what was sent, but for those nobody waits for."""
        unread, self._unread = self._unread, 0
        return (await self._line.answers())[unread:]

    def _result(self, answer: PGresult) -> Result:
        names = tuple((answer.fname(number) or b"").decode() for number in range(answer.nfields))
        rows = self._line.rows(answer)
        return Result(names, rows, len(rows) if names else answer.command_tuples or 0)
