"""Credentials: a key shown once and kept as a digest; made, narrowed, replaced and revoked here."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from knowledge.store.connection import Connection
from knowledge.store.governance_tables import signed_out
from knowledge.store.tables import credential
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import REGISTER_DOORS, TOOLSETS, Role
from policies.vocabulary.ids import LocationId

PREFIX: Final = "th_"
_NAME_LENGTH: Final = 12  # hexadecimal digits of a digest; a shorter name could mean several


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential, without its key.

    Attributes:
        on_behalf_of: The person its bearer works for, whose own credential bounds this one; "" for nobody.
        toolsets: What it is narrowed to; `None`: everything its role may use.
        expires_at: From then on it opens nothing; `None`: until it is revoked.
    """

    digest: str
    actor_id: str
    role: Role
    locations: tuple[LocationId, ...] | None
    model: bool
    on_behalf_of: str
    toolsets: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def name(self) -> str:
        """The digest's beginning, enough to tell it from the others."""
        return self.digest[:_NAME_LENGTH]

    def in_force(self, at: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


def digest(key: str) -> str:
    """What is kept of a key. It has 256 random bits, so a plain hash cannot be undone by trying."""
    return hashlib.sha256(key.encode()).hexdigest()


async def add_credential(  # noqa: PLR0913
    connection: Connection,
    actor_id: str,
    role: Role,
    locations: Sequence[str] | None,
    *,
    model: bool = False,
    on_behalf_of: str = "",
    toolsets: Sequence[str] | None = None,
    lasts: timedelta | None = None,
    at: datetime,
) -> str:
    """Make a credential and return its key, which nobody can show again.

    Args:
        connection: The transaction it becomes part of.
        actor_id: A stable name; the same person has the same everywhere.
        role: What the bearer is.
        locations: Where; `None` for everywhere.
        model: Whether a language model uses it.
        on_behalf_of: A person who holds a credential of this role; the new one never allows more than theirs, ends
            with it, and counts as a model's.
        toolsets: What it is good for; `None` for all its role may use.
        lasts: From now on; `None` for until it is revoked.
        at: Now.

    Raises:
        Refused: A toolset does not exist, it would last no time, or the person holds no such credential.
    """
    unknown = set(toolsets or ()) - TOOLSETS - {REGISTER_DOORS}
    if unknown:
        raise Refused(
            f"There is no toolset {min(unknown)}.",
            code="credential.toolset",
            hint=f"Toolsets are {', '.join(sorted(TOOLSETS | {REGISTER_DOORS}))}.",
            field="toolset",
        )
    if lasts is not None and lasts <= timedelta(0):
        raise Refused("A credential lasts some time.", code="credential.lasts", field="days")
    if on_behalf_of:
        await _expect_person(connection, on_behalf_of, role, at)
    return await _insert(
        connection,
        actor_id=actor_id,
        role=role.value,
        locations=None if locations is None else list(locations),
        model=model or bool(on_behalf_of),
        on_behalf_of=on_behalf_of,
        toolsets=None if toolsets is None else sorted(set(toolsets)),
        created_at=at,
        expires_at=None if lasts is None else at + lasts,
    )


async def list_credentials(connection: Connection) -> list[Credential]:
    """All of them, oldest first."""
    rows = await connection.execute(select(credential).order_by(credential.c.created_at, credential.c.digest))
    return [_credential(row) for row in rows]


async def rotate_credential(
    connection: Connection, name: str, *, overlap: timedelta = timedelta(0), at: datetime
) -> str:
    """Replace a key by a new one with the same rights, and return it; the old one ends at once, or after `overlap`.

    A credential that was made for a time is renewed for as long.

    Raises:
        NotFound: No credential in force has this name.
        Refused: The overlap is negative.
    """
    if overlap < timedelta(0):
        raise Refused("The old key cannot end before now.", code="credential.overlap", field="overlap")
    row = (await connection.execute(select(credential).where(_named(name, at)).with_for_update())).one_or_none()
    if row is None:
        raise _not_found()
    old = _credential(row)
    ends: dict[str, datetime]
    if overlap:
        ends = {"expires_at": min(old.expires_at, at + overlap) if old.expires_at else at + overlap}
    else:
        ends = {"revoked_at": at}
    await connection.execute(update(credential).where(credential.c.digest == old.digest).values(**ends))
    return await _insert(
        connection,
        actor_id=old.actor_id,
        role=old.role.value,
        locations=None if old.locations is None else list(old.locations),
        model=old.model,
        on_behalf_of=old.on_behalf_of,
        toolsets=None if old.toolsets is None else list(old.toolsets),
        created_at=at,
        expires_at=None if old.expires_at is None else at + (old.expires_at - old.created_at),
    )


async def revoke_credential(connection: Connection, name: str, *, at: datetime) -> None:
    """Revoke the credential of this name, as `list_credentials` shows it.

    Raises:
        NotFound: No credential in force has it.
    """
    changed = await connection.execute(
        update(credential).where(_named(name, at)).values(revoked_at=at).returning(credential.c.digest)
    )
    if not changed.all():
        raise _not_found()


async def sign_out(connection: Connection, subject: str, *, by: str, at: datetime) -> None:
    """Refuse from now on every OAuth token that was issued to this person until now.

    Tokens carry their own validity, so the identity provider cannot call one back; this can.
    """
    told = {"subject": subject, "at": at, "by": by}
    await connection.execute(
        upsert(signed_out).values(told).on_conflict_do_update(index_elements=["subject"], set_={"at": at, "by": by})
    )


async def _expect_person(connection: Connection, person: str, role: Role, at: datetime) -> None:
    held = await connection.execute(
        select(credential.c.digest).where(
            credential.c.actor_id == person,
            credential.c.role == role.value,
            credential.c.on_behalf_of == "",
            credential.c.model.is_(False),
            _in_force(at),
        )
    )
    if not role.person or held.first() is None:
        raise Refused(
            f"No person of the role {role} holds a credential by that name.",
            code="credential.person",
            hint="Make theirs first: tillhand credential add.",
            field="for",
        )


async def _insert(connection: Connection, **values: Any) -> str:
    key = PREFIX + secrets.token_urlsafe(32)
    await connection.execute(insert(credential).values(digest=digest(key), **values))
    return key


def _in_force(at: datetime) -> ColumnElement[bool]:
    lasting = or_(credential.c.expires_at.is_(None), credential.c.expires_at > at)
    return and_(credential.c.revoked_at.is_(None), lasting)


def _named(name: str, at: datetime) -> ColumnElement[bool]:
    """The one credential in force of this name; none when the name is too short to mean one."""
    if len(name) < _NAME_LENGTH:
        raise _not_found()
    return and_(credential.c.digest.startswith(name, autoescape=True), _in_force(at))


def _not_found() -> NotFound:
    return NotFound(
        "No credential in force has this name.", code="credential.not_found", hint="tillhand credential list"
    )


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        row.digest,
        row.actor_id,
        Role(row.role),
        None if row.locations is None else tuple(LocationId(place) for place in row.locations),
        row.model,
        row.on_behalf_of,
        None if row.toolsets is None else tuple(row.toolsets),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
