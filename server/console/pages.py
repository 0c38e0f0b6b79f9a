"""The operations page: what waits for a person, what happened, what runs out, what nobody understood.

One page, rendered here, without a script: it works on a shop's old tablet, and nothing from elsewhere can run in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.lower import Edit
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.access import digest
from server.bearers import authenticate, recognize, whole
from server.console.floor_page import FloorPages
from server.console.form import read_form
from server.console.ladder_page import LadderPage
from server.console.review_page import ReviewPages
from server.console.session import Session, Sessions, check_token
from server.console.settle_page import SettlePages
from server.console.undo_page import Invoking, UndoPages
from server.console.view import latest, running_out
from server.edit import read_edit
from server.floor.board import FloorBoard
from server.floor.insight import Guarding
from server.floor.telling import TellingDesk
from server.problems import status_of
from server.queue.dead_letters import count_set_aside, put_back, set_aside
from server.secret import Secret
from server.settings import Settings
from tools.ladder.office import LadderOffice
from tools.platform import Platform
from tools.proposal import Decision
from tools.read.approval import Waiting
from tools.read.approval_figures import approval_figures
from tools.review.reviews import Reviews
from tools.undo.undoing import Undoing

PATH: Final = "/console"
_HOME = Path(__file__).parent
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
}
_ANSWERS: Final = {
    "executed": "Done.",
    "allowed": "Approved; it is being carried out.",
    "executing": "Approved; it is being carried out.",
    "rejected": "Rejected.",
    "denied": "Not done: the facts have changed since it was asked.",
    "failed": "Approved, but it could not be carried out; see the activity below.",
}


class Guard(Invoking, Guarding, Protocol):
    """The guard, as far as the console uses it."""

    async def waiting(self, actor: Actor) -> list[Waiting]:
        """What waits for a person."""
        ...

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no."""
        ...

    async def take(self, actor: Actor, approval_id: str, *, edit: Edit, note: str = "") -> Decision:
        """A person's "I do it myself", as it is or for less."""
        ...


@dataclass(frozen=True, slots=True)
class _Visitor:
    actor: Actor
    session: Session


