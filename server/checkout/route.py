"""`POST /v1/checkout`: a basket from a register, before payment; its offer, or silence, while the customer waits."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from knowledge.events.event import Topic
from policies.errors import Refused
from policies.vocabulary.actor import Door
from server.bearers import Bearers
from server.body import JSON, exact_json, read_body
from server.checkout.desk import CheckoutDesk, may_check_out
from server.webhooks.aliases import topic_of
from server.webhooks.events import may_tell
from server.webhooks.hearsay import SOURCE, Listener, read_told
from server.webhooks.told import CheckoutTold


@dataclass(frozen=True, slots=True)
class CheckoutDoor:
    """Reads a register's request; what it may see is set by its key."""

    bearers: Bearers
    listener: Listener
    desk: CheckoutDesk
    limit: int

    async def check_out(self, request: Request) -> Response:
        """Answer one basket.

        Raises:
            Refused: The key, the location, or the basket is not right. Being late is never an error.
            NotFound: The location is not known.
        """
        actor = await self.bearers.actor(request, Door.CHECKOUT)
        may_check_out(actor)
        said = read_told(CheckoutTold, exact_json(await read_body(request, self.limit, JSON)))
        if topic_of(said.event) is not Topic.CHECKOUT_STARTED:
            raise Refused(
                "Only checkout.started is answered here.",
                code="body.invalid",
                hint="Other events go to /v1/events.",
                field="event",
            )
        place = self.listener.places.get(said.store_id)
        may_tell(actor, place.id)
        checkout = self.listener.checkout(said, place)
        answer = await self.desk.answer(actor, checkout, source=SOURCE, scanned=said.scanned)
        return JSONResponse(answer.facts())
