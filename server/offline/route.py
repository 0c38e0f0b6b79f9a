"""`POST /v1/offline`: a register fetches the offers it may make while it cannot reach us."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from policies.vocabulary.actor import Door
from server.bearers import Bearers
from server.body import JSON, exact_json, read_body
from server.checkout.desk import may_check_out
from server.offline.hand import OfflineDesk
from server.webhooks.events import may_tell
from server.webhooks.hearsay import read_told
from server.webhooks.told import OfflineAsked


@dataclass(frozen=True, slots=True)
class OfflineDoor:
    """Reads a register's request; what it may see is set by its key."""

    bearers: Bearers
    desk: OfflineDesk
    limit: int

    async def hand(self, request: Request) -> Response:
        """Answer with a signed batch.

        Raises:
            Refused: The key or the location is not right.
            NotFound: The location is not known.
        """
        actor = await self.bearers.actor(request, Door.CHECKOUT)
        may_check_out(actor)
        asked = read_told(OfflineAsked, exact_json(await read_body(request, self.limit, JSON)))
        place = self.desk.places.get(asked.store_id)
        may_tell(actor, place.id)
        return JSONResponse(await self.desk.hand(actor, place, asked.register_id))
