"""The operations page: what waits for a person, what happened, what runs out, what nobody understood.

One page, rendered here, without a script: it works on a shop's old tablet, and nothing from elsewhere can run in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor, Door, Role
from server.access import authenticate, digest, recognize
from server.body import FORM, read_body
from server.console.session import Session, Sessions, check_token
from server.console.view import latest, running_out
from server.problems import status_of
from server.queue.dead_letters import count_set_aside, put_back, set_aside
from server.secret import Secret
from server.settings import Settings
from tools.proposal import Decision
from tools.read.approval import Waiting

PATH: Final = "/console"
_HOME = Path(__file__).parent
_BODY = 8_192  # bytes of a form
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


class Guard(Protocol):
    """The guard, as far as the console uses it."""

    async def waiting(self, actor: Actor) -> list[Waiting]:
        """What waits for a person."""
        ...

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no."""
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
        async with self._database.reading() as connection:
            shown: dict[str, Any] = {
                "activity": await latest(connection, actor) if self._may(actor, "explain_decision") else None,
                "stock": (
                    await running_out(connection, actor, self._now().date())
                    if self._may(actor, "check_inventory")
                    else None
                ),
                "aside": await set_aside(connection, limit=20) if actor.role is Role.OPERATOR else None,
                "aside_count": await count_set_aside(connection),
            }
        return {
            **shown,
            "actor": actor,
            "token": visitor.session.token,
            "waiting": await self._guard.waiting(actor) if sees_decisions else None,
            "decides": self._may(actor, "decide_approval"),
            "names": {place.id: place.name for place in self._places},
            "now": self._now(),
        }

    async def _log_in(self, request: Request) -> Response:
        form = await _form(request)
        try:
            async with self._database.reading() as connection:
                _person(await authenticate(connection, form.get("key", "").strip(), Door.CONSOLE))
        except Refused as error:
            return self._page("login.html", status=status_of(error), trouble=error.message)
        response = RedirectResponse(f"{PATH}/", status_code=303)
        self._sessions.begin(response, digest(form["key"].strip()), self._now())
        return response

    async def _log_out(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        check_token(visitor.session, (await _form(request)).get("token", ""))
        response = RedirectResponse(f"{PATH}/", status_code=303)
        self._sessions.end(response)
        return response

    async def _decide(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await _form(request)
        check_token(visitor.session, form.get("token", ""))
        if form.get("answer") not in {"approve", "reject"}:
            raise Refused("An approval is answered with approve or reject.", code="body.invalid", field="answer")
        try:
            decision = await self._guard.answer(
                visitor.actor,
                request.path_params["approval_id"],
                form["answer"] == "approve",
                form.get("note", "")[:200],
            )
        except TillhandError as error:
            return self._page(
                "console.html",
                status=status_of(error),
                **await self._content(visitor),
                said=f"{error.message} {error.hint}".strip(),
            )
        return RedirectResponse(f"{PATH}/?said={decision.state}", status_code=303)

    async def _retry(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        check_token(visitor.session, (await _form(request)).get("token", ""))
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
        async with self._database.reading() as connection:
            actor = await recognize(connection, session.digest, Door.CONSOLE)
        return _Visitor(actor, session) if actor is not None else None

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


def _person(actor: Actor) -> None:
    if not actor.role.person or actor.model:
        raise Refused("This key belongs to no person.", code="access.person")


async def _form(request: Request) -> dict[str, str]:
    body = await read_body(request, _BODY, FORM)
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=10)
    except ValueError as error:
        raise Refused("The form is not readable.", code="body.malformed") from error
    return {name: values[0] for name, values in fields.items()}
