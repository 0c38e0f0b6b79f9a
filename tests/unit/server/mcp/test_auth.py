"""The bearer check promises to recognize people or say that it cannot, never to guess."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import Actor, Role
from server.mcp.auth import BearerOnly, CredentialVerifier
from tests.small_chain import actor

pytestmark = pytest.mark.anyio


async def answer(authenticate: Any, *authorization: bytes) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    """Status, headers and the scope the inner application saw, for one request."""
    seen: dict[str, Any] = {}
    sent: list[dict[str, Any]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await PlainTextResponse("in")(scope, receive, send)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", value) for value in authorization]
    door = BearerOnly(inner, CredentialVerifier(authenticate))
    await door({"type": "http", "method": "POST", "path": "/mcp", "headers": headers}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), seen


async def good(key: str) -> Actor:
    if key != "th_good":
        raise Refused("This key is not valid.", code="credential.unknown")
    return actor(Role.ASSOCIATE, name="associate:eve")


async def gone(_: str) -> Actor:
    raise Unavailable("The database does not answer.", code="database.unavailable")


async def test_the_credential_itself_goes_no_further_than_the_door():
    status, _, scope = await answer(good, b"Bearer th_good")
    assert status == 200
    assert scope["user"].access_token.client_id == "associate:eve"
    assert scope["user"].access_token.token == ""


@pytest.mark.parametrize("header", [b"Bearer th_bad", b"bearer " + b"x" * 5000, b"Bearer \xff\xfe"])
async def test_a_bad_credential_is_challenged_as_invalid(header: bytes):
    status, headers, scope = await answer(good, header)
    assert (status, scope) == (401, {})
    assert b'error="invalid_token"' in headers[b"www-authenticate"]


async def test_no_credential_is_challenged_without_an_error():
    status, headers, _ = await answer(good)
    assert (status, headers[b"www-authenticate"]) == (401, b'Bearer realm="tillhand"')


async def test_while_nobody_can_be_recognized_the_answer_is_to_try_again():
    status, headers, scope = await answer(gone, b"Bearer th_good")
    assert (status, scope) == (503, {})
    assert headers[b"retry-after"]
