"""What was given up or not understood: kept for a person, and put back when they say so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import Misconfigured, NotFound
from server.queue.inbox import wake

_SET_ASIDE = text(
    """
    SELECT id, source, topic, lane, state, attempts, error, occurred_at, received_at, resource,
           CASE state WHEN 'parked' THEN facts ->> 'name' ELSE '' END AS name
    FROM event WHERE state IN ('dead', 'parked') ORDER BY seq DESC LIMIT :limit
    """
)
_COUNT = text("SELECT state, count(*) AS number FROM event WHERE state IN ('dead', 'parked') GROUP BY state")
_PUT_BACK = text(
    "UPDATE event SET state = 'pending', attempts = 0, error = '' WHERE id = :id AND state = 'dead' RETURNING lane"
)
_PUT_ALL_BACK = text("UPDATE event SET state = 'pending', attempts = 0, error = '' WHERE state = 'dead' RETURNING lane")
_SEALED = text("SELECT sealed FROM event WHERE id = :id AND sealed IS NOT NULL")


@dataclass(frozen=True, slots=True)
class SetAside:
    """One event that needs a person: `dead` after its last attempt, or `parked` because nobody understands it.

    Attributes:
        name: What the source called a parked one.
        error: Code of the last failure.
    """

    id: str
    source: str
    topic: str
    name: str
    lane: str
    state: str
    attempts: int
    error: str
    resource: str
    occurred_at: datetime
    received_at: datetime


async def set_aside(connection: Connection, *, limit: int = 50) -> list[SetAside]:
    """The newest ones."""
    rows = await connection.execute(_SET_ASIDE, {"limit": limit})
    return [
        SetAside(
            row.id,
            row.source,
            row.topic,
            row.name or "",
            row.lane,
            row.state,
            row.attempts,
            row.error,
            row.resource,
            row.occurred_at,
            row.received_at,
        )
        for row in rows
    ]


async def count_set_aside(connection: Connection) -> dict[str, int]:
    """How many are dead, how many parked."""
    return {"dead": 0, "parked": 0, **{row.state: row.number for row in await connection.execute(_COUNT)}}


async def put_back(connection: Connection, event_id: str) -> None:
    """Give a dead letter all its attempts again.

    Raises:
        NotFound: No dead letter has this id.
    """
    lane = (await connection.execute(_PUT_BACK, {"id": event_id})).scalar_one_or_none()
    if lane is None:
        raise NotFound(
            "No dead letter has this id.", code="dead_letter.unknown", hint="tillhand dead-letters list", field="id"
        )
    wake(connection, lane)


async def put_all_back(connection: Connection) -> int:
    """Give every dead letter its attempts again; returns how many there were."""
    lanes: list[Any] = list((await connection.execute(_PUT_ALL_BACK)).scalars())
    for lane in sorted(set(lanes)):
        wake(connection, lane)
    return len(lanes)


async def unseal(connection: Connection, event_id: str, sealer: Fernet) -> bytes:
    """The body of a parked event as it was received; it may hold personal data.

    Raises:
        NotFound: No parked event has this id.
        Misconfigured: It was sealed under another installation's secret.
    """
    sealed = (await connection.execute(_SEALED, {"id": event_id})).scalar_one_or_none()
    if sealed is None:
        raise NotFound("No parked event has this id.", code="parked.unknown", hint="tillhand dead-letters list")
    try:
        return sealer.decrypt(bytes(sealed))
    except InvalidToken as error:
        raise Misconfigured(
            "This event was sealed under another secret.",
            code="secret.changed",
            hint="Restore the secret file it was received under.",
        ) from error
