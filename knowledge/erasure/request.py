"""A request about one customer's data: durable before it is answered, sealed for as long as it is open."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID, uuid5

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.vault.person import Person
from knowledge.vault.vault import Vault
from policies.errors import NotFound
from policies.vocabulary.ids import CustomerRef

RequestKind = Literal["erase", "shop", "access"]

ORDER: Final = "order"  # among a subject's values: orders that name their customer where nothing else does
DUE: Final = timedelta(days=30)  # what the law and Shopify give us
_SPACE: Final = UUID("7f0a2c7e-15a2-5c0e-9a42-6b0a1d3f5c33")  # ours, drawn once

_ADD = text(
    """
    INSERT INTO privacy_request (id, kind, source, delivery, asked_by, asked_at, due_at, subject)
    VALUES (:id, :kind, :source, :delivery, :by, :at, :due, decode(:subject, 'base64'))
    ON CONFLICT DO NOTHING RETURNING id
    """
)
_ONE = text("SELECT * FROM privacy_request WHERE id = :id")
_TAKE = text("SELECT * FROM privacy_request WHERE id = :id AND done_at IS NULL FOR UPDATE SKIP LOCKED")
_OPEN = text("SELECT id FROM privacy_request WHERE done_at IS NULL AND kind <> 'access' ORDER BY asked_at, id LIMIT 50")
_ALL = text("SELECT * FROM privacy_request ORDER BY (done_at IS NULL) DESC, asked_at DESC, id LIMIT :most")
_FOUND = text(
    """
    UPDATE privacy_request SET refs = CAST(:refs AS text[]), subject = decode(:subject, 'base64') WHERE id = :id
    """
)
_DONE = text(
    """
    UPDATE privacy_request SET done_at = :at, subject = NULL, refs = '{}', receipt = :receipt, digest = :digest
    WHERE id = :id
    """
)
_STEPS = text("SELECT place, step, counts, at FROM privacy_step WHERE request_id = :id ORDER BY place")
_STEP = text(
    "INSERT INTO privacy_step (request_id, place, step, counts, at)"
    " VALUES (:id, :place, :step, CAST(:counts AS jsonb), :at)"
)
_AGAIN = text("DELETE FROM privacy_step WHERE request_id = :id AND place >= :place")
_BY_KEYS = text(
    """
    SELECT DISTINCT ref FROM match_key
    WHERE (kind, digest) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS text[])))
    """
)
_BY_ORDERS = text(
    "SELECT DISTINCT customer_ref AS ref FROM purchase"
    " WHERE id = ANY(CAST(:ids AS text[])) AND customer_ref IS NOT NULL"
)
_OF_SHOP = text("SELECT DISTINCT ref FROM match_key WHERE kind = 'shopify'")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done for a request, and what it came to."""

    place: int
    step: str
    counts: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands.

    Attributes:
        sealed: Whom it is about; b"" once it is done.
        refs: The customers found; empty until they were looked for, and once it is done.
        shredded_at: When the keys of its time were destroyed, and with them what backups hold.
        receipt: Canonical JSON, once it is done; `digest` is its SHA-256.
    """

    id: str
    kind: RequestKind
    source: str
    delivery: str
    asked_by: str
    asked_at: datetime
    due_at: datetime
    sealed: bytes
    refs: tuple[CustomerRef, ...]
    done_at: datetime | None
    shredded_at: datetime | None
    receipt: str
    digest: str


def request_id(delivery: str) -> str:
    """The same telling makes the same request."""
    return f"pr_{uuid5(_SPACE, delivery).hex[:20]}"


async def add_request(  # noqa: PLR0913 - a request has this many parts
    connection: Connection,
    vault: Vault,
    kind: RequestKind,
    person: Person,
    *,
    source: str,
    delivery: str,
    by: str,
    at: datetime,
) -> tuple[str, bool]:
    """Keep a request; its id, and whether it is new."""
    own = request_id(f"{source}\0{delivery}")
    values = {
        "id": own,
        "kind": kind,
        "source": source,
        "delivery": f"{source}:{delivery}",
        "by": by,
        "at": at,
        "due": at + DUE,
        "subject": as_base64(vault.seal_subject(person, own)),
    }
    new = (await connection.execute(_ADD, values)).scalar_one_or_none() is not None
    return own, new


async def read_request(connection: Connection, name: str) -> Request:
    """A request by its id.

    Raises:
        NotFound: There is none.
    """
    row = (await connection.execute(_ONE, {"id": name})).one_or_none()
    if row is None:
        raise NotFound(
            "No privacy request has this id.", code="privacy.unknown", hint="tillhand privacy status", field="id"
        )
    return _request(row)


async def take_request(connection: Connection, name: str) -> Request | None:
    """An open request for this transaction alone; `None` when it is done, or somebody else is at it."""
    row = (await connection.execute(_TAKE, {"id": name})).one_or_none()
    return None if row is None else _request(row)


async def open_requests(connection: Connection) -> list[str]:
    """Ids of the erasures still to be done, oldest first."""
    return [str(name) for name in (await connection.execute(_OPEN)).scalars()]


async def all_requests(connection: Connection, most: int) -> list[Request]:
    """Open ones first, then the newest."""
    return [_request(row) for row in await connection.execute(_ALL, {"most": most})]


async def steps_of(connection: Connection, name: str) -> list[Step]:
    """What was done for it so far, in order."""
    return [Step(row.place, row.step, row.counts, row.at) for row in await connection.execute(_STEPS, {"id": name})]


async def add_step(connection: Connection, name: str, step: Step, counts: str) -> None:
    """Record a step as done, in the transaction that did it."""
    await connection.execute(
        _STEP, {"id": name, "place": step.place, "step": step.step, "counts": counts, "at": step.at}
    )


async def do_again(connection: Connection, name: str, place: int) -> None:
    """Have the steps from this one on done again: something came back meanwhile."""
    await connection.execute(_AGAIN, {"id": name, "place": place})


async def found(connection: Connection, vault: Vault, request: Request, refs: Sequence[str], person: Person) -> None:
    """Remember whom the request is about, with all that is known of them, until it is done."""
    sealed = as_base64(vault.seal_subject(person, request.id))
    await connection.execute(_FOUND, {"id": request.id, "refs": sorted(refs), "subject": sealed})


async def finish(connection: Connection, name: str, receipt: str, digest: str, at: datetime) -> None:
    """Close it: whom it was about is forgotten here too."""
    await connection.execute(_DONE, {"id": name, "receipt": receipt, "digest": digest, "at": at})


async def find_customers(
    connection: Connection, vault: Vault, request_kind: RequestKind, person: Person
) -> list[CustomerRef]:
    """Every customer any of these identifiers or orders names; for a whole shop, everyone it told us of."""
    if request_kind == "shop":
        rows = (await connection.execute(_OF_SHOP)).scalars()
        return [CustomerRef(ref) for ref in rows]
    keys = [key for each in person.identifiers() for key in vault.readings(*each)]
    asked = {"kinds": [key.kind for key in keys], "digests": [key.digest for key in keys]}
    refs = set((await connection.execute(_BY_KEYS, asked)).scalars()) if keys else set[str]()
    if orders := person.get(ORDER):
        refs |= set((await connection.execute(_BY_ORDERS, {"ids": list(orders)})).scalars())
    return [CustomerRef(ref) for ref in sorted(refs)]


def as_base64(sealed: bytes) -> str:
    """As a statement takes bytes."""
    return b64encode(sealed).decode()


def _request(row: Any) -> Request:
    return Request(
        id=row.id,
        kind=cast("RequestKind", row.kind),
        source=row.source,
        delivery=row.delivery,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        due_at=row.due_at,
        sealed=bytes(row.subject or b""),
        refs=tuple(CustomerRef(ref) for ref in row.refs),
        done_at=row.done_at,
        shredded_at=row.shredded_at,
        receipt=row.receipt or "",
        digest=row.digest or "",
    )
