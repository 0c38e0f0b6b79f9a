"""Who came into a shop just now: known customers who agreed to be recognized there, by app, WiFi or loyalty card."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from knowledge.events.families import KeyedHash
from knowledge.identity.links import WHO
from knowledge.identity.resolve import recognize_all
from knowledge.store.quick import QuickReads, Row
from policies.vocabulary.ids import CustomerRef, LocationId

STAYS: Final = timedelta(hours=1)  # how long somebody who came in is taken to be there
MOST: Final = 100  # tellings of one shop that are looked at
_CAME: Final = """
    SELECT id, occurred_at AS at, facts ->> 'by' AS by, facts -> 'customer' AS keys, state = 'pending' AS pending
    FROM event
    WHERE topic IN ('check_in', 'loyalty.scanned') AND lane = $1 AND occurred_at > CAST($2 AS timestamptz)
      AND facts ->> 'opted_in' = 'true' AND state IN ('pending', 'handled')
    ORDER BY occurred_at DESC, seq DESC LIMIT CAST($3 AS int)
"""
_WHERE: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT event.id, event.lane, event.facts -> 'customer' AS keys FROM event
    WHERE topic IN ('check_in', 'loyalty.scanned') AND facts ->> 'opted_in' = 'true' AND state IN ('pending', 'handled')
      AND lane IN (SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))
      AND occurred_at > CAST($3 AS timestamptz) AND EXISTS (
          SELECT 1 FROM jsonb_array_elements(facts -> 'customer') AS key
          JOIN match_key ON match_key.kind = key ->> 'kind' AND match_key.digest = key ->> 'digest'
          WHERE match_key.ref IN (SELECT customer FROM who))
    ORDER BY occurred_at DESC, seq DESC
"""  # noqa: S608  # our own texts
_RECORDS: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT ref, customer FROM who ORDER BY ref, customer
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class Arrival:
    """One customer in one shop.

    Attributes:
        event: That told of it; the newest.
        records: All of the person's, by whose names a decision about them may be kept.
        by: `app`, `wifi`, `phone` or `loyalty`.
        pending: No specialist has looked at it yet.
    """

    event: str
    customer: CustomerRef
    records: tuple[CustomerRef, ...]
    place: LocationId
    by: str
    at: datetime
    pending: bool


async def arrivals(quick: QuickReads, place: LocationId, *, since: datetime) -> list[Arrival]:
    """Newest first, each customer once; whoever nobody knows, or who did not agree, is not among them.

    Raises:
        Unavailable: The database does not answer.
    """
    rows = await quick.rows(_CAME, place, since.isoformat(), str(MOST))
    found = await recognize_all(quick, {row["id"]: _keys(row) for row in rows})
    records = await records_of(quick, sorted(set(found.values())))
    newest: dict[CustomerRef, Arrival] = {}
    for row in rows:
        if (ref := found.get(row["id"])) is not None and ref not in newest:
            at = datetime.fromisoformat(row["at"])
            newest[ref] = Arrival(row["id"], ref, records[ref], place, row["by"], at, row["pending"])
    return list(newest.values())


async def whereabouts(
    quick: QuickReads, refs: Collection[CustomerRef], shops: Collection[LocationId], *, since: datetime
) -> dict[CustomerRef, LocationId]:
    """In which of these shops each of these people came in last; whoever did not is left out.

    Args:
        quick: Reads.
        refs: By the reference a person goes by.
        shops: Where to look.
        since: Not before then.

    Raises:
        Unavailable: The database does not answer.
    """
    if not refs or not shops:
        return {}
    rows = await quick.rows(_WHERE, json.dumps(sorted(refs)), json.dumps(sorted(shops)), since.isoformat())
    found = await recognize_all(quick, {row["id"]: _keys(row) for row in rows})
    last: dict[CustomerRef, LocationId] = {}
    for row in rows:
        if (ref := found.get(row["id"])) is not None and ref in refs:
            last.setdefault(ref, LocationId(row["lane"]))
    return last


async def records_of(quick: QuickReads, refs: Sequence[CustomerRef]) -> dict[CustomerRef, tuple[CustomerRef, ...]]:
    """All records of each of these people."""
    found: dict[CustomerRef, list[CustomerRef]] = {ref: [] for ref in refs}
    for row in await quick.rows(_RECORDS, json.dumps(list(refs))) if refs else ():
        found[row["ref"]].append(CustomerRef(row["customer"]))
    return {ref: tuple(records) for ref, records in found.items()}


def _keys(row: Row) -> list[KeyedHash]:
    told: list[dict[str, Any]] = row["keys"] or []
    return [KeyedHash.model_validate(each) for each in told]
