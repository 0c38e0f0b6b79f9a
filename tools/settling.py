"""Settling counts that disagree: a correction of a platform's count, or none, that closes what the hourly look found.

It is a stock adjustment that names the discrepancy. A count that is left as it is is compared all the same: nobody
closes what has changed since they looked.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from knowledge.reconcile.settled import begin, close, name_of, release, reopen
from knowledge.store.connection import Asked, Connection, Result
from knowledge.store.places import Places
from knowledge.store.session import Database
from knowledge.unify.journal import explain_by_action
from policies.actions.stock_adjustment import StockAdjustment
from policies.errors import Misconfigured, NotFound, Refused
from policies.vocabulary.ids import LocationId, Sku
from tools.action_row import ActionRow
from tools.platform import Platform, Receipt, WriteContext
from tools.reconciling import Standing, standing

_NAMED = text(
    """
    SELECT sku, location_id, since FROM discrepancy
    WHERE told AND sku = ANY(CAST(:skus AS text[])) AND NOT EXISTS (
        SELECT FROM settlement
        WHERE settlement.sku = discrepancy.sku AND settlement.location_id = discrepancy.location_id
          AND settlement.since = discrepancy.since AND reopened_at IS NULL AND action_id <> ALL(CAST(:but AS text[])))
    """
)


@dataclass(frozen=True, slots=True)
class Settleable:
    """A discrepancy that stands, and what its platform counts now."""

    standing: Standing
    count: int


def ask_standing(
    connection: Connection, adjustments: Sequence[StockAdjustment], but: Sequence[str]
) -> Asked[Result] | None:
    """Ask which discrepancies of these skus stand and are not in other hands; `None` when nothing is settled."""
    skus = sorted({str(each.sku) for each in adjustments if each.settles})
    return connection.ask(_NAMED, {"skus": skus, "but": list(but)}) if skus else None


def named(rows: Result) -> frozenset[str]:
    """The names of what `ask_standing` found."""
    return frozenset(name_of(row.sku, row.location_id, row.since) for row in rows)


async def standing_as(connection: Connection, name: str) -> Standing:
    """The discrepancy of this name.

    Raises:
        NotFound: It does not stand, or not as it did.
    """
    found = next((each for each in await standing(connection) if each.name == name), None)
    if found is None:
        raise NotFound(
            "No discrepancy of this name stands: it was settled, or its counts have changed since.",
            code="discrepancy.unknown",
            hint="Look at the list again; tillhand plan discrepancies and read_plan show it.",
            field="settles",
        )
    return found


async def look_again(platforms: Mapping[str, Platform], places: Places, found: Standing) -> Settleable:
    """The discrepancy beside what its platform counts at this moment.

    Raises:
        NotFound: The platform does not count it there any more.
        Unavailable: The platform does not answer.
        Misconfigured: There is no connection to it.
    """
    place = places.get(found.location)
    platform = platforms.get(place.platform)
    if platform is None:
        raise Misconfigured(f"No connection to {place.platform} is set up.", code="platform.missing")
    return Settleable(found, await _counted(platform, found.sku, place.id))


async def take_in_hand(database: Database, row: ActionRow, places: Places, at: datetime) -> None:
    """Before anything is written: the discrepancy is this action's to settle, and nobody else's.

    Raises:
        Refused: It stands no more, or somebody else is settling it.
    """
    action = row.action
    if not isinstance(action, StockAdjustment) or not action.settles or row.undoes:
        return
    async with database.transaction() as connection:
        cell = (str(action.sku), str(_shelf(places, action)))
        if not await begin(connection, action.settles, cell, row.id, action.expected or 0, at):
            raise Refused(
                "This discrepancy was settled by somebody else, or is not as it was.",
                code="discrepancy.settled",
                hint="Look at the list again.",
            )


async def write_adjustment(
    platform: Platform, row: ActionRow, places: Places, context: WriteContext, at: datetime
) -> Receipt:
    """Change the count once; one that is left as it is is compared instead.

    Raises:
        Refused: The count is not the expected one any more (`stock.changed`).
    """
    action = row.action
    assert isinstance(action, StockAdjustment)  # noqa: S101  # who calls this has looked
    if action.delta:
        return await platform.inventory.adjust(action, context)
    if action.expected is not None:
        count = await _counted(platform, action.sku, _shelf(places, action))
        if count != action.expected:
            raise Refused(
                f"The count is {count} now, and was {action.expected} when it was looked at; nothing was settled.",
                code="stock.changed",
                hint="Look at the discrepancy again.",
            )
    digest = hashlib.sha256(f"{context.key} {action.settles}".encode()).hexdigest()
    call = f"SETTLE {action.settles}"
    return Receipt("tillhand", action.reference, at, replayed=False, undo="stock_adjustment", call=call, digest=digest)


def book(connection: Connection, row: ActionRow, places: Places, at: datetime) -> None:
    """What follows from an adjustment that was carried out: its change is explained, its discrepancy closed."""
    action = row.action
    if not isinstance(action, StockAdjustment):
        return
    if action.delta:
        explain_by_action(connection, (action.sku, _shelf(places, action)), row.id, action.delta, at)
    if action.settles and row.undoes:
        reopen(connection, row.undoes, at)
    elif action.settles:
        close(connection, row.id, at)


def let_go(connection: Connection, row: ActionRow) -> None:
    """Nothing came of it: the discrepancy is anybody's to settle again."""
    if isinstance(row.action, StockAdjustment) and row.action.settles and not row.undoes:
        release(connection, row.id)


async def _counted(platform: Platform, sku: str, place: LocationId) -> int:
    levels = await platform.inventory.levels([Sku(sku)], [place])
    if not levels:
        raise NotFound("The platform does not count this variant at this location.", code="location.unstocked")
    return levels[0].available


def _shelf(places: Places, action: StockAdjustment) -> LocationId:
    return places.get(places.get(action.store).stock_location).id
