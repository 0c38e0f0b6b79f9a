"""A request's body: read in pieces up to a limit, of the expected type, as exact JSON."""

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from policies.errors import Refused

JSON = frozenset({"application/json"})
FORM = frozenset({"application/x-www-form-urlencoded"})
_DEEPEST = 64  # levels; deeper is an attack on the parser, not a basket
_LONGEST_NUMBER = 40  # characters; longer ones cost time and mean nothing in a shop


async def read_body(request: Request, limit: int, types: Collection[str]) -> bytes:
    """The raw bytes, exactly as received.

    Args:
        request: Not read before.
        limit: Bytes; what is longer is refused as soon as that is known.
        types: Content types that are understood here.

    Raises:
        Refused: Too large, of another type, or cut off.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in types:
        raise Refused(
            "This content type is not understood here.", code="body.type", hint=f"Send {' or '.join(sorted(types))}."
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                _too_large(limit)
            pieces.append(piece)
    except ClientDisconnect as error:
        raise Refused("The request ended early.", code="body.malformed") from error
    return b"".join(pieces)


def exact_json(body: bytes) -> dict[str, Any]:
    """A JSON object whose numbers are `int` or `Decimal`, never a float.

    Raises:
        Refused: It is not an object, names a key twice, nests too deep, or holds what JSON has no word for.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Refused(
            "The body is not readable JSON.", code="body.malformed", hint="Send one JSON object in UTF-8."
        ) from error
    opened = text.count("{") + text.count("[")  # no text nests deeper than it opens, and most open little
    too_deep = opened > _DEEPEST and _depth(value, 0) > _DEEPEST
    if not isinstance(value, dict) or too_deep or "\x00" in text or "\\u0000" in text:
        raise Refused("The body is not one plain JSON object.", code="body.malformed")
    return value  # pyright: ignore[reportUnknownVariableType]  # keys of JSON objects are text


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("number too long")
    value = Decimal(text)
    if abs(value.adjusted()) > _LONGEST_NUMBER:
        raise ValueError("number out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("number too long")
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # two readers of one text could take different values for the same name
        raise ValueError("a key is named twice")
    return found


def _depth(value: Any, level: int) -> int:
    if level > _DEEPEST or not isinstance(value, dict | list) or not value:
        return level
    inside: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType]
    return max(_depth(each, level + 1) for each in inside)


def _too_large(limit: int) -> NoReturn:
    raise Refused(f"The body is larger than {limit} bytes.", code="body.too_large")
