"""A call's body means one thing: no name twice, no number JSON has no word for, no half of a character.

Two readers of such a body may read two different calls, one of which was checked and the other one made. What this
finds is refused before anybody reads it, and nothing of it is repeated.
"""

import json
from typing import Any, Final, NoReturn

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from policies.errors import Refused

_LONGEST_NUMBER: Final = 40  # characters; a shop has no number of more
_INVALID_REQUEST: Final = -32600  # JSON-RPC 2.0


class ExactBody:
    """ASGI: lets a body through that can be read in one way only, exactly as it came.

    Args:
        app: Reads what is let through, and refuses by itself what is no JSON or too large.
        most: Bytes; of a larger body nothing is judged here.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        messages, body = await self._read(receive)
        try:
            check(body)
        except Refused as error:
            await _refusal(error)(scope, receive, send)
            return

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> tuple[list[Message], bytes]:
        """What came so far, and the body when it came whole."""
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            if message["type"] != "http.request":
                return messages, b""
            size += len(message.get("body", b""))
            if size > self._most:
                return messages, b""
            if not message.get("more_body", False):
                return messages, b"".join(each.get("body", b"") for each in messages)


def check(body: bytes) -> None:
    """Let through a body that can be read in one way, or not at all.

    Raises:
        Refused: It can be read in two.
    """
    try:
        text = body.decode()
        _read.decode(text)
        if "\\u" in text:
            json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _ambiguous("Text holds half of a character.") from None
    except (ValueError, RecursionError):  # no JSON: whoever reads it says so
        return


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _ambiguous("A name is given twice.")
    return found


def _no_constant(text: str) -> NoReturn:
    del text
    raise _ambiguous("A number is not a number.")


def _number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _ambiguous("A number is too long.")
    return 0


_read: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_number, parse_float=_number
)


def _ambiguous(message: str) -> Refused:
    return Refused(message, code="arguments.invalid", hint="Send JSON that has one meaning: RFC 8259, and I-JSON.")


def _refusal(error: Refused) -> JSONResponse:
    told = {"code": error.code, "message": error.message, "retryable": False, "hint": error.hint}
    answer = {"code": _INVALID_REQUEST, "message": error.message, "data": {"error": told}}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": answer}, status_code=400)
