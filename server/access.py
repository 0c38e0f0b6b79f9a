"""Credentials: a key shown once, kept as a digest, that makes its bearer an actor."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from knowledge.store.session import Database, utc_now
from knowledge.store.tables import credential
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId

_PREFIX = "th_"
_REMEMBERED_FOR = timedelta(seconds=5)  # a revoked key may work this long in a process that has just seen it
_REMEMBERED = 10_000  # keys


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential, without its key."""

    digest: str
    actor_id: str
    role: Role
    locations: tuple[LocationId, ...] | None
    model: bool
    created_at: datetime
    revoked_at: datetime | None

    @property
    def name(self) -> str:
        """The digest's beginning, enough to tell it from the others."""
        return self.digest[:12]


def digest(key: str) -> str:
    """What is kept of a key. It has 256 random bits, so a plain hash cannot be undone by trying."""
    return hashlib.sha256(key.encode()).hexdigest()


async def authenticate(connection: AsyncConnection, key: str, door: Door) -> Actor:
    """The actor a key belongs to.

    Raises:
        Refused: The key is unknown or revoked; which of the two is not told.
    """
    actor = await recognize(connection, digest(key), door) if key.startswith(_PREFIX) else None
    if actor is None:
        raise Refused(
            "This key is not valid.",
            code="credential.unknown",
            hint="Have the operator make one: tillhand credential add.",
        )
    return actor


async def recognize(connection: AsyncConnection, name: str, door: Door) -> Actor | None:
    """The actor behind a digest, or `None` when there is none or it was revoked."""
    row = (
        await connection.execute(
            select(credential).where(credential.c.digest == name, credential.c.revoked_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        return None
    places = None if row.locations is None else frozenset(LocationId(place) for place in row.locations)
    return Actor(row.actor_id, Role(row.role), places, door, model=row.model)


async def add_credential(  # noqa: PLR0913
    connection: AsyncConnection,
    actor_id: str,
    role: Role,
    locations: Sequence[str] | None,
    *,
    model: bool = False,
    at: datetime,
) -> str:
    """Make a credential and return its key, which nobody can show again."""
    key = _PREFIX + secrets.token_urlsafe(32)
    await connection.execute(
        insert(credential).values(
            digest=digest(key),
            actor_id=actor_id,
            role=role.value,
            locations=None if locations is None else list(locations),
            model=model,
            created_at=at,
        )
    )
    return key


async def list_credentials(connection: AsyncConnection) -> list[Credential]:
    """All of them, oldest first."""
    rows = await connection.execute(select(credential).order_by(credential.c.created_at, credential.c.digest))
    return [
        Credential(
            row.digest,
            row.actor_id,
            Role(row.role),
            None if row.locations is None else tuple(LocationId(place) for place in row.locations),
            row.model,
            row.created_at,
            row.revoked_at,
        )
        for row in rows
    ]


async def revoke_credential(connection: AsyncConnection, name: str, *, at: datetime) -> None:
    """Revoke the credential of this name, as `list_credentials` shows it.

    Raises:
        NotFound: No credential in force has it.
    """
    changed = await connection.execute(
        update(credential)
        .where(credential.c.digest.startswith(name, autoescape=True), credential.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(credential.c.digest)
    )
    if len(name) < 12 or not changed.all():  # noqa: PLR2004  a shorter name could mean several
        raise NotFound(
            "No credential in force has this name.", code="credential.not_found", hint="tillhand credential list"
        )


class Bearers:
    """Tells who sent a request, from its `Authorization: Bearer` header."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self._known: dict[tuple[str, Door], tuple[Actor, datetime]] = {}

    async def actor(self, request: Request, door: Door) -> Actor:
        """The request's actor.

        Raises:
            Refused: No key, or one that is not in force.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused(
                "A key is needed: send it as Authorization: Bearer th_...",
                code="credential.missing",
                hint="Have the operator make one: tillhand credential add.",
            )
        return await self.of_key(key.strip(), door)

    async def of_key(self, key: str, door: Door) -> Actor:
        """The actor of a key, asked of the database at most every few seconds.

        Raises:
            Refused: It is not in force.
        """
        known = self._known.get((digest(key), door))
        if known is not None and self._now() - known[1] < _REMEMBERED_FOR:
            return known[0]
        async with self._database.reading() as connection:
            actor = await authenticate(connection, key, door)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[(digest(key), door)] = (actor, self._now())
        return actor
