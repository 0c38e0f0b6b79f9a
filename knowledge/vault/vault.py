"""Customers by name, sealed: each under a key of their own, which is itself sealed under the chain's.

What a platform tells of a customer is sealed before the event exists (`knowledge.vault.intake`), waits beside the
event, and joins the customer's record in the transaction that says who the customer is. To destroy a customer's key is
to destroy the record, wherever else a copy of it lies.
"""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import KeyedHash
from knowledge.identity.match_key import MatchKeys, fingerprint
from knowledge.identity.normal import Kind
from knowledge.privacy.known import KnownPerson
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from knowledge.vault.key_file import KeyFile
from knowledge.vault.person import Person
from knowledge.vault.sealing import KEY_BYTES, seal, sealed_under, unseal
from knowledge.vault.tombstones import Tombstones, find_tombstones
from policies.errors import Misconfigured
from policies.vocabulary.ids import CustomerRef

_ARRIVAL: Final = "arrival"
_ARRIVALS = text("SELECT event_id, sealed FROM vault_arrival WHERE event_id = ANY(CAST(:ids AS text[]))")
_ARRIVED = text("DELETE FROM vault_arrival WHERE event_id = ANY(CAST(:ids AS text[]))")
_SUBJECTS = text("SELECT ref, wrapped, sealed FROM vault_subject WHERE ref = ANY(CAST(:refs AS text[])) ORDER BY ref")
_LOCK = text(
    "SELECT ref, wrapped, sealed FROM vault_subject WHERE ref = ANY(CAST(:refs AS text[])) ORDER BY ref FOR UPDATE"
)
_KEEP = text(
    """
    INSERT INTO vault_subject (ref, wrapped, sealed, changed_at)
    SELECT row.ref, decode(row.wrapped, 'base64'), decode(row.sealed, 'base64'), :at
    FROM unnest(CAST(:refs AS text[]), CAST(:wrapped AS text[]), CAST(:sealed AS text[])) AS row(ref, wrapped, sealed)
    ON CONFLICT (ref) DO UPDATE
      SET wrapped = excluded.wrapped, sealed = excluded.sealed, changed_at = excluded.changed_at
    """
)
_ANONYMOUS = text("UPDATE event SET facts = CAST(:facts AS jsonb) WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Record:
    """One customer's record, open: keep it no longer than the sentence that needs it."""

    ref: CustomerRef
    key: bytes
    person: Person


class Vault:
    """Takes in what was sealed at the edge, and opens it for whom `tools.privacy.door` lets through."""

    def __init__(self, database: Database, keys: KeyFile) -> None:
        self._database = database
        self.keys = keys
        self.tombstones = Tombstones(keys.erasure)
        self.match_keys = MatchKeys(keys.match)

    async def known(self, ref: CustomerRef) -> KnownPerson | None:
        """The customer as the scrubber looks for them; for the scrubber alone, which gives nothing of it away."""
        async with self._database.reading() as connection:
            found = await self.read(connection, [ref])
        return found[ref].person.known() if ref in found else None

    async def read(
        self, connection: Connection, refs: Sequence[CustomerRef], *, lock: bool = False
    ) -> dict[CustomerRef, Record]:
        """The records of these customers that exist and can be opened."""
        rows = await connection.execute(_LOCK if lock else _SUBJECTS, {"refs": sorted(set(refs))})
        records = (self.open(row) for row in rows)
        return {record.ref: record for record in records if record is not None}

    def open(self, row: Any) -> Record | None:
        """A row of `vault_subject`; `None` when its keys are gone, for the platforms tell it all again."""
        try:
            key = self._unwrap(bytes(row.wrapped), row.ref)
            return Record(CustomerRef(row.ref), key, Person.read(unseal(key, bytes(row.sealed), row.ref)))
        except Misconfigured:
            return None

    def wrap(self, key: bytes, ref: str) -> bytes:
        """A customer's key under the present key of the chain."""
        return _under_chain(self.keys, key, f"key of {ref}")

    async def without_erased(
        self, connection: Connection, events: Sequence[Event]
    ) -> tuple[list[Event], dict[str, Person]]:
        """The events without the identifiers of erased customers, and what arrived sealed with them, open.

        What names an erased customer is taken out of the event log too: a re-import tells nothing new.
        """
        arrived = await self._arrived(connection, [event.id for event in events])
        keys = {event.id: named_in(event) for event in events}
        marks = [
            *(self.tombstones.of_identifier(*each) for person in arrived.values() for each in person.identifiers()),
            *(self.tombstones.of_key(key) for several in keys.values() for key in several),
        ]
        erased = await find_tombstones(connection, marks)
        if not erased:
            return list(events), arrived
        left: list[Event] = []
        for event in events:
            person = arrived.get(event.id, Person())
            gone = [each for each in person.identifiers() if self.tombstones.of_identifier(*each) in erased]
            if gone:
                arrived[event.id] = person.without(gone)
            lost = {key for each in gone for key in self.readings(*each)}
            told = keys[event.id]
            kept = [key for key in told if key not in lost and self.tombstones.of_key(key) not in erased]
            left.append(await _with_keys(connection, event, kept) if len(kept) < len(told) else event)
        return left, arrived

    def readings(self, kind: Kind, normal: str) -> tuple[KeyedHash, ...]:
        """The match keys of an identifier in its normal form, under every secret in use."""
        return self.match_keys.of_fingerprint(kind, fingerprint(normal))

    async def keep(
        self,
        connection: Connection,
        arrived: Mapping[str, Person],
        customers: Mapping[str, CustomerRef],
        at: datetime,
    ) -> None:
        """Join what arrived with the records of those it is about, and forget what is about nobody."""
        if not arrived:
            return
        news: dict[CustomerRef, Person] = {}
        for event_id, person in arrived.items():
            ref = customers.get(event_id)
            if ref is not None and person:
                news[ref] = news.get(ref, Person()).with_news(person)
        records = await self.read(connection, sorted(news), lock=True)
        changed: list[Record] = []
        for ref in sorted(news):
            known = records.get(ref)
            person = known.person.with_news(news[ref]) if known else news[ref]
            if known is None:
                changed.append(Record(ref, os.urandom(KEY_BYTES), person))
            elif person != known.person:
                changed.append(replace(known, person=person))
        await self.write(connection, changed, at)
        await connection.execute(_ARRIVED, {"ids": sorted(arrived)})

    async def write(self, connection: Connection, records: Iterable[Record], at: datetime) -> None:
        """Keep these records, each under its own key, and that under the chain's present one."""
        told = sorted(records, key=lambda record: record.ref)
        if told:
            values = {
                "refs": [record.ref for record in told],
                "wrapped": [b64encode(self.wrap(record.key, record.ref)).decode() for record in told],
                "sealed": [
                    b64encode(seal("s", record.key, bytes(record.person), record.ref)).decode() for record in told
                ],
                "at": at,
            }
            await connection.execute(_KEEP, values)

    def seal_arrival(self, person: Person) -> bytes:
        """What waits beside an event, sealed under the present key."""
        return seal_arrival(self.keys, person)

    def open_arrival(self, sealed: bytes) -> Person | None:
        """What waits beside an event; `None` when its key is gone."""
        key = self.keys.chain().get(sealed_under(sealed))
        try:
            return None if key is None else Person.read(unseal(key, sealed, _ARRIVAL))
        except Misconfigured:
            return None

    def seal_subject(self, person: Person, request: str) -> bytes:
        """Whom a privacy request is about, for as long as it is open."""
        return _under_chain(self.keys, bytes(person), f"request {request}")

    def open_subject(self, sealed: bytes, request: str) -> Person:
        """Whom it is about.

        Raises:
            Misconfigured: The chain's key is gone.
        """
        return Person.read(self._open(sealed, f"request {request}"))

    async def _arrived(self, connection: Connection, ids: Sequence[str]) -> dict[str, Person]:
        found = await connection.execute(_ARRIVALS, {"ids": list(ids)})
        return {row.event_id: self.open_arrival(bytes(row.sealed)) or Person() for row in found}

    def _unwrap(self, wrapped: bytes, ref: str) -> bytes:
        return self._open(wrapped, f"key of {ref}")

    def _open(self, sealed: bytes, about: str) -> bytes:
        key = self.keys.chain().get(sealed_under(sealed))
        if key is None:
            raise Misconfigured(
                "A record of the customer vault is sealed under a key that was destroyed.", code="vault.key_gone"
            )
        return unseal(key, sealed, about)


def named_in(event: Event) -> list[KeyedHash]:
    """Whom an event is about, as it says it."""
    named = event.facts.get("customer") or event.facts.get("keys") or ()
    return [KeyedHash.model_construct(kind=key["kind"], digest=key["digest"]) for key in named]


async def _with_keys(connection: Connection, event: Event, keys: Sequence[KeyedHash]) -> Event:
    field = "keys" if "keys" in event.facts else "customer"
    facts = {**event.facts, field: [key.model_dump() for key in keys]}
    await connection.execute(_ANONYMOUS, {"id": event.id, "facts": json.dumps(facts)})
    return replace(event, facts=facts)


def seal_arrival(keys: KeyFile, person: Person) -> bytes:
    """What was told of somebody, sealed until it is known who it is; b"" when nothing was told."""
    return _under_chain(keys, bytes(person), _ARRIVAL) if person else b""


def _under_chain(keys: KeyFile, plain: bytes, about: str) -> bytes:
    name, key = next(iter(keys.chain().items()))
    return seal(name, key, plain, about)
