"""Reading much at once, row by row, in one transaction: a month, where everything else reads a moment."""

from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection

_SETTINGS: Final = (
    "SET LOCAL statement_timeout = '10min'",  # longer than any statement of a running shop may take
    # All rows are wanted, not the first few soon: without this a cursor is planned for its first tenth, and looks each
    # row's partners up one by one, for minutes.
    "SET LOCAL cursor_tuple_fraction = 1.0",
    "SET LOCAL enable_nestloop = off",
)


async def settle_in(connection: Connection) -> None:
    """Have the transaction's following statements planned for reading everything."""
    for setting in _SETTINGS:
        await connection.execute(text(setting))