class Console:
    """The page and its forms."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        database: Database,
        guard: Guard,
        engine: Engine,
        places: Places,
        secret: Secret,
        settings: Settings,
        now: Callable[[], datetime],
        undoing: Undoing,
        ladder: LadderOffice,
        reviews: Reviews,
        floor: FloorBoard,
        telling: TellingDesk,
        platforms: Mapping[str, Platform],
    ) -> None:
        self._database = database
        self._guard = guard
        self._engine = engine
        self._places = places
        self._sessions = Sessions(secret.derive("console"), encrypted=settings.encrypted, path=PATH)
        self._now = now
        self._pages = Environment(
            loader=FileSystemLoader(_HOME / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._office = ladder
        self._ladder = LadderPage(ladder, places, self._signed_in, self._page, PATH)
        self._reviews = ReviewPages(reviews, self._signed_in, self._page, PATH)
        self._undo = UndoPages(undoing, guard, self._signed_in, self._page, PATH, now)
        self._board = floor
        self._floor = FloorPages(floor, telling, guard, self._signed_in, self._page, PATH)
        self._settle = SettlePages(database, guard, platforms, places, self._signed_in, self._page, PATH)
        self._style = (_HOME / "style.css").read_text(encoding="utf-8")

    def routes(self) -> list[Route]:
        """Under `/console`."""
        return [
            Route("/", self._show),
            Route("/style.css", self._styled),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
            Route("/approvals/{approval_id}", self._decide, methods=["POST"]),
            Route("/dead-letters/{event_id}", self._retry, methods=["POST"]),
            *self._settle.routes(),
            *self._undo.routes(),
            *self._ladder.routes(),
            *self._reviews.routes(),
            *self._floor.routes(),
        ]

    async def _show(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        if visitor is None:
            return self._page("login.html", trouble="")
        said = request.query_params.get("said", "")
        return self._page("console.html", **await self._content(visitor), said=_ANSWERS.get(said, ""))

    async def _content(self, visitor: _Visitor) -> dict[str, Any]:
        actor = visitor.actor
        sees_decisions = self._may(actor, "list_approvals")
        decides = self._may(actor, "decide_approval") or self._may(actor, "decide_override")
        async with self._database.reading() as connection:
            shown: dict[str, Any] = {
                "activity": (
                    await latest(connection, actor, every_kind=self._may(actor, "see_every_decision"))
                    if self._may(actor, "explain_decision")
                    else None
                ),
                "stock": (
                    await running_out(connection, actor, self._now().date())
                    if self._may(actor, "check_inventory")
                    else None
                ),
                "aside": await set_aside(connection, limit=20) if actor.role is Role.OPERATOR else None,
                "aside_count": await count_set_aside(connection),
                "figures": (
                    await approval_figures(connection, _places_of(actor), self._now()) if sees_decisions else []
                ),
            }
        return {
            **shown,
            "actor": actor,
            "token": visitor.session.token,
            "waiting": await self._guard.waiting(actor) if sees_decisions or decides else None,
            "decides": decides,
            "notices": await self._office.notices(actor),
            "sees_reviews": self._may(actor, "see_review"),
            "sees_ladder": self._office.may(actor, "see_ladder"),
            "serves": self._board.may(actor),
            "settles": self._may(actor, "propose_stock_adjustment"),
            "undoes": self._may(actor, "undo_many"),
            "explains": self._may(actor, "explain_decision"),
            "names": {place.id: place.name for place in self._places},
            "now": self._now(),
        }

    async def _log_in(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            _person(await authenticate(self._database.quick, form.get("key", "").strip(), Door.CONSOLE, self._now()))
        except Refused as error:
            return self._page("login.html", status=status_of(error), trouble=error.message)
        response = RedirectResponse(f"{PATH}/", status_code=303)
        self._sessions.begin(response, digest(form["key"].strip()), self._now())
        return response

    async def _log_out(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        check_token(visitor.session, (await read_form(request)).get("token", ""))
        response = RedirectResponse(f"{PATH}/", status_code=303)
        self._sessions.end(response)
        return response

    async def _decide(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        try:
            decision = await self._answer(visitor.actor, request.path_params["approval_id"], form)
        except TillhandError as error:
            return self._page(
                "console.html",
                status=status_of(error),
                **await self._content(visitor),
                said=f"{error.message} {error.hint}".strip(),
            )
        return RedirectResponse(f"{PATH}/?said={decision.state}", status_code=303)

    async def _answer(self, actor: Actor, approval: str, form: dict[str, str]) -> Decision:
        word, note = form.get("answer"), form.get("note", "")[:200]
        if word not in {"approve", "reject", "take"}:
            raise Refused("An approval is answered with approve, take or reject.", code="body.invalid", field="answer")
        edit = read_edit(form.get("percent", ""), form.get("units", ""))
        if word == "take" or (word == "approve" and not edit.none):
            return await self._guard.take(actor, approval, edit=edit, note=note)
        return await self._guard.answer(actor, approval, word == "approve", note)

    async def _retry(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        check_token(visitor.session, (await read_form(request)).get("token", ""))
        if visitor.actor.role is not Role.OPERATOR:
            raise Refused("Only the operator puts dead letters back.", code="access.role")
        async with self._database.transaction() as connection:
            await put_back(connection, request.path_params["event_id"])
        return RedirectResponse(f"{PATH}/", status_code=303)

    async def _styled(self, _: Request) -> Response:
        return Response(self._style, media_type="text/css", headers=_HEADERS)

    async def _visitor(self, request: Request) -> _Visitor | None:
        session = self._sessions.of(request, self._now())
        if session is None:
            return None
        actor = await recognize(self._database.quick, session.digest, Door.CONSOLE, self._now())
        if actor is None or not _may_sign_in(actor):  # revoked, expired, or not what it was when they signed in
            return None
        return _Visitor(actor, session)

    async def _signed_in(self, request: Request) -> _Visitor:
        visitor = await self._visitor(request)
        if visitor is None:
            raise Refused("Sign in first.", code="credential.missing", hint=f"Open {PATH}/.")
        return visitor

    def _may(self, actor: Actor, tool: str) -> bool:
        return self._engine.may(actor, tool, None).outcome is Outcome.ALLOW

    def _page(self, template: str, *, status: int = 200, **content: Any) -> Response:
        body = self._pages.get_template(template).render(path=PATH, **content)
        return HTMLResponse(body, status_code=status, headers=_HEADERS)


def _places_of(actor: Actor) -> list[LocationId] | None:
    return None if actor.locations is None else sorted(actor.locations)


def _person(actor: Actor) -> None:
    if not _may_sign_in(whole(actor)):
        raise Refused("This key belongs to no person.", code="access.person")


def _may_sign_in(actor: Actor) -> bool:
    return actor.role.person and not actor.model and actor.toolsets is None
