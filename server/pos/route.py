"""`/pos/v1/`: what the extension on a register's screen asks; who asks is said by Shopify, and where by IT."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.errors import Refused, TillhandError
from server.bearers import in_address
from server.body import JSON, exact_json, read_body
from server.pos.approve import ApproveDesk
from server.pos.asked import ApproveAsked, Asked, BeforehandAsked, DecisionAsked, InsightAsked, OutcomesSent
from server.pos.beforehand import BeforehandDesk
from server.pos.decide import PosDesk
from server.pos.insight import InsightDesk
from server.pos.known import Counter, find_counter
from server.pos.outcomes import OutcomeDesk
from server.pos.session_token import SessionTokens
from server.problems import problem, refusal
from server.telemetry import Metrics

PATH: Final = "/pos/v1"
# https://shopify.dev/docs/api/pos-ui-extensions/latest#communicate-with-your-server
ORIGINS: Final = frozenset({"https://cdn.shopify.com", "https://extensions.shopifycdn.com"})
LARGEST: Final = 65_536  # bytes: two hundred lines, or a hundred outcomes, with room
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}
_Shape = TypeVar("_Shape", bound=Asked)
_Handle = Callable[[Counter, _Shape], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class PosDoors:
    """The doors of the extension.

    Attributes:
        limit: Bytes a request may have, where the operator allows fewer than these doors need.
    """

    database: Database
    places: Places
    tokens: SessionTokens
    decisions: PosDesk
    insights: InsightDesk
    beforehand: BeforehandDesk
    approvals: ApproveDesk
    outcomes: OutcomeDesk
    metrics: Metrics
    limit: int
    now: Callable[[], datetime]

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            self._route("insight", InsightAsked, self.insights.tell),
            self._route("beforehand", BeforehandAsked, self.beforehand.hand),
            self._route("decision", DecisionAsked, self.decisions.decide),
            self._route("approve", ApproveAsked, self.approvals.approve),
            self._route("outcome", OutcomesSent, self.outcomes.settle),
        ]

    def _route(self, name: str, shape: type[_Shape], handle: _Handle[_Shape]) -> Route:
        async def answer(request: Request) -> Response:
            origin = request.headers.get("origin")
            headers = {"Vary": "Origin"}
            if origin in ORIGINS:
                headers["Access-Control-Allow-Origin"] = origin
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers | _PREFLIGHT)
            try:
                if origin is not None and origin not in ORIGINS:
                    raise _foreign()
                response: Response = JSONResponse(await self._asked(request, shape, handle))
            except TillhandError as error:  # answered here, so that the extension may read it across origins
                self.metrics.count("refusals", code=error.code)
                response = problem(error)
            response.headers.update(headers)
            return response

        return Route(f"{PATH}/{name}", answer, methods=["POST", "OPTIONS"], name=f"pos {name}")

    async def _asked(self, request: Request, shape: type[_Shape], handle: _Handle[_Shape]) -> Mapping[str, Any]:
        if "access_token" in request.query_params or "id_token" in request.query_params:
            raise in_address()
        subject = self.tokens.subject(_bearer(request))
        body = exact_json(await read_body(request, min(self.limit, LARGEST), JSON))
        try:
            asked = shape.model_validate(body)
        except ValidationError as error:
            raise refusal(
                error.errors(include_input=False, include_url=False)[0]
            ) from None  # the cause holds the value
        counter = await find_counter(self.database.quick, asked.device, subject, self.now())
        if self.places.get(counter.location).platform_id != asked.location:
            raise Refused(
                "This register stands elsewhere than it was registered for.",
                code="pos.moved",
                hint=f"Have IT run: tillhand pos register {asked.device} --location CODE.",
                field="location",
            )
        return (await handle(counter, asked)).model_dump(mode="json")


def _bearer(request: Request) -> str:
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not sent.strip() or len(request.headers.getlist("authorization")) != 1:
        raise Refused(
            "A session token is needed: send it as Authorization: Bearer.",
            code="credential.missing",
            hint="The app needs Shopify's permission for this user.",
        )
    return sent.strip()


def _foreign() -> Refused:
    return Refused(
        "Only the extension on a register asks here.", code="access.origin", hint="Calls of programs name no origin."
    )
