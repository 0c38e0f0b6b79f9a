"""The page on which people see how far AI may go, send it down or up, and stop it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from knowledge.store.places import Places
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor
from server.console.form import read_form
from server.console.session import Session, check_token
from server.problems import status_of
from tools.ladder.office import LadderOffice, Position
from tools.ladder.stops import Scope

_SCOPES: Final = frozenset({"agent", "location", "all"})
_SAID: Final = {
    "stop": "Stopped. Nothing more of AI is decided or carried out there.",
    "start": "Started.",
    "climb": "AI may go one rung further there.",
    "demote": "AI was sent down there.",
}


class Visitor(Protocol):
    """Who is at the console."""

    @property
    def actor(self) -> Actor:
        """Them."""
        ...

    @property
    def session(self) -> Session:
        """Their sign-in."""
        ...


class LadderPage:
    """Under `/console/ladder`.

    Args:
        office: Shows, moves and stops.
        places: For their names.
        signed_in: The request's visitor, or a refusal.
        page: Renders a template.
        path: Of the console.
    """

    def __init__(
        self,
        office: LadderOffice,
        places: Places,
        signed_in: Callable[[Request], Awaitable[Visitor]],
        page: Callable[..., Response],
        path: str,
    ) -> None:
        self._office = office
        self._places = places
        self._signed_in = signed_in
        self._page = page
        self._path = path

    def routes(self) -> list[Route]:
        """Of this page."""
        return [
            Route("/ladder", self._show),
            Route("/ladder/{verb:str}", self._move, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        said = _SAID.get(request.query_params.get("said", ""), "")
        return self._page("ladder.html", **await self._content(visitor), said=said)

    async def _move(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        verb = request.path_params["verb"]
        try:
            await self._do(visitor.actor, verb, form)
        except TillhandError as error:
            said = f"{error.message} {error.hint}".strip()
            return self._page("ladder.html", status=status_of(error), **await self._content(visitor), said=said)
        return RedirectResponse(f"{self._path}/ladder?said={verb}", status_code=303)

    async def _do(self, actor: Actor, verb: str, form: dict[str, str]) -> None:
        reason, name = form.get("reason", "")[:200], form.get("name", "").strip()[:128]
        if verb in {"stop", "start"} and form.get("scope") in _SCOPES:
            switch = self._office.stop if verb == "stop" else self._office.start
            await switch(actor, cast("Scope", form["scope"]), name, reason=reason)
        elif verb == "climb":
            await self._office.climb(actor, form.get("capability", ""), form.get("location", ""), reason=reason)
        elif verb == "demote":
            await self._office.demote(actor, form.get("capability", ""), form.get("location", ""), reason=reason)
        else:
            raise Refused("Stop, start, climb or demote.", code="body.invalid")

    async def _content(self, visitor: Visitor) -> dict[str, Any]:
        actor, office = visitor.actor, self._office
        return {
            "actor": actor,
            "token": visitor.session.token,
            "stops": await office.stops(actor),
            "positions": [self._row(actor, each) for each in await office.show(actor)],
            "here": [place for place in self._places if office.may(actor, "stop_ai", place.id)],
            "everywhere": office.may(actor, "stop_ai"),
            "agents": office.agents,
            "names": {place.id: place.name for place in self._places},
        }

    def _row(self, actor: Actor, position: Position) -> dict[str, Any]:
        return {
            "at": position,
            "climbs": self._office.may(actor, f"climb_{position.team}", position.location),
            "demotes": self._office.may(actor, "demote", position.location),
        }
