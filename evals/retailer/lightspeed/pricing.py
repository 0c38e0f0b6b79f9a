"""`POST /discount`: what the best promotion would take off a sale. It changes nothing, and so tests every offer."""

from evals.retailer.actions import CodeRefused, Unknown
from evals.retailer.codes import price_code
from evals.retailer.lightspeed.account import Account, Promotion
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, ok
from evals.retailer.lightspeed.json_values import a_list, a_text, an_object
from evals.retailer.lightspeed.places import find_outlet
from evals.retailer.lightspeed.products import find_product
from evals.retailer.lightspeed.promotion_goods import skus_of
from evals.retailer.lightspeed.promotions import FIXED, PERCENT
from evals.retailer.lightspeed.wire import amount, cents_of, decimal_of, units_of
from evals.retailer.world import Place

_Line = tuple[str, int, int]  # sku, units, unit price in cents


def apply_discount(account: Account, asked: Asked) -> Answer:
    """`POST /discount`."""
    given = asked.object()
    body = an_object(given.get("sale"), "sale")
    entries = [an_object(entry, "A line item") for entry in a_list(body.get("line_items"), "sale.line_items")]
    place = find_outlet(account, given.get("outlet_id"), 422)
    lines = [_line(account, entry) for entry in entries]
    by_code, validation = _by_code(account, a_text(given, "promo_code"), lines, place)
    off, promotion = _best(account, lines, place, by_code)
    rows = [_row(entry, line, cents, promotion) for entry, line, cents in zip(entries, lines, off, strict=True)]
    total = sum(units * price for _, units, price in lines) - sum(off)
    data: Json = {
        "promotions": [_named(promotion)] if promotion else [],
        "sale": {
            "line_items": rows,
            "sale_date": body.get("sale_date", ""),
            "total_price": amount(total),
            "total_tax": 0,
        },
    }
    return ok(data | ({"promo_code_validation": validation} if validation else {}))


def _line(account: Account, fields: Json) -> _Line:
    variant = find_product(account, fields.get("product_id"), 422)
    units, price = units_of(fields.get("quantity")), cents_of(fields.get("unit_price"))
    if units is None or units <= 0 or price is None or price < 0:
        raise Problem(422, "A line item needs a quantity above zero and a unit_price.")
    return variant.sku, units, price


def _by_code(
    account: Account, code: str, lines: list[_Line], place: Place
) -> tuple[tuple[list[int], Promotion] | None, Json]:
    """What the code takes off each line, with its promotion, and what X-Series says about the code."""
    if not code:
        return None, {}
    found = account.world.discounts.get(code.strip().upper())
    owner = account.promotions.get(str(found.extra.get("promotion_id"))) if found else None
    named: Json = {"promo_code": code}
    if found and owner:
        named |= {"promo_code_id": found.id, "promotion_id": owner.id}
    try:
        sold = [(sku, units) for sku, units, _ in lines]
        off = price_code(account.world, code, sold, None, account.now(), place=place.code)
    except (CodeRefused, Unknown):
        return None, named | {"status": "invalid"}
    return ((off, owner) if owner else None), named | {"status": "valid"}


def _best(
    account: Account, lines: list[_Line], place: Place, by_code: tuple[list[int], Promotion] | None
) -> tuple[list[int], Promotion | None]:
    best: tuple[list[int], Promotion | None] = by_code or ([0] * len(lines), None)
    now = account.now()
    for promotion in account.promotions.values():
        ended = promotion.ends_at is not None and promotion.ends_at <= now
        if promotion.body["use_promo_code"] or promotion.deleted or ended or promotion.starts_at > now:
            continue
        outlets = promotion.body["outlet_ids"]
        if outlets and place.outlet_id not in outlets:
            continue
        off = _automatic(account, promotion, lines)
        if sum(off) > sum(best[0]):
            best = (off, promotion)
    return best


def _automatic(account: Account, promotion: Promotion, lines: list[_Line]) -> list[int]:
    """Cents off each line by a promotion that needs no code: a share, or money off every unit."""
    action, condition = promotion.body["action"], promotion.body["condition"]
    if condition["type"] == "sale_price":
        least = cents_of(str(condition.get("min_price", 0))) or 0
        if sum(units * price for _, units, price in lines) < least:
            return [0] * len(lines)
    skus = set(skus_of(account, action, condition))
    off: list[int] = []
    for sku, units, price in lines:
        each = 0
        if not skus or sku in skus:
            if action["type"] in PERCENT:
                points = int((decimal_of(str(action["value"])) or 0) * 100)
                each = (price * points + 5_000) // 10_000
            elif action["type"] in FIXED:
                each = min(price, cents_of(str(action["value"])) or 0)
        off.append(each * units)
    return off


def _row(entry: Json, line: _Line, off: int, promotion: Promotion | None) -> Json:
    _, units, price = line
    return {
        **{name: value for name, value in entry.items() if name not in {"unit_price", "loyalty_value"}},
        "promotion_ids": [promotion.id] if promotion and off else [],
        "quantity": units,
        "unit_discount": off / units / 100,
        "unit_price": amount(price),
        "unit_tax_discount": 0,
    }


def _named(promotion: Promotion) -> Json:
    return {"description": promotion.body["description"], "id": promotion.id, "name": promotion.body["name"]}
