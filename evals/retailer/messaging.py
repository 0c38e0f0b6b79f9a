"""Twilio and Klaviyo as the retailer has them: what was sent, by whom to whom, and what goes wrong when told to."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evals.retailer.faults import Faults

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "a simulated account's token"  # noqa: S105  # opens nothing but this simulation
KEY = "pk_simulated"
SENDER = "+15005550006"
_EMAIL_IS = re.compile(r'equals\(email,"([^"]+)"\)')
_LINKS = {"self": "https://a.klaviyo.com/api/profiles"}
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_NO_NUMBER, _OPTED_OUT, _NO_BODY, _NO_ONE = 21211, 21610, 21602, 20003


@dataclass(slots=True)
class MessagingFaults(Faults):
    """A platform's faults, and what only senders of messages know.

    Attributes:
        too_fast_next: This many requests answer 429.
        unlisted: Messages that were sent are not in the list yet.
    """

    too_fast_next: int = 0
    unlisted: bool = False


@dataclass(slots=True)
class Mailbox:
    """What customers got.

    Attributes:
        texts: Twilio's messages, newest first, as its list shows them.
        events: Klaviyo's events by profile, metric and key: only the first of a key is recorded.
        stopped: Numbers whose owner replied STOP.
        repeated: Events that came again under their key.
        profiles: Attributes of Klaviyo's profiles by e-mail address.
    """

    now: Callable[[], datetime]
    texts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    events: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict[tuple[str, str, str], Any])
    stopped: set[str] = field(default_factory=set[str])
    repeated: int = 0
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])


def messaging_app(mailbox: Mailbox, faults: MessagingFaults) -> Starlette:
    """Serve both providers over one mailbox: Twilio under `/2010-04-01`, Klaviyo under `/api`."""
    texts = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    return Starlette(
        routes=[
            Route(texts, _faulty(faults, _twilio_send(mailbox), writes=True), methods=["POST"]),
            Route(texts, _faulty(faults, _twilio_list(mailbox, faults)), methods=["GET"]),
            Route("/api/events", _faulty(faults, _klaviyo_event(mailbox), writes=True), methods=["POST"]),
            Route("/api/profiles", _faulty(faults, _klaviyo_profiles(mailbox)), methods=["GET"]),
        ]
    )


_Handler = Callable[[Request], Awaitable[Response]]


def _faulty(faults: MessagingFaults, handler: _Handler, *, writes: bool = False) -> _Handler:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(faults.slow_s)
        if faults.fails_now():
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        if faults.too_fast_next > 0:
            faults.too_fast_next -= 1
            return JSONResponse({"code": 20429}, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "0"})
        response = await handler(request)
        if writes and response.status_code < HTTPStatus.BAD_REQUEST and faults.loses_answer_now():
            return Response(status_code=HTTPStatus.BAD_GATEWAY)
        return response

    return answer


def _twilio_send(mailbox: Mailbox) -> _Handler:
    async def answer(request: Request) -> Response:
        if not _is_account(request):
            return _twilio_error(HTTPStatus.UNAUTHORIZED, _NO_ONE)
        form = dict(parse_qsl((await request.body()).decode()))
        to = form.get("To", "")
        if not _E164.fullmatch(to):
            return _twilio_error(HTTPStatus.BAD_REQUEST, _NO_NUMBER, to)
        if not form.get("Body"):
            return _twilio_error(HTTPStatus.BAD_REQUEST, _NO_BODY, to)
        if to in mailbox.stopped:
            return _twilio_error(HTTPStatus.BAD_REQUEST, _OPTED_OUT, to)
        sent = _text(form, format_datetime(mailbox.now()))
        mailbox.texts.insert(0, sent)
        return JSONResponse(sent, HTTPStatus.CREATED)

    return answer


def _twilio_list(mailbox: Mailbox, faults: MessagingFaults) -> _Handler:
    async def answer(request: Request) -> Response:
        if not _is_account(request):
            return _twilio_error(HTTPStatus.UNAUTHORIZED, _NO_ONE)
        asked = request.query_params
        size = int(asked.get("PageSize", "50"))
        found = [
            text
            for text in ([] if faults.unlisted else mailbox.texts)
            if text["to"] == asked.get("To", text["to"]) and text["from"] == asked.get("From", text["from"])
        ][:size]
        page = {"page": 0, "page_size": size, "start": 0, "end": max(0, len(found) - 1)}
        return JSONResponse({"messages": found, "uri": request.url.path, "next_page_uri": None, **page})

    return answer


def _klaviyo_event(mailbox: Mailbox) -> _Handler:
    async def answer(request: Request) -> Response:
        if not _is_key(request):
            return _unauthenticated()
        told = (await request.json())["data"]["attributes"]
        email = str(told["profile"]["data"]["attributes"].get("email", ""))
        if "@" not in email:
            refusal = {"status": 400, "code": "invalid", "detail": f"Invalid email address {email}"}
            return JSONResponse({"errors": [refusal]}, HTTPStatus.BAD_REQUEST)
        key = (email, str(told["metric"]["data"]["attributes"]["name"]), str(told["unique_id"]))
        mailbox.repeated += key in mailbox.events
        mailbox.events.setdefault(key, told["properties"])
        return Response(status_code=HTTPStatus.ACCEPTED)

    return answer


def _klaviyo_profiles(mailbox: Mailbox) -> _Handler:
    """Profiles by the one filter that is simulated, with the fields that were asked for."""

    async def answer(request: Request) -> Response:
        if not _is_key(request):
            return _unauthenticated()
        asked = _EMAIL_IS.fullmatch(request.query_params.get("filter", ""))
        if asked is None:
            return JSONResponse({"errors": [{"status": 400, "code": "invalid"}]}, HTTPStatus.BAD_REQUEST)
        fields = request.query_params.get("fields[profile]", "").split(",")
        told = mailbox.profiles.get(asked.group(1))
        shown = [] if told is None else [{name: told[name] for name in fields if name in told}]
        data = [{"type": "profile", "id": "01SIMULATED", "attributes": each, "links": _LINKS} for each in shown]
        return JSONResponse({"data": data, "links": _LINKS}, media_type="application/vnd.api+json")

    return answer


def _is_key(request: Request) -> bool:
    headers = request.headers
    return headers.get("authorization") == f"Klaviyo-API-Key {KEY}" and bool(headers.get("revision"))


def _unauthenticated() -> Response:
    return JSONResponse({"errors": [{"status": 401, "code": "not_authenticated"}]}, HTTPStatus.UNAUTHORIZED)


def _is_account(request: Request) -> bool:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return scheme == "Basic" and base64.b64decode(secret).decode() == f"{ACCOUNT}:{TOKEN}"


def _twilio_error(status: HTTPStatus, code: int, to: str = "") -> Response:
    """Like the real one, it names the number it does not like."""
    told = {"code": code, "message": f"The 'To' number {to} cannot be used", "status": int(status)}
    return JSONResponse({**told, "more_info": f"https://www.twilio.com/docs/errors/{code}"}, status)


def _text(form: dict[str, str], at: str) -> dict[str, Any]:
    sid = f"SM{uuid4().hex}"
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": form["Body"],
        "date_created": at,
        "date_sent": None,
        "date_updated": at,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form["From"],
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"},
        "to": form["To"],
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }
