"""Rows of a file as our events: the same families that live deliveries become, marked as history.

A row's event is named by what the row says, so a row imported twice, from whatever file, is one event. What happened is
known from the moment it happened: `received_at` is `occurred_at`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from knowledge.events.event import HISTORY, Event, Topic
from knowledge.identity.normal import Kind as Identifier
from knowledge.store.places import ONLINE, Place, Places
from knowledge.vault.intake import Intake
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import CorrelationId, EventId, LocationId
from policies.vocabulary.money import Money
from server.importing.calendar import Calendar
from server.importing.cells import BadRow, Cells
from server.importing.columns import Kind
from server.importing.ways import FileWays
from server.webhooks.hearsay import order_name

SOURCE: Final = f"{HISTORY}file"
_CHAIN: Final = LocationId("chain")  # the lane of what concerns every location
_SPACE: Final = UUID("9a2c7d1e-0b4f-5c36-8e57-4f1d2a6b9c03")  # ours, drawn once
_PAST: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before it no shop kept what it sold as we are told it
_UNDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of what does not say as of when: anything known is newer
_SKEW: Final = timedelta(minutes=5)
_KEPT_BY: Final = frozenset({"shopify", "lightspeed"})  # whose locations' counts are the platform's own
_CUSTOMERS: Final = 50_000  # whose keys are remembered within one import, and who went to the vault
_SALE, _RETURN, _VIEW = "sale", "return", "view"


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as an event names them, and what goes to the vault with the first event that does."""

    keys: list[dict[str, str]]
    person: bytes


