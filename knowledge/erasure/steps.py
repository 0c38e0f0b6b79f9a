"""Where a customer is kept, and how each place forgets them: one step a place, each whole or not at all.

Every step may be done twice: a process that dies leaves the next one to begin where the last finished.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from knowledge.anonymity.kept import leave
from knowledge.erasure.request import Request, find_customers, found
from knowledge.erasure.search import Needles, sweep
from knowledge.events.families import KeyedHash
from knowledge.identity.links import forget
from knowledge.memory.purge import purge
from knowledge.store.connection import Connection
from knowledge.vault.person import Person
from knowledge.vault.tombstones import add_tombstones
from knowledge.vault.vault import Vault
from policies.vocabulary.ids import CustomerRef

NOBODY: Final = "c_erased"  # whom records of the store name from then on
Counts = dict[str, int]

_KEYS_OF = text("SELECT kind, digest FROM match_key WHERE ref = ANY(CAST(:refs AS text[]))")
_VAULT = text("DELETE FROM vault_subject WHERE ref = ANY(CAST(:refs AS text[]))")
_WAITING = text("SELECT event_id, sealed FROM vault_arrival")
_NOT_WAITING = text("DELETE FROM vault_arrival WHERE event_id = ANY(CAST(:ids AS text[]))")
_KEYS = text("DELETE FROM match_key WHERE ref = ANY(CAST(:refs AS text[])) OR digest = ANY(CAST(:digests AS text[]))")
_EVENTS = text(
    """
    UPDATE event SET facts = facts || jsonb_build_object(name.key, '[]'::jsonb)
    FROM (VALUES ('customer'), ('keys')) AS name(key)
    WHERE jsonb_typeof(event.facts -> name.key) = 'array' AND EXISTS (
        SELECT 1 FROM jsonb_array_elements(event.facts -> name.key) AS told
        WHERE told ->> 'digest' = ANY(CAST(:digests AS text[])))
    """
)
_RECORDS = text(
    """
    UPDATE event SET resource = '', delivery = 'erased:' || id, facts = facts || '{"keys": []}'::jsonb
    WHERE resource = ANY(CAST(:resources AS text[])) AND resource <> ''
    """
)
_PARKED = text("SELECT id, source, sealed FROM event WHERE state = 'parked' AND sealed IS NOT NULL")
_UNPARK = text("UPDATE event SET sealed = NULL WHERE id = ANY(CAST(:ids AS text[]))")
_JOBS = text("DELETE FROM procrastinate_jobs WHERE args::text ~* :pattern AND status <> 'doing'")
_PURCHASES = text("UPDATE purchase SET customer_ref = NULL WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_WITHHELD = text("UPDATE withheld SET customer_ref = NULL WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_INTEREST = text("DELETE FROM interest WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_WISHLIST = text("DELETE FROM wishlist WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_TICKETS = text("DELETE FROM ticket WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_PROMISES = text(
    "DELETE FROM promise WHERE scope LIKE '%customer%' AND split_part(key, ':', 1) = ANY(CAST(:refs AS text[]))"
)
_STOPS = text("DELETE FROM message_stop WHERE customer_ref = ANY(CAST(:refs AS text[]))")
_CUSTOMERS = text("DELETE FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_NAMES = text("DELETE FROM ledger_name WHERE ref = ANY(CAST(:refs AS text[]))")
_SITUATIONS: Final[Mapping[str, Sequence[str]]] = {
    "action": ("facts", "proposal", "situation", "verdict", "receipt"),
    "undo_batch": ("scope",),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What a step works with.

    Attributes:
        person: Everything known of whom the request is about.
        keys: Every match key they are or were known by.
        memory: Folders of LanceDB's files.
        unseal: Opens the body of a parked event.
    """

    connection: Connection
    vault: Vault
    request: Request
    person: Person
    keys: tuple[KeyedHash, ...]
    memory: Sequence[Path]
    unseal: Callable[[bytes], bytes]
    at: datetime

    @property
    def refs(self) -> dict[str, Any]:
        """As statements take them."""
        return {"refs": list(self.request.refs)}

    @property
    def needles(self) -> Needles:
        """What to look for in texts."""
        return Needles(self.request.refs, tuple(key.digest for key in self.keys), self.person)


async def _find(case: Case) -> Counts:
    """Whom it is about, and everything they are known by; told to nobody, and gone when the request is done."""
    refs = await find_customers(case.connection, case.vault, case.request.kind, case.person)
    person = case.person
    for record in (await case.vault.read(case.connection, refs)).values():
        person = person.joined(record.person)
    keys = [
        KeyedHash(kind=row.kind, digest=row.digest) for row in await case.connection.execute(_KEYS_OF, {"refs": refs})
    ]
    told = [("key", f"{key.kind}\0{key.digest}") for key in keys]
    await found(case.connection, case.vault, case.request, refs, person.joined(Person.of(told)))
    return {"customers": len(refs), "identifiers": len(person.identifiers())}


async def _tombstones(case: Case) -> Counts:
    """So that a re-import is dropped; a shop that left may come back, and its customers with it."""
    if case.request.kind == "shop":
        return {"added": 0}
    marks = case.vault.tombstones
    digests = [marks.of_identifier(*each) for each in case.person.identifiers()]
    digests += [marks.of_key(key) for key in case.keys]
    return {"added": await add_tombstones(case.connection, digests, case.at)}


async def _vault(case: Case) -> Counts:
    """The customer's own key goes with the record: a copy of the record elsewhere is noise from then on."""
    return {"records": await _changed(case, _VAULT, case.refs)}


