"""Stop switches: one agent, one location, everything. Thrown by a person, in force from the next decision on.

Deciding asks for them inside its own transaction, and so does carrying out, so nobody has to be told.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from tools.action_row import actor_facts
from tools.audit.entry import Entry
from tools.audit.ledger import append

Scope = Literal["agent", "location", "all"]

_THROW: Final = text(
    """
    INSERT INTO halt (scope, name, reason, set_by, set_at) VALUES (:scope, :name, :reason, :by, :at)
    ON CONFLICT (scope, name) WHERE lifted_at IS NULL DO NOTHING RETURNING id
    """
)
_LIFT: Final = text(
    """
    UPDATE halt SET lifted_by = :by, lifted_at = :at WHERE scope = :scope AND name = :name AND lifted_at IS NULL
    RETURNING id
    """
)
_IN_FORCE: Final = text(
    "SELECT scope, name, reason, set_by, set_at FROM halt WHERE lifted_at IS NULL ORDER BY set_at, id"
)
_KNOWN: Final = text(
    """
    SELECT EXISTS (SELECT FROM action WHERE actor_id = :name)
        OR EXISTS (SELECT FROM credential WHERE actor_id = :name OR on_behalf_of = :name)
    """
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A switch that is thrown; `name` is the agent's or the location's, "" for everything."""

    scope: Scope
    name: str
    reason: str
    set_by: str
    set_at: datetime


async def throw(  # noqa: PLR0913  # what is stopped, by whom, why and when
    connection: Connection, scope: Scope, name: str, *, by: Actor, reason: str, at: datetime
) -> None:
    """Stop it; stopping what is stopped changes nothing.

    Raises:
        Refused: No reason is given.
    """
    _reasoned(reason)
    told = {"scope": scope, "name": name, "reason": reason, "by": by.id, "at": at}
    if (await connection.execute(_THROW, told)).one_or_none() is not None:
        await append(connection, [_entry("stopped", scope, name, by, reason, at)])


async def lift(  # noqa: PLR0913  # the same
    connection: Connection, scope: Scope, name: str, *, by: Actor, reason: str, at: datetime
) -> None:
    """Start it again.

    Raises:
        Refused: No reason is given.
        NotFound: It is not stopped.
    """
    _reasoned(reason)
    found = await connection.execute(_LIFT, {"scope": scope, "name": name, "by": by.id, "at": at})
    if found.one_or_none() is None:
        raise NotFound("That is not stopped.", code="stop.unknown", hint="tillhand stop list", field="name")
    await append(connection, [_entry("started", scope, name, by, reason, at)])


async def in_force(connection: Connection) -> list[Stop]:
    """Every switch that is thrown, oldest first."""
    rows = await connection.execute(_IN_FORCE)
    return [Stop(row.scope, row.name, row.reason, row.set_by, row.set_at) for row in rows]


async def known_agent(connection: Connection, name: str) -> bool:
    """Whether anybody of this name ever proposed something or holds a key: a misspelt name would stop nobody."""
    return bool((await connection.execute(_KNOWN, {"name": name})).scalar_one())


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise Refused("Say why: whoever comes after you needs to know.", code="reason.missing", field="reason")


def _entry(step: str, scope: str, name: str, by: Actor, reason: str, at: datetime) -> Entry:  # noqa: PLR0913, PLR0917
    body = {"step": step, "scope": scope, "name": name, "by": actor_facts(by), "reason": reason}
    return Entry("stop", at, {**body, "sentence": f"{by.id} {step} AI: {scope} {name}".strip() + f". {reason}"})
