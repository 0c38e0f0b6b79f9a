"""Which register stands where, who a platform's user is, and who may approve there by PIN: what IT told, kept.

What a person may do is said by their credential alone, so that ending it ends their part at every register too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.quick import QuickReads
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import REGISTER_DOORS, Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.pos.pin import KeptPin

AT_COUNTER: Final = frozenset({Role.ASSOCIATE, Role.MANAGER})
_OWN: Final = """
    SELECT actor_id, role, locations, toolsets FROM credential
    WHERE actor_id = {whose} AND NOT model AND on_behalf_of = '' AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > {at}) ORDER BY created_at DESC, digest LIMIT 1
"""
_SIGNED_IN: Final = f"""
    SELECT device.location_id, own.actor_id, own.role, own.locations, own.toolsets
    FROM (SELECT 1) AS one
    LEFT JOIN pos_register AS device ON device.device = $1
    LEFT JOIN pos_person AS person ON person.subject = $2
    LEFT JOIN LATERAL ({_OWN.format(whose="person.actor_id", at="CAST($3 AS timestamptz)")}) AS own ON true
"""  # noqa: S608  # our own texts
_MANAGERS: Final = f"""
    SELECT own.actor_id, own.role, own.locations, own.toolsets, pin.salt, pin.digest FROM pos_pin AS pin
    JOIN LATERAL ({_OWN.format(whose="pin.actor_id", at=":at")}) AS own ON own.role = 'manager'
    WHERE own.locations IS NULL OR CAST(:location AS varchar) = ANY(own.locations) ORDER BY own.actor_id
"""  # noqa: S608  # the same
_MANAGERS_OF: Final = text(_MANAGERS)
_HOLDS: Final = text(_OWN.format(whose=":actor", at=":at"))
_PUT_REGISTER: Final = text(
    """
    INSERT INTO pos_register (device, location_id, made_by, made_at) VALUES (:device, :location, :by, :at)
    ON CONFLICT (device) DO UPDATE SET location_id = :location, made_by = :by, made_at = :at
    """
)
_PUT_PERSON: Final = text(
    """
    INSERT INTO pos_person (subject, actor_id, made_by, made_at) VALUES (:subject, :actor, :by, :at)
    ON CONFLICT (subject) DO UPDATE SET actor_id = :actor, made_by = :by, made_at = :at
    """
)
_PUT_PIN: Final = text(
    """
    INSERT INTO pos_pin (actor_id, salt, digest, made_by, made_at) VALUES (:actor, :salt, :digest, :by, :at)
    ON CONFLICT (actor_id) DO UPDATE SET salt = :salt, digest = :digest, made_by = :by, made_at = :at
    """
)
_UNLOCK: Final = text("DELETE FROM pos_attempt WHERE scope = 'manager' AND name = :actor")
_DROP: Final = {
    "register": text("DELETE FROM pos_register WHERE device = :name RETURNING device"),
    "user": text("DELETE FROM pos_person WHERE subject = :name RETURNING subject"),
    "pin": text("DELETE FROM pos_pin WHERE actor_id = :name RETURNING actor_id"),
}
_SHOW: Final = text(
    """
    SELECT 'register' AS what, device AS name, location_id AS told, made_by, made_at FROM pos_register
    UNION ALL SELECT 'user', subject, actor_id, made_by, made_at FROM pos_person
    UNION ALL SELECT 'pin', actor_id, '', made_by, made_at FROM pos_pin ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class Counter:
    """Who stands at which register, and where it is.

    Attributes:
        device: The register, as its platform numbers it.
    """

    actor: Actor
    device: str
    location: LocationId


@dataclass(frozen=True, slots=True)
class Approver:
    """A manager of a location who has a PIN."""

    actor: Actor
    pin: KeptPin


