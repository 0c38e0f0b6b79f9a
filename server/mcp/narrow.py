"""Narrower doors: `/mcp/x/offers,shop` shows those toolsets only, `/mcp/readonly` nothing that changes anything.

An address is an upper bound for whoever calls at it. It can hide what a role and a credential allow, and never show
more, so it is safe to let a client's own configuration choose it.
"""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from policies.vocabulary.actor import TOOLSETS, Actor
from server.mcp.auth import ACTOR

_ADDRESS: Final = re.compile(r"/mcp(?:/x/(?P<toolsets>[a-z]{1,20}(?:,[a-z]{1,20}){0,5}))?(?P<readonly>/readonly)?/?")


class Narrowed:
    """ASGI: hands a request on as somebody who may use no more than its address says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of an actor known already."""
        path: str = scope["path"]
        if path != "/mcp":
            actor = narrowed(scope[ACTOR], path)
            if actor is None:
                await _nowhere()(scope, receive, send)
                return
            scope[ACTOR] = actor
        await self._app(scope, receive, send)


@lru_cache(maxsize=4096)
def narrowed(actor: Actor, path: str) -> Actor | None:
    """The actor as far as an address lets them, or `None` where there is no such address."""
    address = _ADDRESS.fullmatch(path)
    if address is None:
        return None
    toolsets = actor.toolsets
    if address["toolsets"]:
        asked = frozenset(address["toolsets"].split(","))
        if not asked <= TOOLSETS:
            return None
        toolsets = asked if toolsets is None else toolsets & asked
    return replace(actor, toolsets=toolsets, read_only=actor.read_only or bool(address["readonly"]))


def _nowhere() -> JSONResponse:
    error = {
        "code": "http.404",
        "message": "There is no such address.",
        "retryable": False,
        "hint": f"Use /mcp, /mcp/readonly, or /mcp/x/ and some of {', '.join(sorted(TOOLSETS))}.",
    }
    return JSONResponse({"error": error}, status_code=404)
