"""A bearer credential becomes an actor, once per request and at one place."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, cast

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.context import ServerRequestContext
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import Actor
from server.problems import problem

Authenticate = Callable[[str], Awaitable[Actor]]
"""From a credential to its actor, on every call anew; raises `Refused` for one that is unknown or revoked."""

_ACTOR: Final = "tillhand.actor"
_LONGEST_KEY = 4096  # characters; ours are far shorter, and nobody hashes megabytes for a stranger


class CredentialVerifier(TokenVerifier):
    """The SDK's door to our credentials: sessions and sealed states are bound to who it says the caller is."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    async def verify_token(self, token: str) -> AccessToken | None:
        """The caller as the SDK sees it, without the credential itself; `None` when it is not good."""
        actor = await self.actor(token)
        return None if actor is None else _user(actor).access_token

    async def actor(self, token: str) -> Actor | None:
        """Who holds this credential; `None` when it is unknown, revoked or too long to be one."""
        if not 0 < len(token) <= _LONGEST_KEY:
            return None
        try:
            return await self._authenticate(token)
        except Refused:
            return None


class BearerOnly:
    """ASGI: lets a request in only with one good `Authorization: Bearer` header, and remembers whose it is."""

    def __init__(self, app: ASGIApp, verifier: CredentialVerifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _bearer(scope)
        try:
            actor = await self._verifier.actor(token) if token else None
        except Unavailable as error:  # nobody can be recognized: say so, rather than call a good credential bad
            await problem(error)(scope, receive, send)
            return
        if actor is None:
            await _unauthorized(offered=bool(token))(scope, receive, send)
            return
        user = _user(actor)
        scope["user"] = user
        scope[_ACTOR] = actor
        reset = auth_context_var.set(user)
        try:
            await self._app(scope, receive, send)
        finally:
            auth_context_var.reset(reset)


def request_actor(context: ServerRequestContext[object]) -> Actor | None:
    """Who sent the request being handled; `None` on a transport without credentials."""
    request = cast("Request | None", context.request)
    return None if request is None else request.scope.get(_ACTOR)


@lru_cache(maxsize=1024)
def _user(actor: Actor) -> AuthenticatedUser:
    """The actor as the SDK knows callers; the credential itself stays out."""
    return AuthenticatedUser(AccessToken(token="", client_id=actor.id, scopes=[], subject=actor.id))


def _bearer(scope: Scope) -> str:
    """The credential, or "" when there is none, or more than one header: which one would count is anyone's guess."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1 or found[0][:7].lower() != b"bearer ":
        return ""
    return found[0][7:].decode("latin-1").strip()


def _unauthorized(*, offered: bool) -> JSONResponse:
    # RFC 6750 section 3.1: no error code for a request that carried no credential at all
    challenge = 'Bearer realm="tillhand"' + (', error="invalid_token"' if offered else "")
    error = {
        "code": "credential.invalid" if offered else "credential.missing",
        "message": "This door opens only with a valid credential.",
        "retryable": False,
        "hint": "Send `Authorization: Bearer KEY`; the operator makes keys with `tillhand credential`.",
    }
    return JSONResponse({"error": error}, status_code=401, headers={"WWW-Authenticate": challenge})
