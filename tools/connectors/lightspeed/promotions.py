"""Single-use codes: a promotion of its own for each, with one promo code that is good once, at one outlet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from knowledge.store.places import Places
from policies.actions.discount import Discount, EndDiscount
from policies.errors import Refused
from policies.vocabulary.ids import ActionId
from tools.connectors.amounts import wire_number
from tools.connectors.find_or_make import find_or_make
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Call, Rest, Told
from tools.connectors.moments import read_moment
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import END_DISCOUNT, Done, receipt
from tools.connectors.stock_places import stock_place
from tools.platform import Receipt, WriteContext

_CREATE = "POST /promotions"
_END = "PUT /promotions/{promotion_id}"
_LISTED = 1_000
_REPLACED = (  # a PUT replaces all of these
    "name",
    "description",
    "start_time",
    "condition",
    "action",
    "outlet_ids",
    "channels",
    "customer_group_ids",
    "use_promo_code",
    "loyalty_multiplier",
)


class LightspeedDiscounts:
    """Creates and ends codes; a promotion is found again by its name, which holds the code."""

    def __init__(self, rest: Rest, products: ProductIds, places: Places, now: Callable[[], datetime]) -> None:
        self._rest = rest
        self._products = products
        self._places = places
        self._now = now

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        """Create the code, or find the one an earlier try made.

        Raises:
            Refused: The code belongs to somebody else's promotion (`discount.code_taken`), or its time is over.
            NotFound: Lightspeed does not sell one of its skus.
        """
        wanted = await self._input(discount, context.action)

        async def find() -> _Found | None:
            found = await self._find(discount)
            if found.row is None:
                return None
            _require_ours(found.row, wanted)
            return found

        async def make() -> _Found:
            self._require_time(discount)
            call = Call("POST", "/promotions", "/promotions", body=wanted, repeatable=False)
            made = await self._rest.ask(call, Priority.WRITE)
            if made.conflict:
                raise _taken()
            return _Found(made.data, made)

        if context.dry_run:
            there = await find()
            if there is None:
                self._require_time(discount)
            return self._receipt(_CREATE, there or await self._find(discount), context, replayed=there is not None)
        made, replayed = await find_or_make(find, make)
        return self._receipt(_CREATE, made, context, undo=END_DISCOUNT, replayed=replayed)

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        """Stop the code from being used; ending one that is over, or gone, succeeds."""
        path = f"/promotions/{discount.reference}"
        told = await self._rest.ask(Call("GET", path, "/promotions/{promotion_id}"), Priority.WRITE)
        if told.missing:
            return self._receipt(_END, _Found({"id": discount.reference}, told), context, replayed=True)
        promotion = told.data
        if promotion["name"] != name_of(discount.code):
            raise Refused("This code belongs to another promotion.", code="discount.other")
        codes = await self._codes(path)
        ends = promotion.get("end_time")
        over = ends is not None and read_moment(ends) <= self._now() and not codes
        if over or context.dry_run:
            return self._receipt(_END, _Found(promotion, told), context, replayed=over)
        if codes:  # first the code, so that whatever fails after, nobody can use it any more
            await self._rest.ask(Call("DELETE", "/promocode/bulk", "/promocode/bulk", body=codes), Priority.WRITE)
        started = read_moment(promotion["start_time"])
        ended = max(self._now(), started + timedelta(seconds=1))
        kept = {name: _plain(promotion[name]) for name in _REPLACED if promotion.get(name) is not None}
        body = {**kept, "start_time": _time(started), "end_time": _time(ended)}
        put = await self._rest.ask(Call("PUT", path, "/promotions/{promotion_id}", body=body), Priority.WRITE)
        return self._receipt(_END, _Found(promotion, put), context)

    async def _find(self, discount: Discount) -> "_Found":
        """The promotion of this code among those that do not end before it does: a list that stays short."""
        params = {"end_time_from": _time(discount.valid_until), "page_size": str(_LISTED)}
        told = await self._rest.ask(Call("GET", "/promotions", "/promotions", params), Priority.WRITE)
        name = name_of(discount.code)
        return _Found(next((row for row in told.data if row["name"] == name), None), told)

    def _require_time(self, discount: Discount) -> None:
        if discount.valid_until <= self._now():
            raise Refused("The offer's time is over.", code="discount.expired")

    async def _codes(self, path: str) -> list[str]:
        """The ids of the promotion's codes nobody has used."""
        told = await self._rest.ask(
            Call("GET", f"{path}/promocodes", "/promotions/{promotion_id}/promocodes"), Priority.WRITE
        )
        codes = () if told.missing else told.data.get("promo_codes", ())
        return [str(code["id"]) for code in codes if not code.get("redeemed")]

    async def _input(self, discount: Discount, action: ActionId) -> dict[str, Any]:
        outlet = stock_place(self._places, discount.store, PLATFORM).platform_id
        ids = await self._products.of(discount.skus, Priority.WRITE)
        goods = [{"field": "product_id", "value": product} for product in ids.values()]
        # a promotion can ask for a number of units of its goods, not for each of them
        together = {"min_quantity": len(goods)} if discount.form == "bundle" else {}
        return {
            "name": name_of(discount.code),
            "description": f"{discount.percent} off, {discount.amount} at most, {action}",
            "start_time": _time(self._now()),
            "end_time": _time(discount.valid_until),
            "channels": ["Register"],
            "outlet_ids": [outlet],
            "use_promo_code": True,
            "add_promo_code": [{"code": discount.code, "limit": 1}],
            "condition": {"type": "product_set", **({"include": goods} if goods else {}), **together},
            "action": {
                "type": "basic_percent_discount",
                "value": wire_number(Decimal(discount.percent.basis_points) / 100),
            },
        }

    def _receipt(
        self, call: str, found: "_Found", context: WriteContext, *, undo: str = "", replayed: bool = False
    ) -> Receipt:
        reference = str(found.row["id"]) if found.row else ""
        done = Done(call, found.told.digest, reference, replayed)
        return receipt(PLATFORM, done, undo=undo, at=self._now(), context=context)


@dataclass(frozen=True, slots=True)
class _Found:
    """A promotion, or none, and the answer that told of it."""

    row: Mapping[str, Any] | None
    told: Told


def name_of(code: str) -> str:
    """What the retailer reads in Lightspeed's list of promotions."""
    return f"Tillhand {code}"


def _require_ours(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    ends = found.get("end_time")
    same = found.get("description") == wanted["description"] and _number(found) == _number(wanted)
    if not same or ends is None or read_moment(ends) != read_moment(wanted["end_time"]):
        raise _taken()


def _number(promotion: Mapping[str, Any]) -> Decimal:
    return Decimal(str(promotion["action"]["value"]))


def _taken() -> Refused:
    return Refused(
        "Another promotion in Lightspeed already has this code; nothing was changed.",
        code="discount.code_taken",
        hint="Propose the offer again; it gets another code.",
    )


def _time(moment: datetime) -> str:
    """UTC without a zone, as promotions take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _plain(value: Any) -> Any:
    """JSON that can be sent back: its decimals as the numbers they came as."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(value, list):
        return [_plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType] - JSON
    return wire_number(value) if isinstance(value, Decimal) else value
