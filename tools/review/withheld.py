"""What was worth offering in the week and was withheld, so that what offers change can be told."""

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.review.week import Week

_WITHHELD = text(
    """
    SELECT count(*) FILTER (WHERE CAST(choice ->> 'held_out' AS boolean)) AS held_out,
           count(*) FILTER (WHERE NOT CAST(choice ->> 'held_out' AS boolean)) AS drawn
    FROM withheld WHERE at >= :begins AND at < :ends AND choice -> 'arms' @> '[{"arm": "lead"}]'
    """
)


async def withheld(connection: Connection, week: Week) -> dict[str, int] | None:
    """Occasions withheld from held-out customers, and by the draw; `None` when there were none."""
    row = (await connection.execute(_WITHHELD, {"begins": week.begins, "ends": week.ends})).one()
    return {"held_out": row.held_out, "drawn": row.drawn} if row.held_out or row.drawn else None
