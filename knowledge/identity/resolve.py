"""From match keys to one customer. Deterministic: the first known key decides, and new keys join that customer.

Keys that point at two different customers are left apart: a wrong merge is worse than a miss.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import text

from knowledge.events.families import KeyedHash
from knowledge.identity.links import identity_of
from knowledge.store.connection import Connection
from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import CustomerRef

_STRENGTH = {
    name: place
    for place, name in enumerate(
        ("loyalty", "shopify", "lightspeed", "replay", "phone", "email", "payment", "check_in")
    )
}

_FIND = text(
    """
    SELECT kind, digest, ref FROM match_key
    WHERE (kind, digest) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS text[])))
    """
)
_RECOGNIZE: Final = """
    SELECT match_key.kind, match_key.digest, coalesce(linked.identity, match_key.ref) AS ref
    FROM jsonb_array_elements(CAST($1 AS jsonb)) AS key
    JOIN match_key ON match_key.kind = key ->> 0 AND match_key.digest = key ->> 1
    LEFT JOIN customer_identity AS linked ON linked.ref = match_key.ref
"""
_ADD_CUSTOMER = text("INSERT INTO customer (ref, observed_at) SELECT unnest(CAST(:refs AS text[])), :at")
_ADD_KEY = text(
    """
    INSERT INTO match_key (kind, digest, ref)
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS text[]), CAST(:refs AS text[]))
    ON CONFLICT (kind, digest) DO NOTHING
    """
)


async def resolve(connection: Connection, keys: Sequence[KeyedHash]) -> CustomerRef | None:
    """The customer the strongest known key names, by the reference the person goes by; `None` when no key is known."""
    if not keys:
        return None
    found = _strongest(keys, await _find(connection, keys))
    return None if found is None else await identity_of(connection, found)


async def recognize(quick: QuickReads, keys: Sequence[KeyedHash]) -> CustomerRef | None:
    """As `resolve`, while somebody waits."""
    if not keys:
        return None
    rows = await quick.rows(_RECOGNIZE, json.dumps([[key.kind, key.digest] for key in keys]))
    return _strongest(keys, {(row["kind"], row["digest"]): CustomerRef(row["ref"]) for row in rows})


async def recognize_all(quick: QuickReads, groups: Mapping[str, Sequence[KeyedHash]]) -> dict[str, CustomerRef]:
    """As `recognize`, for groups of keys by any name of the caller's, in one question; who is unknown is left out."""
    every = sorted({(key.kind, key.digest) for keys in groups.values() for key in keys})
    if not every:
        return {}
    rows = await quick.rows(_RECOGNIZE, json.dumps(every))
    known = {(row["kind"], row["digest"]): CustomerRef(row["ref"]) for row in rows}
    found = {name: _strongest(keys, known) for name, keys in groups.items()}
    return {name: ref for name, ref in found.items() if ref is not None}


async def resolve_all(
    connection: Connection, groups: Mapping[str, Sequence[KeyedHash]], *, at: datetime
) -> dict[str, CustomerRef]:
    """For each group of keys, its customer; unknown ones are made, and each group's new keys join its customer.

    Args:
        connection: The transaction to read and write in.
        groups: Keys by any name of the caller's; groups without keys are left out of the answer.
        at: When this was learned.
    """
    # one order for everyone, so that two workers never wait for each other in a circle
    every = sorted({key for keys in groups.values() for key in keys}, key=lambda key: (key.kind, key.digest))
    if not every:
        return {}
    known = await _find(connection, every)
    found: dict[str, CustomerRef] = {}
    made: list[str] = []
    joined: dict[tuple[str, str], str] = {}
    for name, keys in groups.items():
        if not keys:
            continue
        ref = _strongest(keys, known)
        if ref is None:
            ref = CustomerRef(f"c_{uuid4().hex[:20]}")
            made.append(ref)
        found[name] = ref
        for key in keys:
            if (key.kind, key.digest) not in known:
                known[(key.kind, key.digest)] = ref
                joined[(key.kind, key.digest)] = ref
    if made:
        await connection.execute(_ADD_CUSTOMER, {"refs": made, "at": at})
    if joined:
        pairs = sorted(joined)
        await connection.execute(
            _ADD_KEY,
            {
                "kinds": [kind for kind, _ in pairs],
                "digests": [digest for _, digest in pairs],
                "refs": [joined[pair] for pair in pairs],
            },
        )
        settled = await _find(connection, every)  # another worker may have been first with a key
        found = {name: _strongest(groups[name], settled) or ref for name, ref in found.items()}
    return found


async def _find(connection: Connection, keys: Sequence[KeyedHash]) -> dict[tuple[str, str], CustomerRef]:
    rows = await connection.execute(
        _FIND, {"kinds": [key.kind for key in keys], "digests": [key.digest for key in keys]}
    )
    return {(row.kind, row.digest): CustomerRef(row.ref) for row in rows}


def _strongest(keys: Sequence[KeyedHash], known: Mapping[tuple[str, str], CustomerRef]) -> CustomerRef | None:
    for key in sorted(keys, key=lambda key: _STRENGTH[key.kind]):
        ref = known.get((key.kind, key.digest))
        if ref is not None:
            return ref
    return None
