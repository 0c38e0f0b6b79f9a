"""The ledger's rows in the order of their numbers, some thousands at a time."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from sqlalchemy import text

from knowledge.store.connection import Connection

_AT_ONCE: Final = 5_000  # some MiB: more saves nothing
_SELECT: Final = text(
    """
    SELECT seq, at, kind, action_id, correlation_id, entry, previous, hash
    FROM ledger WHERE seq > :after ORDER BY seq LIMIT :most
    """
)
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


async def ledger_rows(connection: Connection) -> AsyncGenerator[Sequence[LedgerRow]]:
    """Every row there is, those added while reading too."""
    after = _EARLIEST
    while True:
        # plain tuples: to name a million of them costs a second, and whoever reads them unpacks them
        rows = cast("list[LedgerRow]", await connection.tuples(_SELECT, {"after": after, "most": _AT_ONCE}))
        yield rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]
