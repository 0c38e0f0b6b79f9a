"""A bearer credential becomes an actor, once per request and at one place."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, cast
from urllib.parse import parse_qs

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import TOOLSETS, Actor
from server.bearers import in_address
from server.mcp.watch import watched
from server.oauth.challenge import Challenge
from server.problems import problem, status_of

Authenticate = Callable[[str], Awaitable[Actor]]
"""From a credential to its actor, on every call anew; raises `Refused` for one that is not in force."""

ACTOR: Final = "tillhand.actor"
_LONGEST: Final = 8_192  # characters of a credential; nobody hashes megabytes for a stranger


class BearerOnly:
    """ASGI: lets a request in only with one good `Authorization: Bearer` header, and remembers whose it is.

    A request that lasts is asked about again every second, so that nobody goes on listening with a credential that was
    revoked or has expired meanwhile.

    Args:
        app: What is behind the door.
        authenticate: Looks a credential up.
        challenge: What callers are told who may not come in.
    """

    def __init__(self, app: ASGIApp, authenticate: Authenticate, challenge: Challenge) -> None:
        self._app = app
        self._authenticate = authenticate
        self._challenge = challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            token = _bearer(scope)
            actor = await self._actor(token)
        except Refused as error:
            await self._refused(error)(scope, receive, send)
            return
        except Unavailable as error:  # nobody can be recognized: say so, rather than call a good credential bad
            await problem(error)(scope, receive, send)
            return
        user = _user(actor)
        scope["user"] = user
        scope[ACTOR] = actor
        reset = auth_context_var.set(user)
        try:
            await watched(self._app, lambda: self._actor(token), scope, receive, send)
        finally:
            auth_context_var.reset(reset)

    async def _actor(self, token: str) -> Actor:
        actor = await self._authenticate(token)
        if actor.toolsets is not None and not actor.toolsets & TOOLSETS:
            raise Refused(
                "This credential is good for no tool.",
                code="access.scope",
                hint="Ask the identity provider for one of the scopes named in WWW-Authenticate.",
            )
        return actor

    def _refused(self, error: Refused) -> Response:
        told = {"code": error.code, "message": error.message, "retryable": False, "hint": error.hint}
        header = self._challenge.header(error.code)
        headers = {"WWW-Authenticate": header} if header else {}
        return JSONResponse({"error": told}, status_code=status_of(error), headers=headers)


def request_actor(context: ServerRequestContext[object]) -> Actor | None:
    """Who sent the request being handled; `None` on a transport without credentials."""
    request = cast("Request | None", context.request)
    return None if request is None else request.scope.get(ACTOR)


@lru_cache(maxsize=1024)
def _user(actor: Actor) -> AuthenticatedUser:
    """The actor as the SDK knows callers, which binds sessions and sealed states to them; the credential stays out."""
    return AuthenticatedUser(AccessToken(token="", client_id=actor.id, scopes=[], subject=actor.id))


def _bearer(scope: Scope) -> str:
    """The credential.

    Raises:
        Refused: None, in the address, too long, or more than one header: which one would count is anyone's guess.
    """
    asked = scope.get("query_string", b"")
    if asked and "access_token" in parse_qs(asked.decode("latin-1"), keep_blank_values=True):
        raise in_address()
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1 or found[0][:7].lower() != b"bearer " or not found[0][7:].strip():
        raise Refused(
            "This door opens only with a valid credential.",
            code="credential.missing",
            hint="Send `Authorization: Bearer KEY`; the operator makes keys with `tillhand credential`.",
        )
    if len(found[0]) > _LONGEST:
        raise Refused("This credential is too long to be one.", code="credential.unknown")
    return found[0][7:].decode("latin-1").strip()
