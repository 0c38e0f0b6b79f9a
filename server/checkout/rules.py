"""Lightspeed's business rules: its register asks us before payment, and shows what we answer.

The rule fires again after each of our actions, so the sale carries a mark of ours once we have spoken. The register
waits about two seconds; we never need more than a few tens of milliseconds, and we never answer an error: a register
that gets one stands still.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from knowledge.events.families import CheckoutFacts, KeyedHash, LineFacts
from knowledge.identity.normal import Kind
from knowledge.store.places import Place
from policies.errors import NotFound, Refused, Unavailable
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.money import Money
from server.bearers import Bearers
from server.body import JSON, exact_json, read_body
from server.checkout.desk import CheckoutAnswer, CheckoutDesk, may_check_out
from server.telemetry import Metrics
from server.webhooks.hearsay import Listener
from server.webhooks.lightspeed import check_signature

_SERVICES: Final = {"home": "Offer: sent home", "promotion": "In a promotion"}
MARK: Final = "tillhand_offer"  # the sale's custom field that says we have spoken
READY: Final = "sale.ready_for_payment"
SOURCE: Final = "lightspeed"
_MOST_LINES = 200
# as at our other doors; what is sold by the meter has no price of one unit, and goods given back count below zero
_Units = Annotated[int, Field(ge=-10_000, le=10_000)]
_Price = Annotated[Decimal, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Field(_Wire):
    name: str = ""
    value: Any = None
    string_value: str | None = None


class _Product(_Wire):
    sku: str = ""


class _Line(_Wire):
    product: _Product = _Product()
    quantity: _Units
    price: _Price


class _Sale(_Wire):
    id: str = Field(min_length=1, max_length=128)
    outlet_id: str
    return_for: str | None = None
    custom_fields: tuple[_Field, ...] = ()
    line_items: tuple[_Line, ...] = Field(default=(), max_length=_MOST_LINES)


class _Customer(_Wire):
    id: str = ""
    customer_code: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None


class _Asked(_Wire):
    event_type: str
    customer: _Customer | None = None
    sale: _Sale


@dataclass(frozen=True, slots=True)
class RuleDoor:
    """Answers business rules from the same core as every other register.

    Attributes:
        secrets: Rules may be signed like webhooks; unsigned ones need a register's key, in the header or as `?key=`.
    """

    bearers: Bearers
    listener: Listener
    desk: CheckoutDesk
    metrics: Metrics
    secrets: Sequence[str]
    limit: int

    async def ask(self, request: Request) -> Response:
        """Answer one rule: actions for the register, none when there is nothing to say.

        Raises:
            Refused: The caller is not the retailer's Lightspeed; a register is never told anything but actions.
        """
        body = await read_body(request, self.limit, JSON)
        register = await self._caller(request, body)
        try:
            actions = await self._actions(register, body)
        except (Refused, NotFound, Unavailable) as error:
            self.metrics.count("refusals", code=f"rule:{error.code}")
            actions = []
        return JSONResponse({"actions": actions})

    async def _caller(self, request: Request, body: bytes) -> Actor:
        if "x-signature" in request.headers:
            check_signature(request.headers, body, self.secrets)
            places = frozenset(place.id for place in self.listener.places.on(SOURCE))
            return Actor("register:lightspeed", Role.REGISTER, places, Door.CHECKOUT)
        key = request.query_params.get("key", "")
        actor = await (self.bearers.of_key(key, Door.CHECKOUT) if key else self.bearers.actor(request, Door.CHECKOUT))
        may_check_out(actor)
        return actor

    async def _actions(self, register: Actor, body: bytes) -> list[dict[str, Any]]:
        asked = _read(exact_json(body))
        if asked.event_type != READY or asked.sale.return_for or _marked(asked.sale):
            return []
        place = self.listener.places.by_platform(SOURCE, asked.sale.outlet_id)
        if place is None or not register.covers(place.id) or not asked.sale.line_items:
            return []
        answer = await self.desk.answer(register, self._checkout(asked, place), source=SOURCE, live_words=False)
        return _spoken(answer)

    def _checkout(self, asked: _Asked, place: Place) -> CheckoutFacts:
        currency = self.listener.currency
        # lines that give goods back are no part of what is bought
        lines = tuple(
            LineFacts(
                sku=line.product.sku,
                quantity=line.quantity,
                unit_price=Money.round(line.price, currency).minor,
            )
            for line in asked.sale.line_items
            if line.quantity >= 1
        )
        return CheckoutFacts(
            location=place.id,
            transaction=asked.sale.id,
            customer=self._identifiers(asked.customer, place),
            lines=lines,
            total=sum(line.unit_price * line.quantity for line in lines),
            currency=currency,
        )

    def _identifiers(self, customer: _Customer | None, place: Place) -> tuple[KeyedHash, ...]:
        """Who it is. Lightspeed cannot hash: where only hashes are taken, its own number of the customer has to do."""
        if customer is None:
            return ()
        keys, country = self.listener.keys, self.listener.region(place)
        told: tuple[tuple[Kind, str | None], ...] = (("lightspeed", customer.id),)
        if not keys.strict:
            told = (
                ("loyalty", customer.customer_code),
                *told,
                ("phone", customer.mobile),
                ("phone", customer.phone),
                ("email", customer.email),
            )
        made = (key for kind, value in told for key in keys.readings(kind, value, country))
        return tuple(dict.fromkeys(made))


def _read(body: Mapping[str, Any]) -> _Asked:
    try:
        return _Asked.model_validate(body)
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Refused(f"The rule's request is not understood: {at}.", code="payload.malformed") from None


def _marked(sale: _Sale) -> bool:
    return any(field.name == MARK and (field.value or field.string_value) for field in sale.custom_fields)


def _spoken(answer: CheckoutAnswer) -> list[dict[str, Any]]:
    if answer.status != "offered" or answer.discount is None:
        return []
    service = answer.discount.at_full_price
    title = _SERVICES[answer.discount.form] if service else f"Offer: {answer.discount.percent} off"
    return [
        {
            "type": "set_custom_field",
            "entity": "sale",
            "custom_field_name": MARK,
            "custom_field_value": answer.decision_id,
        },
        {
            "type": "confirm",
            "title": title,
            "message": answer.message if service else f"{answer.message} Code: {answer.discount.code}",
            "confirm_label": "Pay",
            "dismiss_label": "Back to the sale",
        },
    ]
