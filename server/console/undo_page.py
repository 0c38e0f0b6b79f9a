"""The pages for taking many actions back, and for asking why: looked at first, done only when asked a second time."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast
from urllib.parse import quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from policies.errors import NotFound, Refused, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from server.console.form import read_form
from server.console.session import Session, check_token
from server.problems import status_of
from tools.audit.story import screen
from tools.proposal import Origin
from tools.read.decision import Decisions
from tools.tool import Answer
from tools.undo.report import UndoReport, money
from tools.undo.scope import Scope
from tools.undo.undoing import Undoing

_KINDS: Final = ("run", "agent", "campaign")
_WITHIN: Final = 10.0  # seconds a page waits; a worker goes on after that
_SEEN: Final = timedelta(hours=1)
_MOST: Final = 10_080  # minutes: a week


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


class Invoking(Protocol):
    """The guard, as far as these pages use it."""

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody."""
        ...


class UndoPages:
    """Under `/console/undo` and `/console/explain`.

    Args:
        undoing: Takes back.
        guard: Answers why.
        signed_in: The request's visitor, or a refusal.
        page: Renders a template.
        path: Of the console.
        now: The present.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        undoing: Undoing,
        guard: Invoking,
        signed_in: Callable[[Request], Awaitable[Visitor]],
        page: Callable[..., Response],
        path: str,
        now: Callable[[], datetime],
    ) -> None:
        self._undoing = undoing
        self._guard = guard
        self._signed_in = signed_in
        self._page = page
        self._path = path
        self._now = now

    def routes(self) -> list[Route]:
        """Of these pages."""
        return [
            Route("/undo", self._show),
            Route("/undo", self._begin, methods=["POST"]),
            Route("/undo/{batch_id}", self._batch),
            Route("/undo/{batch_id}", self._answer, methods=["POST"]),
            Route("/explain", self._explain),
        ]

    async def _show(self, request: Request) -> Response:
        """What was taken back lately, and, for a scope in the address, what taking it back would do."""
        visitor = await self._signed_in(request)
        asked, trouble, status, report = dict(request.query_params), "", 200, None
        latest = await self._undoing.latest(visitor.actor)
        if asked.get("name"):
            scope = self._scope({**asked, "until": ""})
            asked["until"] = scope.until.isoformat()
            try:
                report = await self._undoing.preview(visitor.actor, scope)
            except NotFound as error:
                trouble, status = f"{error.message} {error.hint}".strip(), status_of(error)
        return self._undo_page(visitor, report, latest=latest, trouble=trouble, status=status, asked=asked)

    async def _begin(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        report = await self._undoing.begin(
            visitor.actor,
            self._scope(form),
            key=form.get("key", "") or uuid4().hex,
            reason=form.get("reason", "")[:200] or "Taken back in the console.",
            origin=Origin(CorrelationId(uuid4().hex), "console"),
            within=_WITHIN,
        )
        return RedirectResponse(f"{self._path}/undo/{quote(report.batch_id)}", status_code=303)

    async def _batch(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        report = await self._undoing.report(visitor.actor, request.path_params["batch_id"])
        return self._undo_page(visitor, report)

    async def _answer(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        if form.get("answer") not in {"start", "decline"}:
            raise Refused("An undo is answered with start or decline.", code="body.invalid", field="answer")
        batch = request.path_params["batch_id"]
        await self._undoing.answer(visitor.actor, batch, start=form["answer"] == "start", within=_WITHIN)
        return RedirectResponse(f"{self._path}/undo/{quote(batch)}", status_code=303)

    async def _explain(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        name = request.query_params.get("id", "").strip()
        told, status = "", 200
        if name:
            origin = Origin(CorrelationId(uuid4().hex), "console")
            try:
                answer = await self._guard.invoke(visitor.actor, "explain_decision", {"id": name}, origin)
                found = cast("Decisions", answer)
                told = screen(found.stories, found.notes, truncated=found.truncated)
            except TillhandError as error:
                told, status = f"{error.message} {error.hint}".strip(), status_of(error)
        return self._page("explain.html", status=status, actor=visitor.actor, asked=name, told=told)

    def _undo_page(  # noqa: PLR0913  # what the one page of several states shows
        self,
        visitor: Visitor,
        report: UndoReport | None,
        *,
        latest: list[UndoReport] | None = None,
        trouble: str = "",
        status: int = 200,
        asked: dict[str, str] | None = None,
    ) -> Response:
        return self._page(
            "undo.html",
            status=status,
            actor=visitor.actor,
            token=visitor.session.token,
            key=uuid4().hex,
            report=report,
            latest=latest or [],
            trouble=trouble,
            asked={"kind": "run", "name": "", "minutes": "60", "until": "", **(asked or {})},
            money=money,
        )

    def _scope(self, form: dict[str, str]) -> Scope:
        kind, name, minutes = form.get("kind", ""), form.get("name", "").strip(), form.get("minutes", "60")
        if kind not in _KINDS or not 0 < len(name) <= 128:  # noqa: PLR2004  # as identifiers are everywhere
            raise Refused("Say what to take back: a run, an agent or a campaign, and its name.", code="body.invalid")
        if not minutes.isdecimal() or not 1 <= int(minutes) <= _MOST:
            raise Refused("The minutes are a number up to a week's.", code="body.invalid", field="minutes")
        until = self._until(form.get("until", ""))
        since = until - timedelta(minutes=int(minutes)) if kind == "agent" else None
        return Scope(kind, name, until, since)

    def _until(self, told: str) -> datetime:
        """The moment the preview was of, so that nothing is taken back that it did not show; now, for a preview."""
        now = self._now()
        if not told:
            return now
        until = None
        with suppress(ValueError):
            until = datetime.fromisoformat(told)
        if until is None or until.tzinfo is None or not now - _SEEN <= until <= now:
            raise Refused("This preview is too old.", code="undo.preview_old", hint="Look again first.", field="until")
        return until
