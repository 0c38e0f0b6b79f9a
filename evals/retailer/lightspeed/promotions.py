"""Promotions and their promo codes. Nothing deletes a promotion: it is ended, by an end time or as archived."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from evals.retailer.actions import CodeTaken, create_discount, deactivate_discount
from evals.retailer.lightspeed.account import Account, Promotion
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, created, ok
from evals.retailer.lightspeed.json_values import a_list, a_text, an_object
from evals.retailer.lightspeed.places import find_outlet
from evals.retailer.lightspeed.promotion_goods import skus_of
from evals.retailer.lightspeed.wire import cents_of, decimal_of, moment_of, timestamp
from evals.retailer.world import Change, CodeDiscount

PERCENT = frozenset({"basic_percent_discount", "percent_discount", "percent_pool_discount"})
FIXED = frozenset({"basic_fixed_discount", "fixed_discount", "fixed_pool_discount"})
_OTHER = frozenset({"loyalty", "fixed_price_discount"})
_CONDITIONS = frozenset({"product_set", "sale_price"})
_HUNDRED = Decimal(100)


def promotion_row(account: Account, promotion: Promotion) -> Json:
    """`Promotion`."""
    codes = [account.world.discounts[code] for code in promotion.codes.values()]
    return {
        **promotion.body,
        "end_time": timestamp(promotion.ends_at) if promotion.ends_at else None,
        "id": promotion.id,
        "promo_code_summary": [{"redeemed_amount": sum(one.used for one in codes), "total_promo_code": len(codes)}],
        "start_time": timestamp(promotion.starts_at),
        "status": "archived" if promotion.deleted else "active",
    }


def list_promotions(account: Account, asked: Asked) -> Answer:
    """`GET /promotions`: those not archived, by their end."""
    low, high = moment_of(asked.first("end_time_from")), moment_of(asked.first("end_time_to"))
    shown = [one for one in account.promotions.values() if not one.deleted and _ends_between(one, low, high)]
    return ok([promotion_row(account, one) for one in shown[: asked.page_size()]])


def get_promotion(account: Account, asked: Asked) -> Answer:
    """`GET /promotions/{promotion_id}`."""
    return ok(promotion_row(account, find_promotion(account, asked)))


def create_promotion(account: Account, asked: Asked) -> Answer:
    """`POST /promotions`, with the promo codes named in it."""
    body, starts, ends = _read(account, asked.object())
    codes = _new_codes(account, asked.object())
    skus = skus_of(account, body["action"], body["condition"])
    promotion = Promotion(account.new_id("promotion"), body, starts, ends)
    account.promotions[promotion.id] = promotion
    _add_codes(account, promotion, codes, skus)
    return created(promotion_row(account, promotion))


def update_promotion(account: Account, asked: Asked) -> Answer:
    """`PUT /promotions/{promotion_id}`: a full replacement; codes named in it are added to those there are."""
    promotion, given = find_promotion(account, asked), asked.object()
    body, starts, ends = _read(account, given)
    codes = _new_codes(account, given)
    skus = skus_of(account, body["action"], body["condition"])
    promotion.body, promotion.starts_at, promotion.ends_at = body, starts, ends
    promotion.deleted = given.get("status") == "archived"
    for code in promotion.codes.values():
        _retime(account, promotion, account.world.discounts[code])
    _add_codes(account, promotion, codes, skus)
    return ok(promotion_row(account, promotion))


def list_promo_codes(account: Account, asked: Asked) -> Answer:
    """`GET /promotions/{promotion_id}/promocodes`."""
    promotion = find_promotion(account, asked)
    rows = [
        {
            "code": found.code,
            "created_at": timestamp(found.starts_at),
            "id": code_id,
            "promotion_id": promotion.id,
            "redeemed": found.used,
            **({} if found.usage_limit is None else {"limit": found.usage_limit}),
        }
        for code_id, code in promotion.codes.items()
        for found in (account.world.discounts[code],)
    ]
    return ok({"promo_codes": rows})


def delete_promo_codes(account: Account, asked: Asked) -> Answer:
    """`DELETE /promocode/bulk`: those not used yet; answers the ids that could not be deleted."""
    kept: list[str] = []
    for code_id in a_list(asked.body, "The body"):
        owner = next((one for one in account.promotions.values() if code_id in one.codes), None)
        if owner is None or account.world.discounts[owner.codes[code_id]].used:
            kept.append(str(code_id))
        else:
            deactivate_discount(account.world, owner.codes.pop(code_id))
    return ok(kept)


def find_promotion(account: Account, asked: Asked) -> Promotion:
    """The promotion a path names.

    Raises:
        Problem: There is none.
    """
    found = account.promotions.get(asked.path["promotion_id"])
    if found is None:
        raise Problem(404, "Promotion not found.")
    return found


def _ends_between(promotion: Promotion, low: datetime | None, high: datetime | None) -> bool:
    ends = promotion.ends_at
    return (low is None or ends is None or ends >= low) and (high is None or (ends is not None and ends < high))


def _read(account: Account, given: Json) -> tuple[Json, datetime, datetime | None]:
    """The checked promotion without its codes: what is written back, its start and its end."""
    starts, ends = moment_of(given.get("start_time")), moment_of(given.get("end_time"))
    if starts is None or (given.get("end_time") is not None and ends is None):
        raise Problem(422, "start_time and end_time must be moments in UTC.")
    action, condition = an_object(given.get("action"), "action"), an_object(given.get("condition"), "condition")
    name = a_text(given, "name")
    if not name:
        raise Problem(422, "name must not be empty.")
    if not isinstance(given.get("use_promo_code"), bool):
        raise Problem(422, "use_promo_code must be true or false.")
    if condition.get("type") not in _CONDITIONS:
        raise Problem(422, "condition.type must be product_set or sale_price.")
    _check_action(action)
    outlets = a_list(given.get("outlet_ids") or [], "outlet_ids")
    for outlet in outlets:
        find_outlet(account, outlet, 422)
    body: Json = {
        "action": _plain(action),
        "channels": given.get("channels") or ["Register"],
        "condition": _plain(condition),
        "customer_group_ids": given.get("customer_group_ids") or [],
        "description": a_text(given, "description"),
        "name": name,
        "outlet_ids": outlets,
        "use_promo_code": given["use_promo_code"],
    }
    return body, starts, ends


def _check_action(action: Json) -> None:
    kind = action.get("type")
    if kind not in PERCENT | FIXED | _OTHER:
        raise Problem(422, "action.type is unknown.")
    value = decimal_of(action.get("value"))
    if value is None or value <= 0 or (kind in PERCENT and value > _HUNDRED):
        raise Problem(422, "action.value must be above zero, and a percentage at most 100.")


def _plain(value: Any) -> Any:
    """JSON with the decimals as the numbers they came as."""
    return json.loads(json.dumps(value, default=float))


def _new_codes(account: Account, given: Json) -> dict[str, int | None]:
    """Each code with its redemption limit."""
    codes: dict[str, int | None] = {}
    for entry in a_list(given.get("add_promo_code") or [], "add_promo_code"):
        fields = an_object(entry, "A promo code")
        key, limit = a_text(fields, "code").strip().upper(), fields.get("limit")
        if not key:
            raise Problem(422, "Every promo code needs a code.")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise Problem(422, "The limit of a promo code must be a whole number above zero.")
        if key in codes or key in account.world.discounts:
            raise Problem(409, f"The promo code {key} already exists.")
        codes[key] = limit
    if codes and not given.get("use_promo_code"):
        raise Problem(422, "use_promo_code must be true to add promo codes.")
    return codes


def _add_codes(account: Account, promotion: Promotion, codes: dict[str, int | None], skus: tuple[str, ...]) -> None:
    action, outlets = promotion.body["action"], account.index.outlets
    percent = action["type"] in PERCENT
    for code, limit in codes.items():
        code_id = account.new_id("promo code")
        discount = CodeDiscount(
            id=code_id,
            platform="lightspeed",
            code=code,
            title=promotion.body["name"],
            basis_points=_basis_points(action["value"]) if percent else 0,
            amount=(cents_of(str(action["value"])) or 0) if action["type"] in FIXED else 0,
            skus=skus,
            customer=None,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            usage_limit=limit,
            places=tuple(outlets[outlet].code for outlet in promotion.body["outlet_ids"]),
            extra={
                "promotion_id": promotion.id,
                "minimum_units": int(promotion.body["condition"].get("min_quantity") or 0),
            },
        )
        try:
            create_discount(account.world, discount)
        except CodeTaken as error:
            raise Problem(409, f"The promo code {code} already exists.") from error
        promotion.codes[code_id] = code


def _basis_points(value: Any) -> int:
    return int((decimal_of(str(value)) or Decimal(0)) * 100)


def _retime(account: Account, promotion: Promotion, found: CodeDiscount) -> None:
    """A code is good as long as its promotion."""
    ended = promotion.deleted or (promotion.ends_at is not None and promotion.ends_at <= account.now())
    if ended:
        deactivate_discount(account.world, found.code)
        return
    found.starts_at, found.ends_at, found.active = promotion.starts_at, promotion.ends_at, True
    account.world.announce(Change("discount.updated", account.now(), "lightspeed", found))