async def find_counter(quick: QuickReads, device: str, subject: str, at: datetime) -> Counter:
    """The person a platform's user is, at a register that is known, where both may be.

    Args:
        quick: Reads.
        device: As the register names itself: it only picks among the registers IT told of.
        subject: The user, as a checked session token says.
        at: Now.

    Raises:
        Refused: `pos.register`, `pos.person`, `access.role`, `access.scope` or `access.outside_locations`.
    """
    (row,) = await quick.rows(_SIGNED_IN, device, subject, at.isoformat())
    if row["location_id"] is None:
        raise Refused(
            "This register is not known here.",
            code="pos.register",
            hint=f"Have IT run: tillhand pos register {device} --location CODE.",
            field="device",
        )
    if row["actor_id"] is None:
        raise Refused(
            "Nobody here is known as this user of the register.",
            code="pos.person",
            hint=f"Have IT run: tillhand pos user {subject} ACTOR, with a credential in force.",
        )
    actor, location = _actor(row), LocationId(row["location_id"])
    if actor.role not in AT_COUNTER:
        raise Refused(
            "Only associates and managers work at a register.",
            code="access.role",
            hint="Sign in at the register as one of them.",
        )
    if actor.toolsets is not None and REGISTER_DOORS not in actor.toolsets:
        raise Refused(
            "This person's credential is not for registers.",
            code="access.scope",
            hint=f"It needs the toolset {REGISTER_DOORS}, or none.",
        )
    if not actor.covers(location):
        raise Refused(
            "This register stands where you may not act.",
            code="access.outside_locations",
            hint="Have IT add the location to your credential, or register the device anew where it stands.",
        )
    return Counter(actor, device, location)


async def approvers_at(connection: Connection, location: LocationId, at: datetime) -> list[Approver]:
    """Managers of a location who have a PIN, by name."""
    rows = await connection.execute(_MANAGERS_OF, {"location": location, "at": at})
    return [Approver(_actor(row), KeptPin(bytes(row["salt"]), bytes(row["digest"]))) for row in rows.mappings()]


async def put_register(connection: Connection, device: str, location: LocationId, *, by: str, at: datetime) -> None:
    """Say where a register stands; said again, it moves."""
    if not (device.isascii() and device.isdecimal() and len(device) <= 20):  # noqa: PLR2004  # 64 bits and one
        raise Refused("A register's id is the number Shopify gives it.", code="pos.device", field="device")
    await connection.execute(_PUT_REGISTER, {"device": device, "location": location, "by": by, "at": at})


async def put_person(connection: Connection, subject: str, actor: str, *, by: str, at: datetime) -> None:
    """Say who a platform's user is.

    Raises:
        Refused: `pos.nobody`: the person holds no credential of their own as an associate or a manager.
    """
    if not (subject.isascii() and subject.isalnum() and len(subject) <= 64):  # noqa: PLR2004  # as a session token's
        raise Refused("A user is the number Shopify gives them.", code="pos.subject", field="user")
    await _expect(connection, actor, AT_COUNTER, at)
    await connection.execute(_PUT_PERSON, {"subject": subject, "actor": actor, "by": by, "at": at})


async def put_pin(connection: Connection, actor: str, pin: KeptPin, *, by: str, at: datetime) -> None:
    """Keep a manager's PIN in place of the one before, and forget the wrong ones.

    Raises:
        Refused: `pos.nobody`: the person holds no manager's credential of their own.
    """
    await _expect(connection, actor, frozenset({Role.MANAGER}), at)
    kept = {"actor": actor, "salt": pin.salt, "digest": pin.digest, "by": by, "at": at}
    await connection.execute(_PUT_PIN, kept)
    await connection.execute(_UNLOCK, {"actor": actor})


async def drop(connection: Connection, what: str, name: str) -> None:
    """Forget a register, a user or a PIN.

    Raises:
        NotFound: None is known by this name.
    """
    if not (await connection.execute(_DROP[what], {"name": name})).all():
        raise NotFound("None is known by this name.", code="pos.unknown", hint="tillhand pos list")


async def everything(connection: Connection) -> Sequence[Any]:
    """What was told of registers, users and PINs: what, name, told, made_by, made_at."""
    return (await connection.execute(_SHOW)).all()


async def _expect(connection: Connection, actor: str, roles: frozenset[Role], at: datetime) -> None:
    row = (await connection.execute(_HOLDS, {"actor": actor, "at": at})).one_or_none()
    if row is None or Role(row.role) not in roles:
        wanted = " or ".join(sorted(roles))
        raise Refused(
            f"Nobody by this name holds a credential of their own as {wanted}.",
            code="pos.nobody",
            hint="Make it first: tillhand credential add.",
            field="actor",
        )


def _actor(row: Any) -> Actor:
    places, toolsets = row["locations"], row["toolsets"]
    return Actor(
        row["actor_id"],
        Role(row["role"]),
        None if places is None else frozenset(map(LocationId, places)),
        Door.TILL,
        toolsets=None if toolsets is None else frozenset(toolsets),
    )
