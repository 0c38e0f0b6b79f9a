"""Links as they are kept: every telling of a pair, the newest of which holds, and the people they come to.

Customers are never merged: orders stay with the customer they came with, and reading follows the links. So unlinking
loses nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.identity.graph import Basis, Edge, Pair, pair_of, people
from knowledge.store.connection import Connection
from policies.vocabulary.ids import CustomerRef

Says = Literal["link", "certain", "ask", "apart"]
"""One person; one person as soon as the guard allows it; a question for a person; two people."""

WHO: Final = """
    who AS (
        SELECT ref, ref AS customer FROM asked
        UNION
        SELECT asked.ref, other.ref FROM asked
        JOIN customer_identity AS own ON own.ref = asked.ref
        JOIN customer_identity AS other ON other.identity = own.identity
    )
"""
"""A common table expression: for each `ref` of the relation `asked`, every `customer` that is the same person."""

LINKER: Final = "schedule:linker"
_ALONE: Final = text("SELECT pg_advisory_xact_lock(7203455)")  # links and people are changed by one at a time
_NEWEST: Final = """
    SELECT DISTINCT ON (one, other) id, one, other, says, basis, bits, agreed, model, by, at
    FROM customer_link {} ORDER BY one, other, id DESC
"""
_ALL = text(_NEWEST.format(""))
_OF = text(_NEWEST.format("WHERE one = ANY(CAST(:refs AS text[])) OR other = ANY(CAST(:refs AS text[]))"))
_HISTORY = text("SELECT * FROM customer_link WHERE one = :ref OR other = :ref ORDER BY id")
_ADD = text(
    """
    INSERT INTO customer_link (one, other, says, basis, bits, agreed, model, by, at)
    SELECT one, other, says, basis, bits, string_to_array(agreed, ','), :model, :by, :at
    FROM unnest(CAST(:one AS text[]), CAST(:other AS text[]), CAST(:says AS text[]), CAST(:basis AS text[]),
                CAST(:bits AS int[]), CAST(:agreed AS text[])) AS row(one, other, says, basis, bits, agreed)
    """
)
_PEOPLE = text("SELECT ref, identity FROM customer_identity")
_LEAVE = text("DELETE FROM customer_identity WHERE ref = ANY(CAST(:refs AS text[]))")
_JOIN = text(
    """
    INSERT INTO customer_identity (ref, identity)
    SELECT * FROM unnest(CAST(:refs AS text[]), CAST(:identities AS text[]))
    ON CONFLICT (ref) DO UPDATE SET identity = excluded.identity
    """
)
_IDENTITY = text("SELECT identity FROM customer_identity WHERE ref = :ref")
_IDENTITIES = text("SELECT ref, identity FROM customer_identity WHERE ref = ANY(CAST(:refs AS text[]))")
_MEMBERS = text(
    """
    SELECT ref FROM customer_identity
    WHERE identity = (SELECT identity FROM customer_identity WHERE ref = :ref) ORDER BY ref
    """
)
_FORGET = text("DELETE FROM customer_link WHERE one = ANY(CAST(:refs AS text[])) OR other = ANY(CAST(:refs AS text[]))")


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a pair of customers.

    Attributes:
        bits: Weight of the evidence, in hundredths; 0 where a person said so.
        agreed: Names of the fields that agreed.
        model: Version of the weights; "" where none judged.
        by: The person, or `LINKER`.
        place: In the history; 0 until it is kept.
    """

    one: CustomerRef
    other: CustomerRef
    says: Says
    basis: Basis
    by: str
    at: datetime
    bits: int = 0
    agreed: tuple[str, ...] = ()
    model: str = ""
    place: int = 0

    @property
    def pair(self) -> Pair:
        """The two."""
        return self.one, self.other

    @property
    def final(self) -> bool:
        """Whether a person said it: no evidence changes that, only a person."""
        return self.basis is Basis.PERSON


async def alone(connection: Connection) -> None:
    """Keep others from changing links until this transaction ends."""
    await connection.execute(_ALONE)


async def newest(connection: Connection, refs: Sequence[CustomerRef] | None = None) -> dict[Pair, Told]:
    """What holds of each pair; of these customers' pairs only, when they are given."""
    rows = await connection.execute(_ALL) if refs is None else await connection.execute(_OF, {"refs": list(refs)})
    return {(row.one, row.other): _told(row) for row in rows}


async def history(connection: Connection, ref: CustomerRef) -> list[Told]:
    """Everything that was ever said of a customer's links, oldest first."""
    return [_told(row) for row in await connection.execute(_HISTORY, {"ref": ref})]


