"""Single statements that only read, on connections of their own that cannot write.

The few reads that happen on every call come here: who is calling, what is on the shelf. Their rows come as one JSON
text, which the C parser reads at once, where every value by itself would pass through Python. All others stay with
`Database`.
"""

import asyncio
import json
from typing import Any, Final, LiteralString

from psycopg import InterfaceError, OperationalError

from knowledge.store.lines import Lines
from policies.errors import Unavailable

WITHIN: Final = 5.0  # seconds, waiting for a free connection included: these reads are by key, and longer means stuck
_OPTIONS: Final = "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO,YMD -c statement_timeout=5000"

Row = dict[str, Any]
"""Columns by name, as JSON has them: whole numbers, text, booleans, lists; times as ISO 8601 text."""


class QuickReads:
    """Reads by key.

    Args:
        url: The database's.
        pool: How many at once.
    """

    def __init__(self, url: str, *, pool: int = 4) -> None:
        self._lines = Lines(url, _OPTIONS, most=pool)
        self._whole: dict[str, bytes] = {}

    async def rows(self, statement: LiteralString, *parameters: str) -> list[Row]:
        """The rows one SELECT finds right now, in its order; its parameters are text, as `$1`, `$2`.

        Raises:
            Unavailable: The database does not answer.
        """
        whole = self._whole.get(statement)
        if whole is None:
            told = f"SELECT json_agg(found) FROM ({statement}) AS found"  # noqa: S608  # a literal of ours, by its type
            whole = self._whole[statement] = told.encode()
        try:
            async with asyncio.timeout(WITHIN):
                try:
                    return await self._read(whole, parameters)
                except (OperationalError, InterfaceError):
                    # a connection may have died since its last use; a read may be asked again, of another one
                    return await self._read(whole, parameters)
        except (OperationalError, InterfaceError, TimeoutError) as error:
            raise Unavailable("The database does not answer.", code="database.unavailable") from error

    async def close(self) -> None:
        """Let go of every connection; no more are opened."""
        await self._lines.close()

    async def _read(self, whole: bytes, parameters: tuple[str, ...]) -> list[Row]:
        async with self._lines.borrow(WITHIN) as line:
            line.send(whole, parameters)
            (answer,) = await line.answers()
        value = answer.get_value(0, 0)
        return [] if value is None else json.loads(value)
