"""Many rows in one statement: a burst costs one round trip, not one per row."""

from collections.abc import Iterable, Mapping

from sqlalchemy import TextClause

from knowledge.store.connection import Connection


async def write_rows(connection: Connection, statement: TextClause, rows: Iterable[Mapping[str, object]]) -> None:
    """Run a statement that reads its parameters with `unnest`, one array per column; nothing for no rows."""
    listed = list(rows)
    if listed:
        await connection.execute(statement, {name: [row[name] for row in listed] for name in listed[0]})
