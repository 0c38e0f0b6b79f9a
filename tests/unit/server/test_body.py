"""A request's body: within its limit, of its type, exact."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from policies.errors import Refused
from server.body import FORM, JSON, exact_json, read_body

pytestmark = pytest.mark.anyio


def request(pieces: Sequence[bytes], **headers: str) -> Request:
    """A request whose body arrives in these pieces."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": place + 1 < len(pieces)}
        for place, piece in enumerate(pieces)
    ]
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    sent = [(name.encode(), value.encode()) for name, value in named.items()]
    return Request({"type": "http", "method": "POST", "headers": sent}, receive)


async def test_a_body_of_exactly_the_limit_is_read_as_it_was_sent():
    assert await read_body(request([b"12345", b"67890"]), 10, JSON) == b"1234567890"


async def test_a_body_one_byte_over_the_limit_is_refused_as_soon_as_that_is_known():
    with pytest.raises(Refused) as refused:
        await read_body(request([b"12345", b"678901"]), 10, JSON)

    assert refused.value.code == "body.too_large"


async def test_a_declared_length_over_the_limit_is_refused_unread():
    with pytest.raises(Refused) as refused:
        await read_body(request([], content_length="11"), 10, JSON)

    assert refused.value.code == "body.too_large"


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused(media: str):
    with pytest.raises(Refused) as refused:
        await read_body(request([b"{}"], content_type=media), 10, JSON)

    assert refused.value.code == "body.type"


async def test_parameters_and_capitals_of_a_content_type_do_not_matter():
    body = request([b"a=b"], content_type="Application/X-WWW-Form-Urlencoded; charset=utf-8")

    assert await read_body(body, 10, FORM) == b"a=b"


def test_amounts_keep_every_digit():
    assert exact_json(b'{"price": 29.99, "count": 3, "tiny": 0.10}') == {
        "price": Decimal("29.99"),
        "count": 3,
        "tiny": Decimal("0.10"),
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1e999999999}',
        b'{"a": ' + b"9" * 41 + b"}",
        b'{"a": "\\u0000"}',
        b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_not_one_plain_json_object_is_refused_without_a_crash(body: bytes):
    with pytest.raises(Refused) as refused:
        exact_json(body)

    assert refused.value.code == "body.malformed"


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.integers(-(2**62), 2**62))
def test_numbers_survive_the_wire_exactly(amount: Decimal, count: int):
    read = exact_json(b'{"amount": %b, "count": %b}' % (str(amount).encode(), str(count).encode()))

    assert read == {"amount": amount, "count": count}
    assert not isinstance(read["amount"], float)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes):
    try:
        exact_json(body)
    except Refused:
        pass
    else:
        assert isinstance(json.loads(body), dict)
