"""The ledger's rows in the order of their numbers, some thousands at a time, straight from the driver.

A million rows through SQLAlchemy cost twice what everything else about them does.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from psycopg import AsyncConnection as Driver
from sqlalchemy.ext.asyncio import AsyncConnection

_AT_ONCE: Final = 5_000  # some MiB: more saves nothing
_SELECT: Final = """
    SELECT seq, at, kind, action_id, correlation_id, entry, previous, hash
    FROM ledger WHERE seq > %s ORDER BY seq LIMIT %s
"""
_EARLIEST: Final = -(2**63)


class LedgerRow(NamedTuple):
    """One row, as it is kept."""

    seq: int
    at: datetime
    kind: str
    action: str
    correlation: str
    entry: str
    previous: str
    hash: str


async def ledger_rows(connection: AsyncConnection) -> AsyncGenerator[Sequence[LedgerRow]]:
    """Every row there is, those added while reading too."""
    raw = await connection.get_raw_connection()
    driver = cast("Driver[tuple[Any, ...]]", raw.driver_connection)  # the one driver we have
    after = _EARLIEST
    while True:
        async with driver.cursor(binary=True) as cursor:
            await cursor.execute(_SELECT, (after, _AT_ONCE), prepare=True)
            # plain tuples: to name a million of them costs a second, and whoever reads them unpacks them
            rows = cast("list[LedgerRow]", await cursor.fetchall())
        yield rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]
