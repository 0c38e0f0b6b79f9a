"""The pages an associate opens on a phone: who came in, what helps with one of them, and where goods are."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from knowledge.store.places import Place
from policies.errors import NotFound, Refused, TillhandError
from policies.vocabulary.ids import CorrelationId
from policies.vocabulary.money import Money
from server.console.form import read_form
from server.console.ladder_page import Visitor
from server.console.session import check_token
from server.floor.board import FloorBoard, Person
from server.floor.insight import Guarding
from server.floor.telling import KINDS, TellingDesk
from server.problems import status_of
from tools.proposal import Origin
from tools.read.amount import Amount
from tools.read.inventory import Stock
from tools.read.product import Products

_FIELDS: Final = ("loyalty_id", "phone", "email")
_FOUND: Final = 8  # goods on one page
_SAID: Final = {
    "shown": "Kept: you told them.",
    "applied": "Kept: they took it.",
    "dismissed": "Kept: they did not want it.",
}


class FloorPages:
    """Under `/console/floor`.

    Args:
        board: Who came in.
        telling: Keeps what became of offers.
        guard: Finds goods.
        signed_in: The request's visitor, or a refusal.
        page: Renders a template.
        path: Of the console.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        board: FloorBoard,
        telling: TellingDesk,
        guard: Guarding,
        signed_in: Callable[[Request], Awaitable[Visitor]],
        page: Callable[..., Response],
        path: str,
    ) -> None:
        self._board = board
        self._telling = telling
        self._guard = guard
        self._signed_in = signed_in
        self._page = page
        self._path = f"{path}/floor"

    def routes(self) -> list[Route]:
        """Of these pages."""
        return [
            Route("/floor", self._show),
            Route("/floor/goods", self._goods),
            Route("/floor/customers", self._ask),
            Route("/floor/customers", self._find, methods=["POST"]),
            Route("/floor/outcomes", self._tell, methods=["POST"]),
            Route("/floor/arrivals/{event_id}", self._person),
        ]

    async def _show(self, request: Request) -> Response:
        try:
            visitor = await self._signed_in(request)
        except Refused as error:
            if error.code != "credential.missing":
                raise
            return RedirectResponse(
                f"{self._path.removesuffix('/floor')}/", status_code=303
            )  # a bookmark, after a shift
        place = self._board.shop(visitor.actor, request.query_params.get("at", ""))
        return await self._floor(visitor, place, said=_SAID.get(request.query_params.get("said", ""), ""))

    async def _floor(
        self, visitor: Visitor, place: Place, *, said: str = "", trouble: str = "", status: int = 200
    ) -> Response:
        content: dict[str, Any] = {
            "cards": await self._board.arrived(place),
            "shops": self._board.shops(visitor.actor),
            "said": said,
            "trouble": trouble,
        }
        return self._page("floor.html", status=status, **self._content(visitor, place), **content)

    async def _person(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        place = self._board.shop(visitor.actor, request.query_params.get("at", ""))
        try:
            person = await self._board.person(visitor.actor, place, request.path_params["event_id"])
        except NotFound as error:
            trouble = f"{error.message} {error.hint}".strip()
            return await self._floor(visitor, place, trouble=trouble, status=status_of(error))
        said = _SAID.get(request.query_params.get("said", ""), "")
        return self._one(visitor, place, person, said=said)

    async def _ask(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        place = self._board.shop(visitor.actor, request.query_params.get("at", ""))
        return self._page("find.html", **self._content(visitor, place), trouble="")

    async def _find(self, request: Request) -> Response:
        """Posted and answered at once: what a customer is found by has no place in an address or a history."""
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        place = self._board.shop(visitor.actor, form.get("at", ""))
        field = form.get("by", "")
        if field not in _FIELDS:
            raise Refused("Find a customer by loyalty id, phone or e-mail.", code="body.invalid", field="by")
        try:
            person = await self._board.find(visitor.actor, place, field, form.get("value", "").strip())
        except TillhandError as error:
            trouble = f"{error.message} {error.hint}".strip()
            return self._page("find.html", status=status_of(error), **self._content(visitor, place), trouble=trouble)
        return self._one(visitor, place, person, said="")

    def _one(self, visitor: Visitor, place: Place, person: Person, *, said: str) -> Response:
        return self._page("customer.html", **self._content(visitor, place), person=person, said=said)

    async def _tell(self, request: Request) -> Response:
        visitor = await self._signed_in(request)
        form = await read_form(request)
        check_token(visitor.session, form.get("token", ""))
        place = self._board.shop(visitor.actor, form.get("at", ""))
        kind = KINDS.get(form.get("kind", ""))
        if kind is None:
            raise Refused("An offer was shown, applied or dismissed.", code="body.invalid", field="kind")
        try:
            await self._telling.tell(visitor.actor, place.id, form.get("decision", ""), kind)
        except TillhandError as error:
            trouble = f"{error.message} {error.hint}".strip()
            return await self._floor(visitor, place, trouble=trouble, status=status_of(error))
        event, back = form.get("event", ""), self._path
        if event.replace("-", "").isalnum():  # else it is the name of no event, and no address is made of it
            back = f"{self._path}/arrivals/{event}"
        return RedirectResponse(f"{back}?{urlencode({'at': place.id, 'said': kind})}", status_code=303)

    async def _goods(self, request: Request) -> Response:
        """Goods by words, with what is here; or one of them by sku, with where else it is."""
        visitor = await self._signed_in(request)
        place = self._board.shop(visitor.actor, request.query_params.get("at", ""))
        words, sku = request.query_params.get("words", "").strip(), request.query_params.get("sku", "").strip()
        found: Products | None = None
        stock: Stock | None = None
        trouble, status = "", 200
        origin = Origin(CorrelationId(uuid4().hex), "console")
        try:
            if sku:
                answer = await self._guard.invoke(visitor.actor, "check_inventory", {"sku": sku}, origin)
                assert isinstance(answer, Stock)  # noqa: S101  # the tool's own answer
                stock = answer
            elif words:
                asked = {"text": words, "location_id": place.id, "limit": _FOUND}
                answer = await self._guard.invoke(visitor.actor, "search_products", asked, origin)
                assert isinstance(answer, Products)  # noqa: S101  # the tool's own answer
                found = answer
        except TillhandError as error:
            trouble, status = f"{error.message} {error.hint}".strip(), status_of(error)
        content: dict[str, Any] = {
            "words": words,
            "found": found,
            "stock": stock,
            "title": await self._board.title(place, sku) if stock else "",
            "price": _price,
            "trouble": trouble,
        }
        return self._page("goods.html", status=status, **self._content(visitor, place), **content)

    def _content(self, visitor: Visitor, place: Place) -> dict[str, Any]:
        return {
            "actor": visitor.actor,
            "token": visitor.session.token,
            "floor": self._path,
            "place": place,
            "names": {each.id: each.name for each in self._board.places},
            "now": self._board.now(),
            "zone": ZoneInfo(place.timezone),
        }


def _price(amount: Amount) -> str:
    return str(Money(amount.minor, amount.currency))
