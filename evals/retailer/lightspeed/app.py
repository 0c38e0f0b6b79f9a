"""The X-Series API as a web application: faults, then who is asking, then how often, then the operation."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evals.retailer.faults import Faults
from evals.retailer.lightspeed.access import BadGrant
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.allowance import Standing
from evals.retailer.lightspeed.answers import Asked, Problem
from evals.retailer.lightspeed.operations import OPERATIONS, Operation
from evals.retailer.lightspeed.settings import API_VERSION, LightspeedSettings
from evals.retailer.world import World

_Handler = Callable[[Request], Awaitable[Response]]


def lightspeed_app(world: World, settings: LightspeedSettings, faults: Faults) -> Starlette:
    """Serve one Lightspeed retailer over a world; `app.state.account` is what it keeps beside the world."""
    account = Account(world, settings)
    by_path: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    routes = [Route("/api/1.0/token", _token(account, faults), methods=["POST"])]
    for path, operations in by_path.items():
        methods = [operation.method for operation in operations]
        routes.append(Route(f"/api/{API_VERSION}{path}", _door(account, faults, operations), methods=methods))
    app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})
    app.state.account = account
    return app


def _token(account: Account, faults: Faults) -> _Handler:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(faults.slow_s)
        if faults.down:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "The service is unavailable.")
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            return JSONResponse(account.tokens.grant(form))
        except BadGrant as error:
            return JSONResponse({"error": error.error, "error_description": str(error)}, status_code=error.status)

    return answer


def _door(account: Account, faults: Faults, operations: list[Operation]) -> _Handler:
    by_method = {operation.method: operation for operation in operations}

    async def answer(request: Request) -> Response:
        await asyncio.sleep(faults.slow_s)
        if faults.fails_now():
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "The service is unavailable.")
        operation = by_method.get(request.method)
        if operation is None:  # HEAD, which Starlette adds to every GET
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed.")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not account.tokens.accepts(token):
            return _error(HTTPStatus.UNAUTHORIZED, "The access token is missing, expired or revoked.")
        if not set(operation.scope.split("|")) & account.settings.scopes:
            return _error(HTTPStatus.FORBIDDEN, f"The app was not granted {operation.scope}.")
        standing = account.allowance.take()
        if standing.wait:
            response = _too_many(account, standing)
        else:
            response = _carry_out(account, operation, request, await request.body())
            if operation.writes and response.status_code < HTTPStatus.BAD_REQUEST and faults.loses_answer_now():
                response = _error(HTTPStatus.BAD_GATEWAY, "Bad gateway.")
        response.headers["X-RateLimit-Limit"] = str(standing.limit)
        response.headers["X-RateLimit-Remaining"] = str(standing.remaining)
        return response

    return answer


def _carry_out(account: Account, operation: Operation, request: Request, body: bytes) -> Response:
    try:
        asked = Asked(request.path_params, parse_qs(request.url.query), _json(body))
        answer = operation.answer(account, asked)
    except Problem as problem:
        return _error(HTTPStatus(problem.status), str(problem))
    if answer.body is None:
        return Response(status_code=answer.status)
    return JSONResponse(answer.body, status_code=answer.status)


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON.") from error


def _too_many(account: Account, standing: Standing) -> Response:
    response = _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
    wait = ceil(standing.wait)
    if account.settings.retry_after == "date":
        at = account.settings.now() + timedelta(seconds=wait)
        response.headers["Retry-After"] = format_datetime(at, usegmt=True)
    else:
        response.headers["Retry-After"] = str(wait)
    return response


async def _not_found(_request: Request, _exception: Exception) -> Response:
    return _error(HTTPStatus.NOT_FOUND, "There is no such operation.")


def _error(status: HTTPStatus, message: str) -> JSONResponse:
    return JSONResponse({"error": status.phrase, "details": message}, status_code=status)