class Translator:
    """Makes events of one file's rows.

    Args:
        kind: What its rows are.
        ways: How it differs from ours.
        places: The retailer's locations.
        keys: For customers' identifiers, which are hashed and sealed here and go no further.
        currency: The chain's.
        now: When the import began, aware.
        calendar: What promotions are held against; without one, nothing is known.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        kind: Kind,
        ways: FileWays,
        places: Places,
        keys: Intake,
        currency: str,
        now: datetime,
        calendar: Calendar | None = None,
    ) -> None:
        self._make: Callable[[Cells], Event] = {
            Kind.PRODUCTS: self._product,
            Kind.CUSTOMERS: self._customer,
            Kind.STOCK: self._level,
            Kind.ORDERS: self._line,
            Kind.RETURNS: self._line,
            Kind.PROMOTIONS: self._promotion,
        }[kind]
        self._kind = kind
        self._ways = ways
        self._reading = ways.reading()
        self._places = places
        self._keys = keys
        self._currency = ways.currency or currency
        self._latest = now + _SKEW
        self._calendar = calendar or Calendar()
        self._known = lru_cache(maxsize=_CUSTOMERS)(self._identified)
        self._sealed: dict[bytes, None] = {}

    def event(self, told: Mapping[str, Any]) -> Event:
        """The event of one row.

        Raises:
            BadRow: It cannot be one.
        """
        try:
            return self._make(Cells(told, self._reading))
        except Refused as error:  # a card number where an identifier belongs
            raise BadRow(error.code, error.field) from None

    def _product(self, cells: Cells) -> Event:
        at = self._as_of(cells, "updated_at") or _UNDATED
        currency = self._currency_of(cells)
        sku, each = self._sku(cells)
        price = _not_below_zero("price", cells.amount("price", currency))
        cost = cells.amount("unit_cost", currency)
        title = cells.needed("title")
        variant = {
            "sku": sku,
            "title": title,
            "product": cells.text("product") or title,
            "vendor": cells.text("vendor"),
            "category": cells.text("category"),
            "tags": [tag.strip() for tag in cells.long_text("tags").split(",") if tag.strip()],
            "description": cells.long_text("description"),
            "price": _of_one(price, currency, each),
            "currency": currency,
            "unit_cost": None if cost is None else _of_one(_not_below_zero("unit_cost", cost), currency, each),
        }
        return self._event(Topic.PRODUCT_UPDATED, _CHAIN, {"variants": [variant]}, at)

    def _customer(self, cells: Cells) -> Event:
        at = self._as_of(cells, "updated_at") or _UNDATED
        told = [("name", cells.text("name")), ("address", cells.text("address", 400))]
        who = self._identified(*_identifiers(cells), cells.text("country").upper(), tuple(told))
        if not who.keys:
            raise BadRow("customer.nobody")
        facts: dict[str, Any] = {
            "keys": who.keys,
            "consent_email": cells.flag("consent_email"),
            "consent_sms": cells.flag("consent_sms"),
        }
        return replace(self._event(Topic.CUSTOMER_UPDATED, _CHAIN, facts, at), sealed_person=who.person)

    def _level(self, cells: Cells) -> Event:
        place = self._place(cells)
        if place.platform in _KEPT_BY:  # its versions and ours cannot be compared
            raise BadRow("stock.kept", "location")
        at = self._as_of(cells, "counted_at", place)
        if at is None:
            raise BadRow("cell.missing", "counted_at")
        sku, each = self._sku(cells)
        counts: dict[str, int | None] = {}
        for name in ("available", "on_hand", "committed", "incoming"):
            count = cells.count(name)
            if count is not None and count < 0:
                raise BadRow("stock.negative", name)
            counts[name] = None if count is None else count * each
        if counts["available"] is None:
            raise BadRow("cell.missing", "available")
        facts = {"location": place.stock_location, "sku": sku, **counts}
        event = self._event(Topic.INVENTORY_UPDATED, place.stock_location, facts, at)
        return replace(event, resource=f"{HISTORY}level:{sku}:{place.stock_location}", version=at.isoformat())

    def _promotion(self, cells: Cells) -> Event:
        sku, category = cells.text("sku"), cells.text("category")
        location, channel = cells.text("location") or self._ways.location, cells.text("channel").casefold()
        if sku and category:
            raise BadRow("promotion.goods", "category")
        if location and channel:
            raise BadRow("promotion.place", "channel")
        if channel not in {"", "pos", "online"}:
            raise BadRow("cell.choice", "channel")
        currency = self._currency_of(cells)
        percent, price = cells.count("percent"), cells.amount("price", currency)
        if (percent is None) == (price is None) or not 1 <= (1 if percent is None else percent) <= 100:  # noqa: PLR2004
            raise BadRow("promotion.value", "percent")
        facts: dict[str, Any] = {
            "name": cells.needed("name"),
            "sku": self._ways.renamed.get(sku, sku),
            "category": category,
            "location": self._named(location, "location").id if location else "",
            "channel": channel,
            "first_day": cells.day("first_day").isoformat(),
            "last_day": cells.day("last_day").isoformat(),
            "percent": percent,
            "price": None if price is None else _not_below_zero("price", price),
            "currency": currency,
        }
        self._calendar.enter(facts)
        return self._event(Topic.PROMOTION_PLANNED, _CHAIN, facts, _UNDATED)

    def _line(self, cells: Cells) -> Event:
        place = self._place(cells)
        at = cells.moment("at", ZoneInfo(place.timezone))
        if at is None:
            raise BadRow("cell.missing", "at")
        self._plausible(at, "at")
        kind = cells.text("type").casefold() or (_RETURN if self._kind is Kind.RETURNS else _SALE)
        who = self._known(*_identifiers(cells), place.country)
        if kind == _VIEW:
            facts = {"kind": "view", "customer": who.keys, "skus": [self._sku(cells)[0]], "cart": ""}
            return self._with_person(self._event(Topic.PRODUCT_VIEWED, place.id, facts, at), who)
        if kind not in {_SALE, _RETURN}:
            raise BadRow("cell.choice", "type")
        return self._with_person(self._trade(cells, place, at, kind, who.keys), who)

    def _trade(self, cells: Cells, place: Place, at: datetime, kind: str, customer: list[dict[str, str]]) -> Event:
        currency = self._currency_of(cells)
        sku, each = self._sku(cells)
        count = cells.count("quantity")
        if count is None:
            raise BadRow("cell.missing", "quantity")
        if not count:
            raise BadRow("quantity.zero", "quantity")
        price = _not_below_zero("price", cells.amount("price", currency))
        off = _not_below_zero("discount", cells.amount("discount", currency) or 0)
        units, total = abs(count) * each, price * abs(count) - off
        line: dict[str, Any] = {
            "sku": sku,
            "quantity": units,
            "unit_price": _of_one(price, currency, each),
            "discount": off,
            "returned": 0,
        }
        if kind == _RETURN or count < 0:
            return self._given_back(cells, place, at, customer, {"line": line, "refund": total, "currency": currency})
        channel = cells.text("channel").casefold() or ("online" if place.kind == ONLINE else "pos")
        if channel not in {"online", "pos"}:
            raise BadRow("cell.choice", "channel")
        order = order_name(cells.needed("order"))
        code, pickup = cells.text("code"), cells.text("pickup_location")
        facts: dict[str, Any] = {
            "order": order,
            "channel": channel,
            "location": place.id,
            "customer": customer,
            "lines": [line],
            "total": total,
            "currency": currency,
            "codes": [code] if code else [],
            "transaction": cells.text("transaction"),
            "pickup_location": self._named(pickup, "pickup_location").id if pickup else "",
            "cancelled": cells.flag("cancelled") or False,
            "complete": False,  # a row is a line, and the next one may stand anywhere
        }
        number = cells.text("line")
        name = f"{order}\0{number}" if number else ""
        return replace(self._event(Topic.ORDER_CREATED, place.id, facts, at, name, story=order), resource=order)

    def _given_back(
        self, cells: Cells, place: Place, at: datetime, customer: list[dict[str, str]], what: Mapping[str, Any]
    ) -> Event:
        sold_on, own, number = cells.text("order"), cells.text("return"), cells.text("line")
        order = order_name(sold_on) if sold_on else ""
        facts: dict[str, Any] = {
            "order": order,
            "location": place.id,
            "customer": customer,
            "lines": [what["line"]],
            "refund": what["refund"],
            "currency": what["currency"],
        }
        name = f"return\0{own or sold_on}\0{number}" if number and (own or sold_on) else ""
        return self._event(Topic.RETURN_CREATED, place.id, facts, at, name, story=order or f"return:{own}")

    def _event(  # noqa: PLR0913, PLR0917
        self, topic: Topic, lane: LocationId, facts: dict[str, Any], at: datetime, name: str = "", story: str = ""
    ) -> Event:
        # not whose it was, where the order says it: that is written in another way once secrets were rotated
        said = {part: value for part, value in facts.items() if part != "customer" or topic is Topic.PRODUCT_VIEWED}
        words = json.dumps([said, at.isoformat()], sort_keys=True, separators=(",", ":"))
        key = hashlib.sha256(f"{topic.value}\0{name or words}".encode()).hexdigest()[:32]
        return Event(
            id=EventId(f"history-{key}"),
            source=SOURCE,
            delivery=key,
            topic=topic,
            lane=lane,
            occurred_at=at,
            received_at=at,
            correlation=CorrelationId(str(uuid5(_SPACE, story or key))),
            facts=facts,
        )

    def _identified(
        self, loyalty: str, phone: str, email: str, country: str, told: tuple[tuple[str, str], ...] = ()
    ) -> Known:
        named: tuple[tuple[Identifier, str], ...] = (("loyalty", loyalty), ("phone", phone), ("email", email))
        keys = [key.model_dump() for kind, value in named for key in self._keys.readings(kind, value, country)]
        if not keys:
            return Known([], b"")
        raw = [(kind, self._keys.normal(kind, value, country)) for kind, value in named]
        return Known(keys, self._keys.seal([*raw, *told]))

    def _with_person(self, event: Event, who: Known) -> Event:
        """What was told of a customer travels with their first event; the vault has it then."""
        if not who.person or who.person in self._sealed:
            return event
        if len(self._sealed) >= _CUSTOMERS:
            self._sealed.clear()
        self._sealed[who.person] = None
        return replace(event, sealed_person=who.person)

    def _as_of(self, cells: Cells, name: str, place: Place | None = None) -> datetime | None:
        at = cells.moment(name, ZoneInfo(place.timezone) if place else UTC) or self._ways.as_of
        if at is not None:
            self._plausible(at, name)
        return at

    def _plausible(self, at: datetime, name: str) -> None:
        if at > self._latest:
            raise BadRow("time.future", name)
        if at < _PAST:
            raise BadRow("time.past", name)

    def _place(self, cells: Cells) -> Place:
        return self._named(cells.text("location") or self._ways.location, "location")

    def _named(self, code: str, column: str) -> Place:
        if not code:
            raise BadRow("cell.missing", column)
        try:
            return self._places.get(code)
        except NotFound:
            raise BadRow("location.unknown", column) from None

    def _sku(self, cells: Cells) -> tuple[str, int]:
        """The present sku, and how many of its units one of the file's is."""
        told = cells.needed("sku", 64)
        return self._ways.renamed.get(told, told), self._ways.units.get(told, 1)

    def _currency_of(self, cells: Cells) -> str:
        told = cells.text("currency").upper() or self._currency
        if len(told) != 3 or not (told.isascii() and told.isalpha()):  # noqa: PLR2004  # ISO 4217
            raise BadRow("cell.currency", "currency")
        return told


def _identifiers(cells: Cells) -> tuple[str, str, str]:
    return cells.text("loyalty_id"), cells.text("phone", 320), cells.text("email", 320)


def _of_one(price: int, currency: str, each: int) -> int:
    """The price of one piece, of what holds `each` of them."""
    return price if each == 1 else Money.round(Money(price, currency).decimal() / each, currency).minor


def _not_below_zero(name: str, amount: int | None) -> int:
    if amount is None:
        raise BadRow("cell.missing", name)
    if amount < 0:
        raise BadRow("cell.negative", name)
    return amount
