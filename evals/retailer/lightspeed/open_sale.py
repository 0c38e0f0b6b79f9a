"""A sale while it is open at a register: what business rules see and change."""

from dataclasses import dataclass, field
from datetime import datetime

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Json
from evals.retailer.lightspeed.ring_up import RungLine
from evals.retailer.lightspeed.wire import amount_text
from evals.retailer.world import Place


@dataclass(slots=True)
class OpenLine:
    """One line, at the price the register asks now."""

    id: str
    sku: str
    quantity: int
    unit_price: int  # cents
    note: str = ""
    custom_fields: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class OpenSale:
    """Lines at a register before payment."""

    id: str
    place: Place
    opened_at: datetime
    customer: int | None = None  # Person.key
    lines: list[OpenLine] = field(default_factory=list[OpenLine])
    custom_fields: dict[str, str] = field(default_factory=dict[str, str])
    note: str = ""

    @property
    def total(self) -> int:
        """Cents to pay."""
        return sum(line.quantity * line.unit_price for line in self.lines)

    def rung_lines(self) -> list[RungLine]:
        """What is sold."""
        return [RungLine(line.sku, line.quantity, line.unit_price) for line in self.lines]


def rule_request(account: Account, sale: OpenSale, event_type: str, added: list[OpenLine]) -> Json:
    """The body of a business-rule call; every number is a decimal string.

    Args:
        account: The retailer.
        sale: As it is now.
        event_type: Such as `sale.ready_for_payment`.
        added: The new lines, which `sale.line_items.added` shows again at the top.
    """
    person = account.world.people.get(sale.customer) if sale.customer is not None else None
    known = person if person and person.lightspeed_id else None
    body: Json = {
        "customer": {"custom_fields": [], "id": known.lightspeed_id} if known else None,
        "event_type": event_type,
        "retailer": {"domain_prefix": account.settings.domain_prefix, "id": account.retailer_id},
        "retailer_id": account.retailer_id,
        "sale": {
            "custom_fields": _custom_fields(sale.custom_fields),
            "id": sale.id,
            "line_items": [_line(account, line) for line in sale.lines],
            "note": sale.note,
            "outlet_id": sale.place.outlet_id,
            "register_id": sale.place.register_id,
            "return_for": None,
            "status": "OPEN",
            "total_price": amount_text(sale.total, 2),
            "total_tax": amount_text(0, 2),
        },
        "user": {"account_type": "cashier", "id": account.user_id, "username": "register"},
    }
    if event_type == "sale.line_items.added":
        body["line_items"] = [_line(account, line) for line in added]
    return body


def _line(account: Account, line: OpenLine) -> Json:
    variant = account.world.variants[line.sku]
    return {
        "custom_fields": _custom_fields(line.custom_fields),
        "id": line.id,
        "note": line.note,
        "price": amount_text(line.unit_price, 2),
        "price_total": amount_text(line.quantity * line.unit_price, 2),
        "product": {
            "custom_fields": [],
            "id": variant.lightspeed_product_id,
            "name": variant.title,
            "sku": variant.sku,
        },
        "product_id": variant.lightspeed_product_id,
        "quantity": str(line.quantity),
        "tax_total": amount_text(0, 2),
    }


def _custom_fields(values: dict[str, str]) -> list[Json]:
    return [{"name": name, "string_value": value} for name, value in values.items()]
