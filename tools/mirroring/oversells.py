"""More was sold than there is: found when a shelf is looked at, told to a person with every way out and its cost."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import ONLINE, Place, Places
from policies.errors import NotFound, Refused
from policies.limits import Limits
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.mirroring.remedies import Giver, Missing, Remedy, remedies

LATE: Final = timedelta(minutes=15)  # a sale told so long after it happened comes from a till that was offline
_KEPT = text("SELECT available FROM inventory_level WHERE sku = :sku AND location_id = :shelf")
_OPEN = text("SELECT id, units FROM oversell WHERE sku = :sku AND location_id = :shelf AND settled_at IS NULL")
# What a person found a way out for, on a shelf never seen at nothing or above since: nobody is asked about it twice.
_ANSWERED = text(
    """
    SELECT units, orders FROM oversell
    WHERE sku = :sku AND location_id = :shelf AND settled_at IS NOT NULL AND filled_at IS NULL
    """
)
_FILLED = text(
    """
    UPDATE oversell SET filled_at = :at
    WHERE sku = :sku AND location_id = :shelf AND settled_at IS NOT NULL AND filled_at IS NULL
    """
)
_CLOSE = text(
    """
    UPDATE oversell SET settled_at = :at, filled_at = :at, settled_by = 'system:sync', remedy = 'stock came'
    WHERE id = :id
    """
)
_ANSWER = text("UPDATE oversell SET settled_at = :at, settled_by = :by, remedy = :remedy WHERE id = :id")
# `late`: of the orders told last, as many as there are units missing, one comes from a till that was offline. It need
# not be among those whose goods are missing: such a till hands them over at once.
_ORDERS = text(
    """
    WITH sold AS (
        SELECT purchase.id, purchase.channel, purchase.fulfilled, purchase.occurred_at, purchase.received_at,
               line.quantity - line.returned AS units,
               sum(line.quantity - line.returned) OVER (ORDER BY purchase.received_at DESC, purchase.id)
                 - (line.quantity - line.returned) AS told_after
        FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
        WHERE line.sku = :sku
          AND coalesce(nullif(purchase.pickup_location, ''), purchase.location_id) = ANY(CAST(:places AS text[]))
          AND NOT purchase.cancelled
          AND line.quantity > line.returned AND purchase.occurred_at > :since)
    SELECT id, units,
           (SELECT bool_or(received_at - occurred_at > CAST(:late AS interval)) FROM sold
            WHERE told_after < CAST(:missing AS bigint)) AS late
    FROM sold ORDER BY channel <> 'online' OR fulfilled, occurred_at DESC, id LIMIT 50
    """
)
_ELSEWHERE = text("SELECT location_id, available FROM known_level WHERE sku = :sku AND available > 0")
_WORTH = text(
    """
    SELECT variant.price, coalesce(variant.unit_cost, variant.price) AS cost, variant.currency, supplier.lead_days
    FROM variant LEFT JOIN supplier ON supplier.vendor = variant.vendor WHERE variant.sku = :sku
    """
)
_INSERT = text(
    """
    INSERT INTO oversell (sku, location_id, units, orders, remedies, late, found_at)
    VALUES (:sku, :shelf, :units, CAST(:orders AS jsonb), CAST(:remedies AS jsonb), :late, :at)
    """
)
_CHANGE = text(
    """
    UPDATE oversell SET units = :units, orders = CAST(:orders AS jsonb), remedies = CAST(:remedies AS jsonb),
                        late = late OR :late
    WHERE id = :id
    """
)
_ALL = text(
    """
    SELECT oversell.*, coalesce(variant.currency, '') AS currency
    FROM oversell LEFT JOIN variant USING (sku) WHERE settled_at IS NULL ORDER BY found_at, id
    """
)
_LOOK: Final = timedelta(days=14)  # orders older than this are with their customers, or known to be in trouble


@dataclass(frozen=True, slots=True)
class Oversold:
    """One shelf with less than nothing on it, waiting for a person; the first remedy is the one proposed."""

    id: int
    sku: str
    location: str
    units: int
    orders: tuple[str, ...]
    remedies: tuple[dict[str, Any], ...]
    currency: str
    late: bool
    found_at: datetime


async def look_for_oversell(  # noqa: PLR0913, PLR0917  # the shelf, and what a way out depends on
    connection: Connection,
    sku: str,
    shelf: Place,
    units: int | None,
    places: Places,
    limits: Limits,
    at: datetime,
) -> None:
    """Tell of what is missing on a shelf, tell again when it is more or less, close it when there is enough.

    What a person settled is not told of again until the shelf was filled: only what is missing beyond it.

    `units` is what the shelf holds by all that is known; `None` takes its platform's own count.
    """
    named = {"sku": sku, "shelf": shelf.id}
    if units is None:
        units = int((await connection.execute(_KEPT, named)).scalar_one_or_none() or 0)
    standing = (await connection.execute(_OPEN, named)).first()
    answered: Sequence[Any] = ()
    if units >= 0:
        connection.post(_FILLED, {**named, "at": at})
    else:
        answered = (await connection.execute(_ANSWERED, named)).all()
    missing = max(0, -units) - sum(row.units for row in answered)
    if missing <= 0:
        if standing is not None:
            connection.post(_CLOSE, {"id": standing.id, "at": at})
        return
    if standing is not None and standing.units == missing:
        return
    promised = {str(order) for row in answered for order in row.orders}
    orders, late = await _orders(connection, sku, shelf, places, missing, promised, at)
    found = await _remedies(connection, sku, shelf, places, limits, Missing(missing, len(orders), 0, 0, None))
    told = {"orders": json.dumps(orders), "remedies": json.dumps([each.facts() for each in found])}
    if standing is not None:
        connection.post(_CHANGE, {"id": standing.id, "units": missing, "late": late, **told})
    else:
        connection.post(_INSERT, {**named, "units": missing, "late": late, "at": at, **told})
    body = {
        "actor": "system:sync",
        "causation": f"sync:{shelf.id}:{sku}",
        "sentence": f"{missing} of {sku} sold at {shelf.id} are not there. Proposed: {found[0].sentence}",
    }
    await append(connection, [Entry("note", at, body, correlation=f"sync:{shelf.id}:{sku}")])


async def oversold(connection: Connection, locations: Sequence[str] | None = None) -> list[Oversold]:
    """Those a person has not settled, the oldest first; `None` for everywhere."""
    return [
        Oversold(
            row.id,
            row.sku,
            row.location_id,
            row.units,
            tuple(row.orders),
            tuple(row.remedies),
            row.currency,
            row.late,
            row.found_at,
        )
        for row in await connection.execute(_ALL)
        if locations is None or row.location_id in locations
    ]


async def settle_oversell(connection: Connection, number: int, remedy: str, by: str, at: datetime) -> Oversold:
    """Keep which way out a person took.

    Raises:
        NotFound: No such oversell waits.
        Refused: It is none of its ways out.
    """
    found = next((each for each in await oversold(connection) if each.id == number), None)
    if found is None:
        raise NotFound(
            "No oversell of this number waits.", code="oversell.unknown", hint="tillhand sync oversold lists them."
        )
    known = [str(each["remedy"]) for each in found.remedies]
    if remedy not in known:
        raise Refused(f"The ways out of this are {', '.join(known)}.", code="oversell.remedy", field="remedy")
    connection.post(_ANSWER, {"id": number, "at": at, "by": by, "remedy": remedy})
    body = {"actor": by, "causation": f"oversell:{number}", "sentence": f"{found.sku}: {remedy} was chosen."}
    await append(connection, [Entry("note", at, body, correlation=f"sync:{found.location}:{found.sku}")])
    return found


async def _orders(  # noqa: PLR0913, PLR0917  # which orders, and of when
    connection: Connection, sku: str, shelf: Place, places: Places, units: int, promised: Collection[str], at: datetime
) -> tuple[list[str], bool]:
    """The newest orders whose goods are missing, those not handed over yet first, but those settled before.

    And whether the sale of goods that were gone was told late.
    """
    here = [place.id for place in places if places.shelf(place.id).id == shelf.id]
    asked = {"sku": sku, "places": here, "since": at - _LOOK, "late": LATE, "missing": units}
    rows = (await connection.execute(_ORDERS, asked)).all()
    found: list[str] = []
    for row in rows:
        if units <= 0:
            break
        if row.id not in promised:
            found.append(row.id)
            units -= row.units
    return found, bool(rows and rows[0].late)


async def _remedies(  # noqa: PLR0913, PLR0917  # what is missing where, and who may help
    connection: Connection, sku: str, shelf: Place, places: Places, limits: Limits, missing: Missing
) -> list[Remedy]:
    worth = (await connection.execute(_WORTH, {"sku": sku})).first()
    givers: list[Giver] = []
    for row in await connection.execute(_ELSEWHERE, {"sku": sku}):
        giver = next((place for place in places if place.id == row.location_id), None)
        if giver is None or giver.kind == ONLINE or giver.mirrors or giver.id == shelf.id:
            continue
        keeps = limits.place(giver.region, giver.id).transfer.origin_keep
        near = 0 if giver.region == shelf.region else 1 if giver.timezone == shelf.timezone else 2
        givers.append(Giver(giver.id, row.available - keeps, near))
    known = Missing(
        missing.units,
        missing.orders,
        worth.price if worth else 0,
        worth.cost if worth else 0,
        worth.lead_days if worth else None,
    )
    return remedies(known, givers, limits.place(shelf.region, shelf.id).stock_sync)
