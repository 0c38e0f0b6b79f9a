"""What is known of some counts before a burst changes them: asked once for all of them, and nobody else's meanwhile."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.unify.journal import JUST_NOW, UNEXPLAINED, WINDOW, Cell, Movement

_CELLS = "unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS cell(sku, location_id)"
_KEPT = text(
    f"""
    SELECT level.sku, level.location_id, level.version, level.available, level.on_hand, level.committed,
           level.incoming, level.others_version, level.counted, level.counted_at, level.observed_at
    FROM inventory_level AS level JOIN {_CELLS} USING (sku, location_id)
    ORDER BY level.sku, level.location_id FOR UPDATE OF level
    """  # noqa: S608  # only our own constant is put in
)
_OPEN = text(
    f"""
    SELECT sku, location_id, reference, cause, units, shown, about, occurred_at
    FROM stock_movement JOIN {_CELLS} USING (sku, location_id)
    WHERE units <> shown AND recorded_at > :since ORDER BY occurred_at, reference
    """  # noqa: S608  # only our own constant is put in
)
_UNEXPLAINED = text(
    f"""
    SELECT sku, location_id, cause, sum(delta) AS units
    FROM stock_change JOIN {_CELLS} USING (sku, location_id)
    WHERE state = 'available' AND cause = ANY(CAST(:causes AS text[])) AND recorded_at > :since
    GROUP BY sku, location_id, cause
    """  # noqa: S608  # the same
)
_NAMED = text(
    """
    SELECT sku, location_id, reference, cause, units, shown, about, occurred_at FROM stock_movement
    WHERE (sku, location_id, reference) IN (
        SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:references AS text[])))
    """
)


@dataclass(slots=True)
class Known:
    """Counts as kept, movements no count has shown yet, and changes no movement explains; by sku and location."""

    kept: dict[Cell, Any] = field(default_factory=dict[Cell, Any])
    open: dict[Cell, list[Movement]] = field(default_factory=dict[Cell, list[Movement]])
    unexplained: dict[Cell, dict[str, int]] = field(default_factory=dict[Cell, dict[str, int]])


async def known(connection: Connection, cells: Collection[Cell], at: datetime) -> Known:
    """Lock these counts and read what surrounds them."""
    if not cells:
        return Known()
    ordered = sorted(cells)
    named = {"skus": [sku for sku, _ in ordered], "locations": [place for _, place in ordered]}
    kept = connection.ask(_KEPT, named)
    opened = connection.ask(_OPEN, {**named, "since": at - WINDOW})
    unexplained = connection.ask(_UNEXPLAINED, {**named, "causes": list(UNEXPLAINED), "since": at - JUST_NOW})
    found = Known({(row.sku, row.location_id): row for row in await kept})
    for row in await opened:
        found.open.setdefault((row.sku, row.location_id), []).append(_movement(row))
    for row in await unexplained:
        found.unexplained.setdefault((row.sku, row.location_id), {})[row.cause] = int(row.units)
    return found


async def named_movements(
    connection: Connection, keys: Collection[tuple[Cell, str]]
) -> dict[tuple[Cell, str], Movement]:
    """Movements kept under these names."""
    if not keys:
        return {}
    ordered = sorted(keys)
    arrays = {
        "skus": [cell[0] for cell, _ in ordered],
        "locations": [cell[1] for cell, _ in ordered],
        "references": [reference for _, reference in ordered],
    }
    found = (_movement(row) for row in await connection.execute(_NAMED, arrays))
    return {(each.cell, each.reference): each for each in found}


def _movement(row: Any) -> Movement:
    cell = (row.sku, row.location_id)
    return Movement(cell, row.reference, row.cause, row.units, row.occurred_at, row.shown, row.about)
