"""The bearer check promises to recognize people or say that it cannot, never to guess."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import anyio
import pytest
from starlette.responses import PlainTextResponse

from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import Actor, Role
from server.mcp.auth import BearerOnly
from server.oauth.challenge import Challenge
from tests.small_chain import actor

pytestmark = pytest.mark.anyio

OAUTH = Challenge("https://till.example.com/shop/mcp", "https://login.example.com")
METADATA = 'resource_metadata="https://till.example.com/.well-known/oauth-protected-resource/shop/mcp"'


async def plain(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("in")(scope, receive, send)


async def answer(
    authenticate: Any,
    *authorization: bytes,
    query: bytes = b"",
    challenge: Challenge | None = None,
    inner: Any = plain,
) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    """Status, headers and the scope the inner application saw, for one request."""
    seen: dict[str, Any] = {}
    sent: list[dict[str, Any]] = []

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await inner(scope, receive, send)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", value) for value in authorization]
    door = BearerOnly(watching, authenticate, challenge or Challenge())
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/mcp", "query_string": query}
    await door({**scope, "headers": headers}, receive, send)
    assert not sent[-1].get("more_body", False)
    return sent[0]["status"], dict(sent[0]["headers"]), seen


async def good(key: str) -> Actor:
    if key != "th_good":
        raise Refused("This key is not valid.", code="credential.unknown")
    return actor(Role.ASSOCIATE, name="associate:eve")


async def gone(_: str) -> Actor:
    raise Unavailable("The database does not answer.", code="database.unavailable")


def narrowed_to(*toolsets: str) -> Any:
    async def authenticate(_: str) -> Actor:
        return replace(actor(), toolsets=frozenset(toolsets))

    return authenticate


async def test_the_credential_itself_goes_no_further_than_the_door():
    status, _, scope = await answer(good, b"Bearer th_good")
    assert status == 200
    assert scope["user"].access_token.client_id == "associate:eve"
    assert scope["user"].access_token.token == ""


@pytest.mark.parametrize("header", [b"Bearer th_bad", b"bearer " + b"x" * 9000, b"Bearer \xff\xfe"])
async def test_a_bad_credential_is_challenged_as_invalid(header: bytes):
    status, headers, scope = await answer(good, header)
    assert (status, scope) == (401, {})
    assert b'error="invalid_token"' in headers[b"www-authenticate"]


@pytest.mark.parametrize("headers", [[], [b"Basic x"], [b"Bearer "], [b"Bearer th_good", b"Bearer th_good"]])
async def test_no_credential_is_challenged_without_an_error(headers: Sequence[bytes]):
    status, told, _ = await answer(good, *headers)
    assert (status, told[b"www-authenticate"]) == (401, b'Bearer realm="tillhand"')


async def test_while_nobody_can_be_recognized_the_answer_is_to_try_again():
    status, headers, scope = await answer(gone, b"Bearer th_good")
    assert (status, scope) == (503, {})
    assert headers[b"retry-after"]


@pytest.mark.parametrize("query", [b"access_token=th_good", b"a=1&access_token=", b"%61ccess_token=th_good"])
async def test_a_credential_in_the_address_opens_nothing_even_beside_a_good_one(query: bytes):
    status, headers, scope = await answer(good, b"Bearer th_good", query=query)
    assert (status, scope) == (401, {})
    assert b'error="invalid_request"' in headers[b"www-authenticate"]


@pytest.mark.parametrize("header", [b"", b"Bearer th_bad"])
async def test_every_challenge_points_to_the_identity_provider(header: bytes):
    _, headers, _ = await answer(good, *([header] if header else []), challenge=OAUTH)
    assert METADATA in headers[b"www-authenticate"].decode()


async def test_a_credential_for_no_tool_is_told_which_scopes_there_are():
    status, headers, scope = await answer(narrowed_to("register"), b"Bearer x", challenge=OAUTH)
    told = headers[b"www-authenticate"].decode()
    assert (status, scope) == (403, {})
    assert 'error="insufficient_scope"' in told
    assert 'scope="tillhand:approvals tillhand:customers tillhand:decisions' in told
    assert METADATA in told
    assert (await answer(narrowed_to("register", "shop"), b"Bearer x"))[0] == 200


@pytest.mark.parametrize("begun", [False, True])
async def test_a_stream_ends_with_the_credential_it_was_opened_with(begun: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.mcp.watch.EVERY", 0.01)
    asked: list[str] = []

    async def until_the_third(key: str) -> Actor:
        asked.append(key)
        if len(asked) > 2:
            raise Refused("This key is not valid.", code="credential.unknown")
        return actor()

    async def forever(_: Any, __: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        status, _, _ = await answer(until_the_third, b"Bearer x", inner=forever)

    assert (status, len(asked)) == (200 if begun else 401, 3)


async def test_a_request_that_lasts_goes_on_while_its_credential_is_good_or_cannot_be_asked_about(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("server.mcp.watch.EVERY", 0.001)
    enough = anyio.Event()
    asked: list[str] = []

    async def shaky(key: str) -> Actor:
        asked.append(key)
        if len(asked) > 5:
            enough.set()
        if len(asked) % 2 == 0:
            raise Unavailable("The database does not answer.", code="database.unavailable")
        return actor()

    async def long(scope: Any, receive: Any, send: Any) -> None:
        await enough.wait()
        await plain(scope, receive, send)

    with anyio.fail_after(5):
        assert (await answer(shaky, b"Bearer x", inner=long))[0] == 200


async def test_whoever_hangs_up_is_not_taken_for_somebody_revoked():
    async def forever(*_: Any) -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.05) as scope:
        await answer(good, b"Bearer th_good", inner=forever)
    assert scope.cancelled_caught
