"""The ASGI application: every door, each handed what it needs and no more."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from time import perf_counter

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from knowledge.profile.complaints import Complaints
from policies.errors import TillhandError
from policies.vocabulary.actor import Door
from server.checkout.reserving import ReservationDoor
from server.checkout.route import CheckoutDoor
from server.checkout.rules import RuleDoor
from server.composition import House
from server.console.pages import Console
from server.floor.board import FloorBoard
from server.floor.insight import FloorInsights
from server.floor.offered import OfferedDesk
from server.floor.telling import TellingDesk
from server.health import backlog, ready
from server.mcp.action_tasks import ActionTasks
from server.mcp.endpoint import McpEndpoint
from server.mcp.shown import Shown
from server.offline.route import OfflineDoor
from server.offline.spent import SpentCodes
from server.pos.approve import ApproveDesk
from server.pos.beforehand import BeforehandDesk
from server.pos.decide import PosDesk
from server.pos.insight import InsightDesk
from server.pos.outcomes import OutcomeDesk
from server.pos.route import PosDoors
from server.pos.session_token import SessionTokens
from server.problems import on_bug, on_http_error, on_own_error
from server.telemetry import Labels, Metrics, approval_gauges
from server.webhooks.events import EventDoor
from tools.read.approval_figures import approval_figures


def build_app(house: House) -> Starlette:
    """The application over a house; serve it within the house's block."""
    settings = house.settings
    events = EventDoor(
        house.bearers, house.listener, house.inbox, house.sealer, house.metrics, settings.body_limit, house.now
    )
    checkout = CheckoutDoor(house.bearers, house.listener, house.desk, settings.body_limit)
    offline = OfflineDoor(house.bearers, house.offline, settings.body_limit)
    reserving = ReservationDoor(house.bearers, house.reservations, settings.body_limit)
    rules = RuleDoor(
        house.bearers,
        house.listener,
        house.desk,
        house.metrics,
        settings.webhook_secrets("lightspeed"),
        settings.body_limit,
    )
    pos = PosDoors(
        house.database,
        house.places,
        SessionTokens(settings.webhook_secrets("shopify"), settings.shopify_client_id, settings.shop_domain, house.now),
        PosDesk(
            house.database,
            house.desk,
            house.places,
            house.keys,
            house.secret.derive("scannable"),
            settings.receipt_days,
            house.now,
        ),
        InsightDesk(house.database, house.guard, house.keys, house.places, house.now),
        BeforehandDesk(house.database, house.places, house.offline),
        ApproveDesk.opened(house.database, house.guard, house.secret.derive("pin"), house.now),
        OutcomeDesk(house.database, SpentCodes(house.database, house.guard, house.offers.actor), house.now),
        house.metrics,
        settings.body_limit,
        house.now,
    )
    mcp = _mcp(house)
    floor = FloorBoard(
        house.database,
        house.guard,
        house.places,
        FloorInsights(house.database, house.guard, house.now),
        OfferedDesk(
            house.database,
            house.offers.actor,
            Complaints(frozenset(settings.complaints)),
            house.secret.derive("scannable"),
            house.desk.online,
        ),
        house.agents,
        house.now,
    )
    console = Console(
        house.database,
        house.guard,
        house.engine,
        house.places,
        house.secret,
        settings,
        house.now,
        house.undoing,
        house.ladder,
        house.reviews,
        floor,
        TellingDesk(house.database, house.guard, house.now),
        house.platforms,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with mcp.running():
            yield

    app = Starlette(
        routes=[
            Route("/webhooks/{platform}", house.receiver.receive, methods=["POST"]),
            Route("/v1/checkout", checkout.check_out, methods=["POST"]),
            Route("/v1/offline", offline.hand, methods=["POST"]),
            Route("/v1/reservations", reserving.ask, methods=["POST"]),
            Route("/v1/events", events.tell, methods=["POST"]),
            *pos.routes(),
            Route("/rules/lightspeed", rules.ask, methods=["POST"]),
            Route("/mcp", mcp, name="mcp"),
            Route("/mcp/{narrowed:path}", mcp),
            *(Route(path, partial(_resource, house)) for path in house.challenge.paths),
            Mount("/console", routes=console.routes()),
            Route("/live", _live),
            Route("/ready", partial(_ready, house)),
            Route("/metrics", partial(_metrics, house)),
        ],
        middleware=[Middleware(Timed, metrics=house.metrics)],
        exception_handlers={
            TillhandError: on_own_error,
            HTTPException: on_http_error,
            Exception: on_bug,
        },
        lifespan=lifespan,
    )
    app.state.metrics = house.metrics
    app.state.challenge = house.challenge
    return app


class Timed:
    """Counts and times every request by its route, and says to browsers what none of our answers needs."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).extend(_HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            # the route's own path and not the caller's: what anybody may type must not become a label
            route = getattr(scope.get("route"), "path", "") or ("console" if "/console" in scope["path"] else "none")
            self._metrics.count("requests", route=route, status=str(status))
            self._metrics.observe("request_seconds", perf_counter() - begun, route=route)


_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


async def _live(_: Request) -> Response:
    return PlainTextResponse("live")


async def _ready(house: House, _: Request) -> Response:
    fine, why = await ready(house.database, house.now)
    return JSONResponse({"ready": fine, **why}, status_code=200 if fine else 503)


async def _resource(house: House, _: Request) -> Response:
    """Which identity provider gives out tokens for us (RFC 9728); public, for browsers too."""
    return JSONResponse(house.challenge.document(), headers={"Access-Control-Allow-Origin": "*"})


async def _metrics(house: House, request: Request) -> Response:
    """Prometheus text; JSON with `?format=json`."""
    async with house.database.reading() as connection:
        waits = await backlog(connection, house.now())
        queues = await approval_figures(connection, None, house.now())
    if request.query_params.get("format") == "json":
        return JSONResponse(
            {
                **house.metrics.snapshot(),
                "waiting_events": waits.lanes,
                "oldest_s": waits.age_s,
                "open_actions": waits.actions,
                "approvals": {each.location: asdict(each) for each in queues},
                "set_aside": waits.set_aside,
                "absorbed": {f"{source}:{reason}": count for (source, reason), count in waits.absorbed.items()},
                "workers": waits.workers,
            }
        )
    none: Labels = ()
    gauges: dict[str, dict[Labels, float]] = {
        "waiting_events": {(("lane", lane),): count for lane, count in waits.lanes.items()},
        "oldest_event_seconds": {none: waits.age_s},
        "open_actions": {(("state", state),): count for state, count in waits.actions.items()},
        **approval_gauges(queues),
        "set_aside_events": {(("state", state),): count for state, count in waits.set_aside.items()},
        "absorbed": {
            (("reason", reason), ("source", source)): count for (source, reason), count in waits.absorbed.items()
        },
        "workers": {none: waits.workers},
    }
    return PlainTextResponse(house.metrics.text(gauges), media_type="text/plain; version=0.0.4")


def _mcp(house: House) -> McpEndpoint:
    settings = house.settings
    hosts = ["127.0.0.1:*", "localhost:*", "[::1]:*"]
    origins = [f"http://{host}" for host in hosts]
    if settings.public_url:
        scheme, _, rest = settings.public_url.partition("://")
        host = rest.partition("/")[0]
        hosts += [host, f"{host}:*"]
        origins.append(f"{scheme}://{host}")
    for name in settings.allowed_hosts:
        hosts += [name, f"{name}:*"]
    return McpEndpoint(
        house.guard,
        partial(house.bearers.of_bearer, door=Door.MCP),
        challenge=house.challenge,
        hosts=hosts,
        origins=origins,
        state_key=house.secret.derive("mcp-state"),
        shown=Shown(tasks=ActionTasks(house.database, house.guard, house.now), console=settings.console_url),
    )
