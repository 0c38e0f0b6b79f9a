"""Who sent a request: the bearer of a key or of an OAuth token, asked of the store for every one of them.

A key that is revoked or replaced, and a person who is signed out, open nothing from that moment on, at every door.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, LiteralString

from starlette.requests import Request

from knowledge.store.quick import QuickReads
from knowledge.store.session import Database, utc_now
from policies.errors import Refused
from policies.vocabulary.actor import REGISTER_DOORS, Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.access import PREFIX, digest
from server.fresh import Fresh
from server.oauth.grant import Grant
from server.oauth.tokens import Tokens

# whoever works for a person has what the person's newest own credential of that role leaves; without one, nothing
_FOUND: Final = """
    SELECT mine.actor_id, mine.role, mine.locations, mine.toolsets, mine.model, mine.on_behalf_of,
           person.actor_id AS person, person.locations AS person_locations, person.toolsets AS person_toolsets
    FROM credential AS mine LEFT JOIN LATERAL (
        SELECT * FROM credential AS theirs
        WHERE mine.on_behalf_of <> '' AND theirs.actor_id = mine.on_behalf_of AND theirs.role = mine.role
          AND theirs.on_behalf_of = '' AND NOT theirs.model AND theirs.revoked_at IS NULL
          AND (theirs.expires_at IS NULL OR theirs.expires_at > $2::timestamptz)
        ORDER BY theirs.created_at DESC, theirs.digest LIMIT 1
    ) AS person ON true
    WHERE mine.revoked_at IS NULL AND (mine.expires_at IS NULL OR mine.expires_at > $2::timestamptz)
    """
_OF_KEY: Final[LiteralString] = f"{_FOUND} AND mine.digest = $1"
_OF_ACTOR: Final[LiteralString] = f"{_FOUND} AND mine.actor_id = $1 ORDER BY mine.created_at DESC, mine.digest LIMIT 1"
_SIGNED_OUT: Final = "SELECT extract(epoch FROM at) AS at FROM signed_out WHERE subject = $1"
_IN_ADDRESS: Final = "access_token"  # RFC 6750, 2.3: what must not be


async def recognize(quick: QuickReads, name: str, door: Door, at: datetime) -> Actor | None:
    """The actor behind a key's digest, or `None` when there is none in force.

    Raises:
        Unavailable: The database does not answer, so nobody can be recognized.
    """
    return _actor(await quick.rows(_OF_KEY, name, at.isoformat()), door)


async def recognize_actor(quick: QuickReads, actor_id: str, door: Door, at: datetime) -> Actor | None:
    """The actor of this id, as the newest credential in force has it; `None` when there is none.

    Raises:
        Unavailable: The database does not answer.
    """
    return _actor(await quick.rows(_OF_ACTOR, actor_id, at.isoformat()), door)


async def authenticate(quick: QuickReads, key: str, door: Door, at: datetime) -> Actor:
    """The actor a key belongs to.

    Raises:
        Refused: The key is unknown, expired or revoked; which of them is not told.
        Unavailable: The database does not answer.
    """
    actor = await recognize(quick, digest(key), door, at) if key.startswith(PREFIX) else None
    if actor is None:
        raise _unknown()
    return actor


class Bearers:
    """Tells who sent a request.

    Args:
        database: Where credentials are kept.
        now: The present, aware.
        tokens: Reads OAuth tokens; `None`: keys only.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now, tokens: Tokens | None = None) -> None:
        self._now = now
        self._tokens = tokens
        quick = database.quick
        self._keys = Fresh[list[dict[str, Any]]](lambda name: quick.rows(_OF_KEY, name, now().isoformat()))
        self._signed_out = Fresh[list[dict[str, Any]]](lambda subject: quick.rows(_SIGNED_OUT, subject))

    async def actor(self, request: Request, door: Door) -> Actor:
        """The actor of a request at one of the registers' doors, from its `Authorization: Bearer` header.

        Raises:
            Refused: No credential, one that is not in force, or one that is not for these doors.
            Unavailable: Nobody can be recognized at the moment.
        """
        if _IN_ADDRESS in request.query_params:
            raise in_address()
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not sent.strip() or len(request.headers.getlist("authorization")) != 1:
            raise Refused(
                "A key is needed: send it as Authorization: Bearer th_...",
                code="credential.missing",
                hint="Have the operator make one: tillhand credential add.",
            )
        actor = await self.of_bearer(sent.strip(), door)
        if actor.toolsets is not None and REGISTER_DOORS not in actor.toolsets:
            raise Refused(
                "This credential is not for registers.",
                code="access.scope",
                hint=f"It needs the scope tillhand:{REGISTER_DOORS}.",
            )
        return actor

    async def of_bearer(self, sent: str, door: Door) -> Actor:
        """The actor of whatever was sent as a bearer credential: a key of ours, or an OAuth token.

        Raises:
            Refused: It is not in force, or gives no rights here.
            Unavailable: Nobody can be recognized at the moment.
        """
        if self._tokens is None or sent.startswith(PREFIX):
            return await self.of_key(sent, door)
        grant = await self._tokens.grant(sent)
        await self._expect_signed_in(grant)
        return grant.actor(door)

    async def of_key(self, key: str, door: Door) -> Actor:
        """The actor of a key of ours.

        Raises:
            Refused: It is not in force.
            Unavailable: The database does not answer.
        """
        actor = _actor(await self._keys(digest(key)), door) if key.startswith(PREFIX) else None
        if actor is None:
            raise _unknown()
        return actor

    async def _expect_signed_in(self, grant: Grant) -> None:
        rows = await self._signed_out(grant.subject)
        if rows and grant.issued_at <= rows[0]["at"]:
            raise Refused("This token is not valid any more.", code="credential.unknown", hint="Sign in again.")


def whole(actor: Actor) -> Actor:
    """Refuse a credential that is narrowed to toolsets where more than tools is behind the door.

    Raises:
        Refused: `access.narrow`.
    """
    if actor.toolsets is not None:
        raise Refused(
            "This key is for some tools of an assistant only.", code="access.narrow", hint="Use a key of your own."
        )
    return actor


def in_address() -> Refused:
    """For a credential in a request's address, however good it is: addresses end up in logs."""
    return Refused(
        "A credential in the address opens nothing: addresses end up in logs.",
        code="credential.in_address",
        hint="Send it as Authorization: Bearer, and replace this one.",
    )


def _unknown() -> Refused:
    return Refused(
        "This key is not valid.",
        code="credential.unknown",
        hint="Have the operator make one: tillhand credential add.",
    )


def _actor(rows: list[dict[str, Any]], door: Door) -> Actor | None:
    if not rows:
        return None
    row = rows[0]
    role = Role(row["role"])
    mine = Actor(row["actor_id"], role, _places(row["locations"]), door, row["model"], toolsets=_names(row["toolsets"]))
    if not row["on_behalf_of"]:
        return mine
    if row["person"] is None:
        return None
    person = Actor(row["person"], role, _places(row["person_locations"]), door, toolsets=_names(row["person_toolsets"]))
    return mine.for_person(person)


def _places(told: list[str] | None) -> frozenset[LocationId] | None:
    return None if told is None else frozenset(map(LocationId, told))


def _names(told: list[str] | None) -> frozenset[str] | None:
    return None if told is None else frozenset(told)
