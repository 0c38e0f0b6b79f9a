"""How a write of ours ended that somebody began before: carried out, not carried out, nobody knows, or not yet."""

import json
from typing import Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.actions.stock_sync import StockSync
from policies.vocabulary.ids import ActionId
from tools.action_row import find

End = Literal["done", "not_done", "unknown", "open"]
_FAILED = text("SELECT entry FROM ledger WHERE action_id = :action AND kind = 'failed' ORDER BY seq DESC LIMIT 1")


async def ended(connection: Connection, action: str) -> tuple[End, int]:
    """How it ended, and by how many units it would have moved the count.

    What was never proposed, for its process died first, was not done.
    """
    row = await find(connection, ActionId(action))
    if row is None or not isinstance(row.action, StockSync):
        return "not_done", 0
    if row.state in {"executed", "undone"}:
        return "done", row.action.delta
    if row.state in {"waiting", "allowed", "executing"}:
        return "open", row.action.delta
    if row.state != "failed":
        return "not_done", row.action.delta
    told = (await connection.execute(_FAILED, {"action": action})).scalar_one_or_none()
    unknown = told is None or json.loads(told)["body"].get("effect") != "none"
    return ("unknown" if unknown else "not_done"), row.action.delta
