"""How a write of ours ended that was begun before: carried out, not carried out, nobody knows, not yet, or asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.actions.stock_sync import StockSync
from policies.vocabulary.ids import ActionId
from tools.action_row import find
from tools.mirroring.shelf import Side, after_unknown_end
from tools.mirroring.state import Kept, Write

End = Literal["done", "not_done", "unknown", "open", "waiting"]
Ended = tuple[End, StockSync | None]
_FAILED = text("SELECT entry FROM ledger WHERE action_id = :action AND kind = 'failed' ORDER BY seq DESC LIMIT 1")


async def ended(connection: Connection, action: str) -> Ended:
    """How it ended, and what it was; `waiting` is one a manager has not answered, which may still be withdrawn.

    What was never proposed, for its process died first, was not done, and nobody knows what it was.
    """
    row = await find(connection, ActionId(action))
    if row is None or not isinstance(row.action, StockSync):
        return "not_done", None
    if row.state in {"executed", "undone"}:
        return "done", row.action
    if row.state == "waiting":
        return "waiting", row.action
    if row.state in {"allowed", "executing"}:
        return "open", row.action
    if row.state != "failed":
        return "not_done", row.action
    told = (await connection.execute(_FAILED, {"action": action})).scalar_one_or_none()
    unknown = told is None or json.loads(told)["body"].get("effect") != "none"
    return ("unknown" if unknown else "not_done"), row.action


@dataclass(frozen=True, slots=True)
class Earlier:
    """A write begun before this look.

    Attributes:
        moved: By how many units it changed the count we had kept.
        sure: Whether that is certain.
        asks: Where, from what and to what it moves a count, when a manager is asked.
    """

    write: Write
    end: End
    moved: int
    sure: bool
    asks: tuple[str, int, int] | None


def side_of(sku: str, place: str, reading: int, kept: Kept, ends: Mapping[str, Ended]) -> tuple[Side, Earlier | None]:
    """A side with what is to be taken in of it, and the write that was still open there, if there was one."""
    row = kept.counts.get((sku, place))
    if row is None or not row.pending:
        return Side(place, None if row is None else row.counted, reading), None
    end, action = ends[row.pending]
    delta = 0 if action is None else action.delta
    counted, sure = row.counted + (delta if end == "done" else 0), True
    if end == "unknown":
        counted, sure = after_unknown_end(row.counted, delta, reading)
    asks = (place, action.before, action.after) if end == "waiting" and action is not None else None
    moved = delta if end == "done" else 0
    return Side(place, counted, reading), Earlier(Write(sku, place, row.pending, delta), end, moved, sure, asks)
