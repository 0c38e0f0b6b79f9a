"""Units promised to a basket or cart before it is paid: nobody else is sold them meanwhile, at either side.

A promise holds once the other side's count is lower by it. Where that platform compares before it writes, a unit sold
there in the same moment makes the write fail, and the promise is not made; where it does not, its count is read again
after the write, and a sale between that look and the basket's payment can still be one too many: it is found, told, and
remedied like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.store.places import Place, Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.due import ask_for_sync
from policies.errors import NotFound, Refused, Unavailable
from tools.mirroring import jobs
from tools.mirroring.mirroring import Mirroring

HOLDS: Final = timedelta(minutes=10)  # a basket that is not paid by then is not paid
_KEEP = text(
    """
    INSERT INTO reservation (basket, sku, location_id, side, units, expires_at)
    VALUES (:basket, :sku, :shelf, :side, :units, :until)
    ON CONFLICT (basket, sku, side) DO NOTHING RETURNING sku
    """
)
_SETTLED = text("SELECT units FROM shared_stock WHERE sku = :sku AND location_id = :shelf")
_END = text(
    """
    UPDATE reservation SET ended_at = :at
    WHERE basket = :basket AND side = :side AND (:sku = '' OR sku = :sku) AND ended_at IS NULL
    RETURNING sku, location_id
    """
)
_HELD = text(
    "SELECT units, expires_at, ended_at FROM reservation WHERE basket = :basket AND sku = :sku AND side = :side"
)


@dataclass(frozen=True, slots=True)
class Reserved:
    """A promise that holds until then."""

    basket: str
    sku: str
    location: str
    units: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Reservations:
    """Makes and ends promises on shelves that two platforms count."""

    database: Database
    places: Places
    mirroring: Mirroring
    now: Callable[[], datetime] = utc_now

    async def reserve(self, basket: str, sku: str, location: str, units: int) -> Reserved:
        """Promise units to a basket or cart that will be rung up at a location; the same again changes nothing.

        Raises:
            NotFound: No such location, or two platforms do not count its goods (`reservation.unshared`).
            Refused: They are not there to be promised (`reservation.sold`).
            Unavailable: A platform does not answer, or somebody looks at this shelf just now; ask again.
        """
        place = self._side(location)
        shelf = self.places.shelf(place.id)
        if self.places.mirror(shelf.id) is None:
            raise NotFound(
                f"The goods of {shelf.name} are counted by one platform, which promises them itself.",
                code="reservation.unshared",
                field="location",
            )
        at = self.now()
        until = at + HOLDS
        async with self.database.transaction() as connection:
            known = (await connection.execute(_SETTLED, {"sku": sku, "shelf": shelf.id})).first()
            job = await jobs.hold(connection, sku, shelf.id, at)
            if job is None or known is None:  # nobody can promise from a shelf whose counts were never taken in
                raise Unavailable("This shelf is being counted just now; ask again.", code="reservation.busy")
            asked = {"basket": basket, "sku": sku, "shelf": shelf.id, "side": place.id, "units": units, "until": until}
            if (await connection.execute(_KEEP, asked)).first() is None:
                held = (await connection.execute(_HELD, {"basket": basket, "sku": sku, "side": place.id})).one()
                jobs.release(connection, job, at)
                if held.ended_at is not None or held.units != units:
                    raise Refused(
                        "Something else was promised to this basket, or its time was up.",
                        code="reservation.other",
                        hint="Let go of it first, and name the basket anew.",
                        field="pos_transaction_id",
                    )
                return Reserved(basket, sku, place.id, units, held.expires_at)
        kept = False
        try:
            found = await self.mirroring.settle(job)
            kept = found is not None and (found.units or 0) >= found.promised
        finally:
            async with self.database.transaction() as connection:
                if not kept:
                    ended = {"basket": basket, "sku": sku, "side": place.id, "at": self.now()}
                    await connection.execute(_END, ended)
                    await ask_for_sync(connection, [(sku, shelf.id)], self.now())
                jobs.release(connection, job, self.now(), due=None if kept else self.now())
        if not kept:
            raise Refused(
                "The last of these was sold a moment ago.",
                code="reservation.sold",
                hint="Offer another size or color, or look where else it is: check_inventory.",
                field="sku",
            )
        return Reserved(basket, sku, place.id, units, until)

    async def end(self, basket: str, location: str) -> None:
        """Let go of what was promised to a basket there: it was paid, or left. Ending an ended one changes nothing.

        Raises:
            NotFound: No such location.
        """
        at, side = self.now(), self._side(location).id
        async with self.database.transaction() as connection:
            found = (await connection.execute(_END, {"basket": basket, "sku": "", "side": side, "at": at})).all()
            await ask_for_sync(connection, [(row.sku, row.location_id) for row in found], at)

    def _side(self, location: str) -> Place:
        """Where a basket of this location is rung up; baskets of two sides may have one name."""
        return self.places.get(self.places.get(location).stock_location)