async def _waiting(case: Case) -> Counts:
    """What was told and waits beside an event nobody handled yet."""
    theirs = set(case.person.identifiers())
    ids: list[str] = []
    for row in await case.connection.execute(_WAITING):
        person = case.vault.open_arrival(bytes(row.sealed))
        if person and (case.request.kind == "shop" or theirs & set(person.identifiers())):
            ids.append(row.event_id)
    return {"records": await _changed(case, _NOT_WAITING, {"ids": ids}) if ids else 0}


async def _keys(case: Case) -> Counts:
    digests = [key.digest for key in case.keys]
    return {"keys": await _changed(case, _KEYS, {**case.refs, "digests": digests})}


async def _events(case: Case) -> Counts:
    """What happened stays; whom it happened to does not."""
    numbers = [(kind, value) for kind, value in case.person.identifiers() if kind in {"shopify", "lightspeed"}]
    resources = [f"{kind}:customer:{value}" for kind, value in numbers]
    named = await _changed(case, _EVENTS, {"digests": [key.digest for key in case.keys]})
    return {"events": named, "records": await _changed(case, _RECORDS, {"resources": resources})}


async def _parked(case: Case) -> Counts:
    """Bodies nobody understood: sealed, but not by customer."""
    ids: list[str] = []
    for row in await case.connection.execute(_PARKED):
        if case.request.kind == "shop" and row.source == "shopify":
            ids.append(row.id)
            continue
        try:
            body = case.unseal(bytes(row.sealed)).decode("utf-8", "replace")
        except ValueError:
            continue
        if case.needles.stand_in(body):
            ids.append(row.id)
    return {"bodies": await _changed(case, _UNPARK, {"ids": ids}) if ids else 0}


async def _queue(case: Case) -> Counts:
    """Jobs carry ids of lanes and actions only; were there one that names the customer, it goes."""
    pattern = case.needles.pattern
    return {"jobs": await _changed(case, _JOBS, {"pattern": pattern}) if pattern else 0}


async def _store(case: Case) -> Counts:
    """Profile, interest, wishes, tickets, promises and groups go; purchases stay, as nobody's: the books need them."""
    return {
        "purchases": await _changed(case, _PURCHASES, case.refs),
        "withheld": await _changed(case, _WITHHELD, case.refs),
        "interest": await _changed(case, _INTEREST, case.refs),
        "wishlists": await _changed(case, _WISHLIST, case.refs),
        "tickets": await _changed(case, _TICKETS, case.refs),
        "promises": await _changed(case, _PROMISES, case.refs),
        "links": await forget(case.connection, [CustomerRef(ref) for ref in case.request.refs]),
        "opt_outs": await _changed(case, _STOPS, case.refs),
        "profiles": await _changed(case, _CUSTOMERS, case.refs),
        "groups": await leave(case.connection, [CustomerRef(ref) for ref in case.request.refs]),
    }


async def _situations(case: Case) -> Counts:
    """Actions and the situations they were judged in name nobody from then on."""
    counts: Counts = {}
    pattern = "|".join(re.escape(ref) for ref in case.request.refs)
    for table, columns in _SITUATIONS.items():
        counts[table] = 0
        if not pattern:
            continue
        said = " OR ".join(f"{column}::text ~ :pattern" for column in columns)
        news = ", ".join(
            f"{column} = regexp_replace({column}::text, :pattern, :nobody, 'g')::jsonb" for column in columns
        )
        statement = text(f"UPDATE {table} SET {news} WHERE {said}")  # noqa: S608  # our own names
        counts[table] = await _changed(case, statement, {"pattern": pattern, "nobody": NOBODY})
    return counts


async def _ledger(case: Case) -> Counts:
    """The salts go: what the chain calls the customer cannot be opened any more, and the chain is as it was."""
    return {"names": await _changed(case, _NAMES, case.refs)}


async def _memory(case: Case) -> Counts:
    """LanceDB holds no customer; were one there, rows, versions and bytes go."""
    done = [await asyncio.to_thread(purge, folder, case.needles.texts) for folder in case.memory]
    return {
        "tables": sum(each.tables for each in done),
        "rows": sum(each.rows for each in done),
        "left": sum(len(each.left) for each in done),
    }


async def _check(case: Case) -> Counts:
    """Look through every column of every table for what should be gone."""
    left = await sweep(case.connection, case.needles)
    return {"columns": left.columns, "left": sum(left.found.values()), "old_records": left.old_records}


async def _changed(case: Case, statement: Any, values: Mapping[str, Any]) -> int:
    return int((await case.connection.execute(statement, values)).rowcount)


STEPS: Final[tuple[tuple[str, Callable[[Case], Awaitable[Counts]]], ...]] = (
    ("find", _find),
    ("tombstones", _tombstones),
    ("vault", _vault),
    ("waiting", _waiting),
    ("match_keys", _keys),
    ("events", _events),
    ("parked", _parked),
    ("queue", _queue),
    ("store", _store),
    ("situations", _situations),
    ("ledger", _ledger),
    ("memory", _memory),
    ("check", _check),
)
AGAIN_FROM: Final = 2  # the place of the step to go back to when the check found something


def case_keys(person: Person, vault: Vault) -> tuple[KeyedHash, ...]:
    """Every match key of a person: as they are stored, and as they would be made of what is known."""
    stored = [each.partition("\0") for each in person.get("key")]
    made = [key for each in person.identifiers() for key in vault.readings(*each)]
    keys = [KeyedHash.model_validate({"kind": kind, "digest": digest}) for kind, _, digest in stored]
    return tuple(dict.fromkeys([*keys, *made]))
