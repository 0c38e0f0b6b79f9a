"""What a business rule may ask of a register, and what the register then does to the open sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Json
from evals.retailer.lightspeed.open_sale import OpenLine, OpenSale
from evals.retailer.lightspeed.wire import cents_of, units_of

_ON_SALE = frozenset(
    {"add_line_item", "remove_line_item", "require_custom_fields", "set_custom_field", "suggest_products"}
)
# Which actions each event takes; what a register does with others is not documented, so it does nothing.
ALLOWED: dict[str, frozenset[str]] = {
    "sale.created": frozenset({"set_custom_field"}),
    "sale.customer.changed": _ON_SALE,
    "sale.line_items.added": _ON_SALE | {"set_customer"},
    "sale.ready_for_payment": _ON_SALE | {"confirm", "stop"},
    "sale.updated": frozenset({"set_custom_field"}),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the register shows the cashier.

    Attributes:
        choices: Product ids to choose from, or the names of fields to fill in.
    """

    kind: Literal["stop", "confirm", "suggest_products", "require_custom_fields"]
    title: str
    message: str
    choices: tuple[str, ...] = ()


class Cashier:
    """Answers the register's prompts; this one goes on, takes no suggestion and writes "-" into every field."""

    def confirm(self, prompt: Prompt) -> bool:
        """Whether to go on."""
        return prompt.kind == "confirm"

    def choose(self, prompt: Prompt) -> Sequence[str]:
        """Which of the suggested product ids the customer takes."""
        return prompt.choices[:0]

    def fill(self, prompt: Prompt) -> dict[str, str]:
        """A value for each field asked for."""
        return dict.fromkeys(prompt.choices, "-")


@dataclass(frozen=True, slots=True)
class Done:
    """What one action came to.

    Attributes:
        kind: Its type.
        refused: Why the register ignored it; "" when it ran.
        prompt: What the cashier saw, if anything.
        stopped: Whether the sale may not go on.
        added: The lines it put on the sale.
    """

    kind: str
    refused: str = ""
    prompt: Prompt | None = None
    stopped: bool = False
    added: tuple[OpenLine, ...] = ()


def run_action(account: Account, sale: OpenSale, event_type: str, action: Any, cashier: Cashier) -> Done:
    """Carry out one returned action."""
    fields = cast("Json", action) if isinstance(action, dict) else {}
    kind = str(fields.get("type", ""))
    if kind not in ALLOWED.get(event_type, frozenset()):
        return Done(kind, refused=f"{event_type} takes no such action")
    return _RUN[kind](account, sale, fields, cashier)


def _prompt(
    kind: Literal["stop", "confirm", "suggest_products", "require_custom_fields"], fields: Json, *choices: str
) -> Prompt:
    return Prompt(kind, str(fields.get("title", "")), str(fields.get("message", "")), choices)


def _objects(fields: Json, name: str) -> list[Json]:
    value = fields.get(name)
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("Json", entry) for entry in entries if isinstance(entry, dict)]


def _stop(_account: Account, _sale: OpenSale, fields: Json, _cashier: Cashier) -> Done:
    return Done("stop", prompt=_prompt("stop", fields), stopped=True)


def _confirm(_account: Account, _sale: OpenSale, fields: Json, cashier: Cashier) -> Done:
    prompt = _prompt("confirm", fields)
    return Done("confirm", prompt=prompt, stopped=not cashier.confirm(prompt))


def _require_fields(_account: Account, sale: OpenSale, fields: Json, cashier: Cashier) -> Done:
    names = [str(one["name"]) for one in _objects(fields, "required_custom_fields") if "name" in one]
    prompt = _prompt("require_custom_fields", fields, *names)
    sale.custom_fields.update(cashier.fill(prompt))
    return Done("require_custom_fields", prompt=prompt)


def _set_field(_account: Account, sale: OpenSale, fields: Json, _cashier: Cashier) -> Done:
    name = fields.get("custom_field_name")
    if not isinstance(name, str) or not name:
        return Done("set_custom_field", refused="no field is named")
    entity = fields.get("entity", "sale")
    if entity == "sale":
        sale.custom_fields[name] = str(fields.get("custom_field_value", ""))
        return Done("set_custom_field")
    line = next((one for one in sale.lines if one.id == fields.get("entity_id")), None)
    if line is None:
        return Done("set_custom_field", refused="no such line")
    line.custom_fields[name] = str(fields.get("custom_field_value", ""))
    return Done("set_custom_field")


def _add_line(account: Account, sale: OpenSale, fields: Json, _cashier: Cashier) -> Done:
    variant = account.index.products.get(str(fields.get("product_id")))
    units = units_of(fields.get("quantity", "1"))
    price = cents_of(fields["unit_price"]) if "unit_price" in fields else variant.price if variant else None
    if variant is None or units is None or units <= 0 or price is None or price < 0:
        return Done("add_line_item", refused="no such product, quantity or price")
    line = OpenLine(account.new_id("line"), variant.sku, units, price, str(fields.get("note", "")))
    sale.lines.append(line)
    return Done("add_line_item", added=(line,))


def _remove_line(_account: Account, sale: OpenSale, fields: Json, _cashier: Cashier) -> Done:
    left = [line for line in sale.lines if line.id != fields.get("line_item_id")]
    if len(left) == len(sale.lines):
        return Done("remove_line_item", refused="no such line")
    sale.lines = left
    return Done("remove_line_item")


def _suggest(account: Account, sale: OpenSale, fields: Json, cashier: Cashier) -> Done:
    products = account.index.products
    offered = [str(one.get("product_id")) for one in _objects(fields, "suggested_products")]
    prompt = _prompt("suggest_products", fields, *(one for one in offered if one in products))
    taken = [products[one] for one in cashier.choose(prompt) if one in prompt.choices]
    lines = tuple(OpenLine(account.new_id("line"), one.sku, 1, one.price) for one in taken)
    sale.lines.extend(lines)
    return Done("suggest_products", prompt=prompt, added=lines)


def _set_customer(account: Account, sale: OpenSale, fields: Json, _cashier: Cashier) -> Done:
    person = account.index.people.by_id.get(str(fields.get("customer_id")))
    if person is None:
        return Done("set_customer", refused="no such customer")
    sale.customer = person.key
    return Done("set_customer")


_RUN = {
    "add_line_item": _add_line,
    "confirm": _confirm,
    "remove_line_item": _remove_line,
    "require_custom_fields": _require_fields,
    "set_custom_field": _set_field,
    "set_customer": _set_customer,
    "stop": _stop,
    "suggest_products": _suggest,
}
