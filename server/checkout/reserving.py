"""`POST /v1/reservations`: a till or a shop system has units promised to a basket before it is paid, or lets go."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from policies.vocabulary.actor import Door
from server.bearers import Bearers
from server.body import JSON, exact_json, read_body
from server.webhooks.events import may_tell
from server.webhooks.hearsay import read_told
from server.webhooks.told import ReservationAsked
from tools.mirroring.reserve import Reservations


@dataclass(frozen=True, slots=True)
class ReservationDoor:
    """Reads what is asked; where, is set by the key."""

    bearers: Bearers
    reservations: Reservations
    limit: int

    async def ask(self, request: Request) -> Response:
        """Answer that the units are held, and until when; or that they were let go.

        Raises:
            Refused: The key or the location is not right, or the units are not there (`reservation.sold`).
            NotFound: The location is not known, or one platform alone counts its goods.
            Unavailable: A platform does not answer in time.
        """
        actor = await self.bearers.actor(request, Door.CHECKOUT)
        may_tell(actor, "")
        asked = read_told(ReservationAsked, exact_json(await read_body(request, self.limit, JSON)))
        place = self.reservations.places.get(asked.store_id)
        may_tell(actor, place.id)
        if asked.units == 0:
            await self.reservations.end(asked.pos_transaction_id, place.id)
            return JSONResponse({"outcome": "ended"})
        held = await self.reservations.reserve(asked.pos_transaction_id, asked.sku, place.id, asked.units)
        return JSONResponse({"outcome": "held", "units": held.units, "until": held.until.isoformat()})
