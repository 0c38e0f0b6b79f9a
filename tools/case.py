"""A case: an action with what it rests on, about to be judged: for proposals, answers, and looks at the past."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from knowledge.store.places import Place, Places
from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.money import Money

_LARGEST: Final = 10**12  # minor units; the rules count in 64 bits, and sums of these stay far below


class PricedLine(BaseModel):
    """One line of the evidence behind a discount: units of a variant, and the price of one in minor units."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    sku: str = Field(min_length=1)
    units: int = Field(ge=1, le=1_000_000)
    price: int = Field(ge=0, le=10**9)


_LINES: TypeAdapter[list[PricedLine]] = TypeAdapter(list[PricedLine])


@dataclass(frozen=True, slots=True)
class Case:
    """An action about to be judged; made by `case`.

    Attributes:
        goods: The lines a discount takes money off; empty for anything else.
        occurred_at: When what it reacts to happened; `None` when a person acts now.
        message: What the customer would read beside a discount, as the evidence has it; `None` when nothing.
        priced_at: When its prices were seen; `None` when the register told them, whose basket stands as it told it.
        priced_now: What its goods cost when somebody asked again just now, by sku; empty when nobody did.
        proposed_at: When it was proposed; the totals of that day count it.
        undo: Whether it reverses an executed action.
    """

    actor: Actor
    action: AnyAction
    place: Place
    goods: tuple[PricedLine, ...]
    message: object
    occurred_at: datetime | None
    priced_at: datetime | None
    proposed_at: datetime
    undo: bool
    priced_now: Mapping[str, Money] = field(default_factory=dict[str, Money])


def case(  # noqa: PLR0913  # what makes a case, each by name
    actor: Actor,
    action: AnyAction,
    evidence: Mapping[str, Any],
    places: Places,
    *,
    occurred_at: datetime | None,
    priced_at: datetime | None,
    proposed_at: datetime,
    undo: bool = False,
    priced_now: Mapping[str, Money] | None = None,
) -> Case:
    """An action with what it rests on, checked as far as it can be without the store.

    Raises:
        NotFound: A location is not known here.
        Refused: The evidence does not carry the action, or its sums are beyond any shop's.
    """
    place = places.get(action.location)
    if isinstance(action, Transfer | CancelTransfer):
        places.get(action.origin)
    goods = _goods(action, evidence) if isinstance(action, Discount) else ()
    if abs(action.money_at_stake.minor) > _LARGEST:
        raise Refused("No single action moves this much money.", code="money.too_large")
    message = evidence.get("message")
    return Case(actor, action, place, goods, message, occurred_at, priced_at, proposed_at, undo, priced_now or {})


def _goods(action: Discount, evidence: Mapping[str, Any]) -> tuple[PricedLine, ...]:
    try:
        lines = _LINES.validate_python(evidence.get("lines", []))
    except ValidationError as error:
        raise Refused(
            "The lines behind a discount each name a sku, units and a price.", code="discount.lines", field="lines"
        ) from error
    goods = tuple(line for line in lines if not action.skus or line.sku in action.skus)
    priced = sum(line.units * line.price for line in goods)
    if not goods or priced != action.base.minor or {line.sku for line in goods} < set(action.skus):
        raise Refused(
            f"The discount is taken off {action.base}, and its goods cost {Money(priced, action.base.currency)}.",
            code="discount.base",
            hint="Take the percentage off the lines the discount is for, at the prices they have now.",
            field="base",
        )
    return goods
