"""Who is the same person by name, address and contacts: compared inside the vault, every night.

Records are opened in memory, and only findings leave: two references, a weight, and the names of the fields that
agreed. Nobody is linked here: what is certain is told as such, and the guard has to allow it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.identity.comparison import Comparer, Levels
from knowledge.identity.graph import Basis
from knowledge.identity.linker import Finding, cannot_be_one, find
from knowledge.identity.links import LINKER, Says, Told, alone, foresee, newest, said, settle, tell
from knowledge.identity.record import Record, record_of
from knowledge.identity.weights import Weights, learn_m, learn_u, shipped
from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from knowledge.vault.person import ADDRESS, BIRTH, NAME, Person
from knowledge.vault.vault import Vault
from policies.vocabulary.ids import CustomerRef

_PAGE: Final = 500  # records opened at a time
_MOST_A_NIGHT: Final = 100_000  # changed customers compared in one run; the rest are the next night's
_OVERLAP: Final = timedelta(hours=1)  # a record may be committed some time after the moment it carries
_LEARNED_FROM: Final = 5_000  # customers of both platforms that weights are learned from
_SUBJECTS = text(
    "SELECT ref, wrapped, sealed, changed_at FROM vault_subject WHERE ref > :after ORDER BY ref LIMIT :most"
)
_STATE = text("SELECT until, model FROM linking_state WHERE id = 1")
_DONE = text(
    """
    INSERT INTO linking_state (id, until, model) VALUES (1, :until, :model)
    ON CONFLICT (id) DO UPDATE SET until = excluded.until, model = excluded.model
    """
)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a night's work came to.

    Attributes:
        customers: That were compared with all others: new ones, and those of whom something was told since.
        linked: Pairs found to be one person; in force as soon as the guard allows it.
        asked: Pairs put before a person.
        parted: Linked pairs whose evidence is gone.
        people: Customers that count as one person with another.
    """

    customers: int
    linked: int
    asked: int
    parted: int
    people: int


@dataclass(frozen=True, slots=True)
class _Opened:
    """The vault's records as they are compared.

    Attributes:
        changed: When something was last told of each.
        same: How often platforms told the same of one customer, and how they differed.
    """

    records: list[Record]
    changed: dict[str, datetime]
    same: list[Levels]


@dataclass(frozen=True, slots=True)
class Linking:
    """Finds customers that are one person."""

    database: Database
    vault: Vault
    now: Callable[[], datetime] = utc_now

    async def run(self) -> Compared:
        """Compare who changed since the last run with everybody, and bring links and people up to date."""
        at = self.now()
        opened = await self._open()
        weights = await asyncio.to_thread(_learned, opened)
        async with self.database.reading() as connection:
            state = (await connection.execute(_STATE)).one_or_none()
        since = state.until if state is not None and state.model == shipped().version else _NEVER
        waiting = sorted((when, ref) for ref, when in opened.changed.items() if when > since)
        now, later = waiting[:_MOST_A_NIGHT], waiting[_MOST_A_NIGHT:]
        changed = {ref for _, ref in now}
        found = await asyncio.to_thread(find, opened.records, weights, changed=changed) if changed else []
        until = now[-1][0] if later else max(since, at - _OVERLAP)
        async with self.database.transaction() as connection:
            await alone(connection)
            done = await _keep(connection, found, changed, opened.records, weights.version, at)
            await connection.execute(_DONE, {"until": until, "model": shipped().version})
        return done

    async def _open(self) -> _Opened:
        opened = _Opened([], {}, [])
        after, comparer = "", Comparer()
        while True:
            async with self.database.reading() as connection:
                rows = (await connection.execute(_SUBJECTS, {"after": after, "most": _PAGE})).all()
            for row in rows:
                record = self.vault.open(row)
                if record is not None:
                    opened.records.append(compared_of(row.ref, record.person))
                    opened.changed[row.ref] = row.changed_at
                    if len(opened.same) < _LEARNED_FROM:
                        opened.same.extend(_told_twice(record.person, comparer))
            if len(rows) < _PAGE:
                return opened
            after = rows[-1].ref


def compared_of(ref: str, person: Person) -> Record:
    """A person of the vault as the linker compares them."""
    return record_of(
        ref,
        names=person.get(NAME),
        addresses=person.get(ADDRESS),
        births=person.get(BIRTH),
        emails=person.get("email"),
        phones=person.get("phone"),
    )


def _told_twice(person: Person, comparer: Comparer) -> list[Levels]:
    """How both platforms tell of one customer, joined by a hard key: what `m` is learned from.

    Equal tellings are kept once, so a single name of a customer of both means that both told the same.
    """
    if not (person.get("shopify") and person.get("lightspeed")) or not person.get(NAME):
        return []
    names, addresses = person.get(NAME), person.get(ADDRESS)
    one = record_of("", names=names[:1], addresses=addresses[:1])
    other = record_of("", names=names[-1:], addresses=addresses[-1:])
    return [comparer.compare(one, other)]


def _learned(opened: _Opened) -> Weights:
    base = shipped()
    return Weights(learn_m(opened.same, base.m), learn_u(opened.records, base.u))


async def _keep(  # noqa: PLR0913, PLR0917  # a run's outcome
    connection: Connection,
    found: Sequence[Finding],
    changed: set[str],
    records: Sequence[Record],
    model: str,
    at: datetime,
) -> Compared:
    held = await newest(connection)
    news: list[Told] = []
    for each in found:
        if each.verdict == "household":
            continue
        basis = Basis.HARD_KEY if each.hard else Basis.PROBABLE
        known = held.get((CustomerRef(each.one), CustomerRef(each.other)))
        says: Says = each.verdict
        if says == "link" and (known is None or known.says != "link"):
            says = "certain"
        news.append(
            said(
                each.one,
                each.other,
                says,
                basis,
                by=LINKER,
                at=at,
                bits=each.bits,
                agreed=each.agreed,
                model=model,
            )
        )
    again = {each.pair for each in news}
    for pair, known in held.items():
        if not known.final and known.says != "apart" and pair not in again and changed & {*pair}:
            news.append(said(*pair, "apart", known.basis, by=LINKER, at=at, model=model))
    added = await tell(connection, news)
    by_ref = {record.ref: record for record in records}
    clashes: set[tuple[str, str]] = set()

    def contradicts(one: str, other: str) -> bool:
        if one not in by_ref or other not in by_ref or not cannot_be_one(by_ref[one], by_ref[other]):
            return False
        clashes.add((one, other))
        return True

    await foresee(connection, contradicts)
    if clashes:  # remembered, so that whoever settles later without the vault keeps them apart too
        kept = [said(*pair, "apart", Basis.PROBABLE, by=LINKER, at=at, model=model) for pair in sorted(clashes)]
        await tell(connection, kept)
    people = await settle(connection)
    linked, asked = (sum(each.says == says for each in added) for says in ("certain", "ask"))
    parted = sum(each.says == "apart" and held[each.pair].says == "link" for each in added)
    return Compared(len(changed), linked, asked, parted, len(people))