async def tell(connection: Connection, news: Iterable[Told]) -> list[Told]:
    """Add to the history, unless a person said otherwise before and this is no person; returns what was added.

    What says the same as what holds, on the same basis, is not added again.
    """
    held = await newest(connection)
    fresh: list[Told] = []
    for each in news:
        known = held.get(each.pair)
        if known is not None:
            if known.final and not each.final:
                continue
            if (known.says, known.basis) == (each.says, each.basis):
                continue
        held[each.pair] = each
        fresh.append(each)
    by_author: dict[tuple[str, str, datetime], list[Told]] = {}
    for each in fresh:
        by_author.setdefault((each.by, each.model, each.at), []).append(each)
    for (by, model, at), several in by_author.items():
        values: dict[str, Any] = {
            "one": [each.one for each in several],
            "other": [each.other for each in several],
            "says": [each.says for each in several],
            "basis": [each.basis.value for each in several],
            "bits": [each.bits for each in several],
            "agreed": [",".join(each.agreed) for each in several],
        }
        await connection.execute(_ADD, {**values, "model": model, "by": by, "at": at})
    return fresh


async def settle(
    connection: Connection, contradicts: Callable[[str, str], bool] = lambda _one, _other: False
) -> dict[str, tuple[str, ...]]:
    """Work out from the links who is one person, and keep it; returns the people.

    A person goes by the first of their references.
    """
    held = await newest(connection)
    edges = [
        Edge(each.one, each.other, each.basis, each.bits / 100, each.place)
        for each in held.values()
        if each.says == "link"
    ]
    apart = frozenset(each.pair for each in held.values() if each.says == "apart")
    found = people(edges, apart=apart, contradicts=contradicts)
    before = {row.ref: row.identity for row in await connection.execute(_PEOPLE)}
    after = {ref: together[0] for ref, together in found.items()}
    gone = sorted(before.keys() - after.keys())
    moved = sorted(ref for ref, identity in after.items() if before.get(ref) != identity)
    if gone:
        await connection.execute(_LEAVE, {"refs": gone})
    if moved:
        await connection.execute(_JOIN, {"refs": moved, "identities": [after[ref] for ref in moved]})
    return found


async def foresee(connection: Connection, contradicts: Callable[[str, str], bool]) -> None:
    """Have everybody compared who would be one person if all that is certain were in force; nothing is kept."""
    held = await newest(connection)
    edges = [
        Edge(each.one, each.other, each.basis, each.bits / 100, each.place)
        for each in held.values()
        if each.says in {"link", "certain"}
    ]
    people(edges, apart=frozenset(pair for pair, each in held.items() if each.says == "apart"), contradicts=contradicts)


async def identity_of(connection: Connection, ref: CustomerRef) -> CustomerRef:
    """What the person goes by whom a customer is; themselves when they are linked with nobody."""
    found = (await connection.execute(_IDENTITY, {"ref": ref})).scalar()
    return CustomerRef(found or ref)


async def identities(connection: Connection, refs: Iterable[CustomerRef]) -> dict[CustomerRef, CustomerRef]:
    """What the persons go by whom these customers are; all of them are in it."""
    every = sorted(set(refs))
    if not every:
        return {}
    rows = await connection.execute(_IDENTITIES, {"refs": every})
    return dict(zip(every, every, strict=True)) | {CustomerRef(row.ref): CustomerRef(row.identity) for row in rows}


async def members(connection: Connection, ref: CustomerRef) -> list[CustomerRef]:
    """All customers that are the same person, this one included."""
    return [CustomerRef(each) for each in (await connection.execute(_MEMBERS, {"ref": ref})).scalars()] or [ref]


async def forget(connection: Connection, refs: Sequence[CustomerRef]) -> int:
    """Forget erased customers' links; those who were linked through them are so no longer."""
    asked = {"refs": list(refs)}
    gone = (await connection.execute(_FORGET, asked)).rowcount
    if gone:
        await alone(connection)
        await settle(connection)
    return gone


def said(  # noqa: PLR0913  # a telling has as many parts
    one: str,
    other: str,
    says: Says,
    basis: Basis,
    *,
    by: str,
    at: datetime,
    bits: float = 0.0,
    agreed: Sequence[str] = (),
    model: str = "",
) -> Told:
    """A telling, with the pair in its one order and the bits in hundredths."""
    first, second = pair_of(one, other)
    return Told(CustomerRef(first), CustomerRef(second), says, basis, by, at, round(bits * 100), tuple(agreed), model)


def _told(row: Any) -> Told:
    return Told(
        CustomerRef(row.one),
        CustomerRef(row.other),
        row.says,
        Basis(row.basis),
        row.by,
        row.at,
        row.bits,
        tuple(row.agreed),
        row.model,
        row.id,
    )
