"""What the ledger says of privacy requests, and which of them no backup can undo any more."""

import json
from datetime import datetime

from sqlalchemy import text

from knowledge.store.connection import Connection

_DONE = text("SELECT entry FROM ledger WHERE kind = 'privacy' AND correlation_id = :id ORDER BY seq DESC")
_WAITING = text(
    "SELECT count(*) FROM privacy_request WHERE done_at IS NOT NULL AND kind <> 'access' AND shredded_at IS NULL"
)
_SHREDDED = text(
    "UPDATE privacy_request SET shredded_at = :at"
    " WHERE done_at IS NOT NULL AND kind <> 'access' AND shredded_at IS NULL"
)


async def unshredded(connection: Connection) -> int:
    """How many erasures are done, and still told of by backups."""
    return int((await connection.execute(_WAITING)).scalar_one())


async def recorded_digest(connection: Connection, request: str) -> str:
    """The digest of its receipt as it was recorded when the request was done; "" when it was not."""
    for entry in (await connection.execute(_DONE, {"id": request})).scalars():
        body = json.loads(entry)["body"]
        if body["step"] == "done":
            return str(body["receipt"])
    return ""


async def shredded(connection: Connection, at: datetime) -> int:
    """The keys of every erasure done until now are destroyed; returns how many had waited for it."""
    return int((await connection.execute(_SHREDDED, {"at": at})).rowcount)
