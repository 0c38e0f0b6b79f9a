"""The pages on which the owning teams read the weekly review and sign it."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from policies.errors import NotFound, TillhandError
from server.console.form import read_form
from server.console.ladder_page import Visitor
from server.console.session import check_token
from server.problems import status_of
from tools.review.reviews import Reviews
from tools.review.words import heading, sections


class ReviewPages:
    """Under `/console/reviews`.

    Args:
        reviews: Reads and signs.
        signed_in: The request's visitor, or a refusal.
        page: Renders a template.
        path: Of the console.
    """

    def __init__(
        self,
        reviews: Reviews,
        signed_in: Callable[[Request], Awaitable[Visitor]],
        page: Callable[..., Response],
        path: str,
    ) -> None:
        self._reviews = reviews
        self._signed_in = signed_in
        self._page = page
        self._path = path

    def routes(self) -> list[Route]:
        """Of these pages."""
        return [
            Route("/reviews", self._newest),
            Route("/reviews/{week:str}", self._show),
            Route("/reviews/{week:str}/sign", self._sign, methods=["POST"]),
        ]

    async def _newest(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        listed = await self._reviews.listed(visitor.actor)
        if listed:
            return RedirectResponse(f"{self._path}/reviews/{listed[0].week}", status_code=303)
        return self._page("review.html", actor=visitor.actor, review=None, listed=[], said="")

    async def _show(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        content = await self._content(visitor, request.path_params["week"])
        said = "Signed." if request.query_params.get("said") == "signed" else ""
        return self._page("review.html", **content, said=said)

    async def _sign(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        week, team = request.path_params["week"], form.get("team", "")
        seen, note = form.get("digest", ""), form.get("note", "")[:200]
        try:
            await self._reviews.sign(visitor.actor, week, team, seen=seen, note=note)
        except NotFound:
            raise
        except TillhandError as error:
            said = f"{error.message} {error.hint}".strip()
            return self._page("review.html", status=status_of(error), **await self._content(visitor, week), said=said)
        return RedirectResponse(f"{self._path}/reviews/{week}?said=signed", status_code=303)

    async def _content(self, visitor: Visitor, week: str) -> dict[str, Any]:
        review = await self._reviews.read(visitor.actor, week)
        return {
            "actor": visitor.actor,
            "token": visitor.session.token,
            "review": review,
            "heading": heading(review.report),
            "sections": sections(review.report),
            "listed": await self._reviews.listed(visitor.actor),
            "signs": [team for team in self._reviews.teams_of(visitor.actor) if team in review.missing],
        }
