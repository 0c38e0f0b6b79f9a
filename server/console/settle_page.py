"""The pages on which a person settles counts that disagree: as proposed, as they are, or by what they counted."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from policies.vocabulary.money import Money
from server.console.form import read_form
from server.console.session import Session, check_token
from server.problems import status_of
from tools.exceptions import exceptions
from tools.platform import Platform
from tools.proposal import Origin
from tools.propose.decided import Decided
from tools.reconciling import Standing
from tools.settling import look_again, standing_as
from tools.settling_by import Said, adjustment_for
from tools.tool import Answer

_SAID: Final = {
    "executed": "Settled.",
    "waiting": "Asked: a person must agree before it happens.",
    "denied": "Not done: the rules refuse it.",
    "failed": "Not done: the count has changed since you looked. Look again.",
    "allowed": "It is being carried out.",
    "executing": "It is being carried out.",
}
_SECONDS: Final = 20  # a person takes to look at one


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


class Guard(Protocol):
    """The guard, as far as these pages use it."""

    def authorize(self, actor: Actor, what: str) -> None:
        """Let through, or refuse."""
        ...

    async def invoke(self, actor: Actor, tool_name: str, arguments: dict[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody."""
        ...


class SettlePages:
    """Under `/console/discrepancies`.

    Args:
        database: Where discrepancies are.
        guard: Judges and carries out.
        platforms: Asked for a count while a person looks at it.
        places: The locations.
        signed_in: The request's visitor, or a refusal.
        page: Renders a template.
        path: Of the console.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        database: Database,
        guard: Guard,
        platforms: Mapping[str, Platform],
        places: Places,
        signed_in: Callable[[Request], Awaitable[Visitor]],
        page: Callable[..., Response],
        path: str,
    ) -> None:
        self._database = database
        self._guard = guard
        self._platforms = platforms
        self._places = places
        self._signed_in = signed_in
        self._page = page
        self._path = path

    def routes(self) -> list[Route]:
        """Of these pages."""
        return [
            Route("/discrepancies", self._list),
            Route("/discrepancies/{name}", self._show),
            Route("/discrepancies/{name}", self._settle, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        async with self._database.reading() as connection:
            found = [each for each in await exceptions(connection) if visitor.actor.covers(self._id(each))]
        said = _SAID.get(request.query_params.get("said", ""), "")
        minutes = -(-len(found) * _SECONDS // 60)
        return self._page("discrepancies.html", **self._shared(visitor), found=found, said=said, minutes=minutes)

    async def _show(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        return await self._one(visitor, request.path_params["name"])

    async def _settle(self, request: Request) -> Response:
        visitor = await self._visitor(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        name = request.path_params["name"]
        try:
            decided = await self._propose(visitor.actor, name, form)
        except TillhandError as error:
            return await self._one(visitor, name, trouble=error)
        return RedirectResponse(f"{self._path}/discrepancies?said={quote(decided.state)}", status_code=303)

    async def _propose(self, actor: Actor, name: str, form: Mapping[str, str]) -> Decided:
        said = Said(*(form.get(field, "") for field in ("how", "counted", "seen", "fix_units")))
        asked = adjustment_for(said, form.get("sku", ""), form.get("place", ""), name)
        asked |= {
            "idempotency_key": form.get("key", ""),
            "reason": form.get("reason", "").strip()[:200] or "Settled in the console.",
        }
        origin = Origin(CorrelationId(uuid4().hex), "console")
        answer = await self._guard.invoke(actor, "propose_stock_adjustment", asked, origin)
        assert isinstance(answer, Decided)  # noqa: S101  # this tool's answer
        return answer

    async def _one(self, visitor: Visitor, name: str, *, trouble: TillhandError | None = None) -> Response:
        """One discrepancy, with what its platform counts at this moment; without a count nothing can be settled."""
        looked = None
        try:
            async with self._database.reading() as connection:
                found = await standing_as(connection, name)
            if not visitor.actor.covers(self._id(found)):
                raise Refused("You may not look or act at this location.", code="access.outside_locations")
            looked = await look_again(self._platforms, self._places, found)
        except TillhandError as error:
            trouble = trouble or error
        return self._page(
            "discrepancy.html",
            status=status_of(trouble) if trouble else 200,
            **self._shared(visitor),
            looked=looked,
            key=f"settle-{uuid4().hex}",
            trouble=f"{trouble.message} {trouble.hint}".strip() if trouble else "",
        )

    async def _visitor(self, request: Request) -> Visitor:
        visitor = await self._signed_in(request)
        self._guard.authorize(visitor.actor, "propose_stock_adjustment")
        return visitor

    def _shared(self, visitor: Visitor) -> dict[str, Any]:
        return {
            "actor": visitor.actor,
            "token": visitor.session.token,
            "names": {place.id: place.name for place in self._places},
            "money": _money,
        }

    def _id(self, each: Standing) -> Any:
        return self._places.get(each.location).id


def _money(each: Standing) -> str:
    return str(Money(each.money, each.currency)) if each.currency else "-"
