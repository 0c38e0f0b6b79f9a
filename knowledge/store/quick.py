"""Single statements that only read, on connections of their own that cannot write.

The few reads that happen on every call come here: who is calling, what is on the shelf. Those asked while others are on
their way go together, in one exchange with the server, which is most of what such a read costs. Their rows come as one
JSON text, which the C parser reads at once, where every value by itself would pass through Python. All others stay with
`Database`.
"""

import asyncio
import json
from asyncio import Future, Task
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg import Error, InterfaceError, OperationalError

from knowledge.store.lines import Lines
from policies.errors import Unavailable

WITHIN: Final = 5.0  # seconds, waiting for a free connection included: these reads are by key, and longer means stuck
_SLOW: Final = 0.02  # seconds; whoever asks while an exchange lasts longer than this is not made to wait for its end
_OPTIONS: Final = "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO,YMD -c statement_timeout=5000"

Row = dict[str, Any]
"""Columns by name, as JSON has them: whole numbers, text, booleans, lists; times as ISO 8601 text."""


@dataclass(slots=True)
class _Question:
    statement: bytes
    parameters: tuple[str, ...]
    answer: "Future[list[Row]]"


class QuickReads:
    """Reads by key.

    Args:
        url: The database's.
        pool: How many exchanges at once.
    """

    def __init__(self, url: str, *, pool: int = 4) -> None:
        self._lines = Lines(url, _OPTIONS, most=pool)
        self._most = pool
        self._whole: dict[str, bytes] = {}
        self._waiting: list[_Question] = []
        self._turns: dict[Task[None], list[_Question]] = {}  # with what each is asking
        self._slow: set[Task[None]] = set()

    async def rows(self, statement: LiteralString, *parameters: str) -> list[Row]:
        """The rows one SELECT finds right now, in its order; its parameters are text, as `$1`, `$2`.

        Raises:
            Unavailable: The database does not answer.
        """
        whole = self._whole.get(statement)
        if whole is None:
            told = f"SELECT json_agg(found) FROM ({statement}) AS found"  # noqa: S608  # a literal of ours, by its type
            whole = self._whole[statement] = told.encode()
        loop = asyncio.get_running_loop()
        question = _Question(whole, parameters, loop.create_future())
        self._waiting.append(question)
        self._begin()
        timer = loop.call_later(WITHIN, _too_late, question.answer)
        try:
            return await question.answer
        except (OperationalError, InterfaceError, TimeoutError) as error:
            self._hang_up_for_nobody()
            raise Unavailable("The database does not answer.", code="database.unavailable") from error
        except asyncio.CancelledError:
            self._hang_up_for_nobody()
            raise
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Let go of every connection; no more are opened."""
        await asyncio.gather(*self._turns, return_exceptions=True)
        await self._lines.close()

    def _begin(self) -> None:
        """Have what waits asked soon, unless somebody is about to."""
        if self._waiting and len(self._slow) == len(self._turns) < self._most:
            turn = asyncio.create_task(self._take_turns(), name="quick reads")
            self._turns[turn] = []
            turn.add_done_callback(self._ended)

    async def _take_turns(self) -> None:
        turn = asyncio.current_task()
        assert turn is not None  # noqa: S101  # it was made as one
        loop = asyncio.get_running_loop()
        while self._waiting:
            asked = [each for each in self._waiting if not each.answer.done()]
            self._waiting.clear()
            self._turns[turn] = asked
            timer = loop.call_later(_SLOW, self._is_slow, turn)
            try:
                await self._ask(asked)
            finally:
                timer.cancel()
                self._slow.discard(turn)

    async def _ask(self, asked: Sequence[_Question]) -> None:
        if not asked:
            return
        try:
            try:
                found = await self._read(asked)
            except (OperationalError, InterfaceError):
                # a connection may have died since its last use; a read may be asked again, of another one
                found = await self._read(asked)
        except Error as error:
            if len(asked) == 1 or isinstance(error, OperationalError | InterfaceError):
                for each in asked:
                    if not each.answer.done():
                        each.answer.set_exception(error)
            else:  # one of them is wrong, and only whoever asked it must hear so
                for each in asked:
                    await self._ask([each])
            return
        for each, rows in zip(asked, found, strict=True):
            if not each.answer.done():
                each.answer.set_result(rows)

    async def _read(self, asked: Sequence[_Question]) -> list[list[Row]]:
        async with self._lines.borrow(WITHIN) as line:
            for each in asked:
                line.send(each.statement, each.parameters)
            answers = await line.answers()
        values = [answer.get_value(0, 0) for answer in answers]
        return [[] if value is None else json.loads(value) for value in values]

    def _is_slow(self, turn: "Task[None]") -> None:
        self._slow.add(turn)
        self._begin()

    def _hang_up_for_nobody(self) -> None:
        """Stop what only those asked who have left."""
        for turn, asked in self._turns.items():
            if asked and all(each.answer.done() for each in asked):
                turn.cancel()

    def _ended(self, turn: "Task[None]") -> None:
        """A turn is over; what broke it, if anything, is told to those it was asking for."""
        self._slow.discard(turn)
        asked = self._turns.pop(turn)
        error = None if turn.cancelled() else turn.exception()
        for each in asked:
            if not each.answer.done():
                each.answer.set_exception(error or TimeoutError())
        self._begin()


def _too_late(answer: "Future[list[Row]]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
