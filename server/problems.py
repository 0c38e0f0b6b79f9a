"""Errors as HTTP answers in the one format programs and people can both act on (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from policies.errors import Misconfigured, NotFound, Refused, TillhandError, Unavailable
from server.oauth.challenge import Challenge

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 2  # seconds; both platforms resend on their own much later, registers never need to

# Refusals whose status says more than "the content cannot be processed"; the longest matching beginning counts.
_STATUS: Final[Mapping[str, int]] = {
    "body.malformed": HTTPStatus.BAD_REQUEST,
    "body.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body.type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "credential.": HTTPStatus.UNAUTHORIZED,
    "signature.": HTTPStatus.UNAUTHORIZED,
    "access.": HTTPStatus.FORBIDDEN,
    "oauth.claim": HTTPStatus.FORBIDDEN,
    # rules on who may, by other teams
    "ladder.only_people": HTTPStatus.FORBIDDEN,
    "ladder.part_of_the_chain": HTTPStatus.FORBIDDEN,
    "review.only_people": HTTPStatus.FORBIDDEN,
    "review.whole_chain": HTTPStatus.FORBIDDEN,
    "webhook.foreign": HTTPStatus.FORBIDDEN,
    "pos.": HTTPStatus.FORBIDDEN,  # a register or its user that IT has not told of
    "idempotency.": HTTPStatus.CONFLICT,
}


def status_of(error: TillhandError) -> int:
    """The HTTP status an error of ours is answered with."""
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, Misconfigured):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    fitting = [name for name in _STATUS if error.code.startswith(name)]
    return _STATUS[max(fitting, key=len)] if fitting else HTTPStatus.UNPROCESSABLE_ENTITY


_KEYS_ONLY: Final = Challenge()


def problem(error: TillhandError, challenge: Challenge = _KEYS_ONLY) -> Response:
    """An error of ours as a response; `challenge` tells callers how to come in."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and (told := challenge.header(error.code)):
        headers["WWW-Authenticate"] = told
    elif status == HTTPStatus.UNAUTHORIZED:  # a platform's signature; RFC 9110 wants a challenge with every 401
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, error.code, error.message, headers, hint=error.hint, field=error.field)


async def on_own_error(request: Request, error: Exception) -> Response:
    """For every `TillhandError` a route lets through."""
    assert isinstance(error, TillhandError)  # noqa: S101  registered for these only
    _count(request, error.code)
    return problem(error, getattr(request.app.state, "challenge", _KEYS_ONLY))


async def on_http_error(request: Request, error: Exception) -> Response:
    """For what the framework refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for these only
    code = f"http.{error.status_code}"
    _count(request, code)
    return _answer(error.status_code, code, HTTPStatus(error.status_code).phrase, dict(error.headers or {}))


async def on_bug(request: Request, error: Exception) -> Response:  # noqa: ARG001  its text may hold personal data
    """For everything else: loud in the log, silent towards the caller."""
    _count(request, "bug")
    return _answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "bug",
        "Something went wrong here; nothing was changed by this request that the ledger does not show.",
        {},
        hint="The operator finds the cause in the log.",
    )


def _count(request: Request, code: str) -> None:
    metrics = getattr(request.app.state, "metrics", None)
    if metrics is not None:
        metrics.count("refusals", code=code)


def _answer(status: int, code: str, detail: str, headers: dict[str, str], **more: Any) -> Response:
    content = {
        "type": f"urn:tillhand:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **{name: value for name, value in more.items() if value},
    }
    return Response(json.dumps(content), status, headers, MEDIA_TYPE)


def refusal(first: Any, code: str = "body.invalid") -> Refused:
    """The first error pydantic found, without the value it found: that may be personal data."""
    where = ".".join(str(part) for part in first["loc"])
    return Refused(
        f"{where or 'The body'}: {first['msg']}.",
        code=code,
        hint="Correct this field and send the request again.",
        field=where,
    )
