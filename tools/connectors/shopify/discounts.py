"""Single-use discount codes.

A code takes off an amount, not a share, and only from a purchase at least as large as the one it was decided for: so it
never takes off more than was decided, however the basket grows, nor a larger share, however it shrinks.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from policies.actions.discount import Discount, EndDiscount
from policies.errors import Refused
from policies.vocabulary.ids import ActionId
from tools.connectors.moments import read_moment, to_second
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import END_DISCOUNT, Done, receipt
from tools.connectors.shopify import operations
from tools.connectors.shopify.answers import codes_of, require_done
from tools.connectors.shopify.graphql import Admin, Data
from tools.connectors.shopify.names import PLATFORM
from tools.connectors.shopify.variants import VariantIds
from tools.platform import Receipt, WriteContext

_TAKEN = "TAKEN"
_EXPIRED = "EXPIRED"


class ShopifyDiscounts:
    """Creates and ends codes; a code's name is its idempotency key."""

    def __init__(self, admin: Admin, variants: VariantIds, now: Callable[[], datetime]) -> None:
        self._admin = admin
        self._variants = variants
        self._now = now

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        """Create the code, or find the one an earlier try made.

        Raises:
            Refused: The code belongs to somebody else's discount (`discount.code_taken`), or its time is over.
            NotFound: Shopify does not sell one of its skus.
        """
        over = discount.valid_until <= self._now()
        if over or context.dry_run:
            node, data = await self._find(discount.code)
            if node is not None:
                _require_ours(node, discount, context.action)
            elif over:
                raise Refused("The offer's time is over.", code="discount.expired")
            else:
                await self._input(discount, context.action)
            reference = "" if node is None else str(node["id"])
            return self._receipt(operations.CREATE_CODE.call, reference, data.digest, context, replayed=bool(node))
        wanted = await self._input(discount, context.action)
        data = await self._admin.ask(operations.CREATE_CODE, {"discount": wanted}, Priority.WRITE)
        payload = data["discountCodeBasicCreate"]
        if _TAKEN in codes_of(payload):
            node, data = await self._find(discount.code)
            if node is None:
                raise Refused("The code was taken, and is not there any more.", code="discount.code_taken")
            _require_ours(node, discount, context.action)
            return self._receipt(operations.CREATE_CODE.call, node["id"], data.digest, context, replayed=True)
        require_done(payload)
        return self._receipt(operations.CREATE_CODE.call, payload["codeDiscountNode"]["id"], data.digest, context)

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        """Stop the code from being used; ending one that is over, or gone, succeeds.

        Raises:
            Refused: The code is another discount's than the one named.
        """
        node, data = await self._find(discount.code)
        if node is not None and discount.reference and node["id"] != discount.reference:
            raise Refused("This code belongs to another discount.", code="discount.other")
        over = node is None or node["codeDiscount"].get("status") == _EXPIRED
        if node is None or over or context.dry_run:
            done = Done(operations.END_CODE.call, data.digest, discount.reference, replayed=over)
            return receipt(PLATFORM, done, undo="", at=self._now(), context=context)
        ended = await self._admin.ask(operations.END_CODE, {"id": node["id"]}, Priority.WRITE)
        require_done(ended["discountCodeDeactivate"])
        done = Done(operations.END_CODE.call, ended.digest, node["id"])
        return receipt(PLATFORM, done, undo="", at=self._now(), context=context)

    async def _find(self, code: str) -> tuple[Mapping[str, Any] | None, Data]:
        data = await self._admin.ask(operations.CODE, {"code": code}, Priority.WRITE)
        return data["codeDiscountNodeByCode"], data

    async def _input(self, discount: Discount, action: ActionId) -> dict[str, Any]:
        items: dict[str, Any] = {"all": True}
        if discount.skus:
            ids = await self._variants.of(discount.skus, Priority.WRITE)
            items = {"products": {"productVariantsToAdd": [found.variant for found in ids.values()]}}
        return {
            "title": title_of(discount, action),
            "code": discount.code,
            "startsAt": to_second(self._now()),
            "endsAt": to_second(discount.valid_until),
            "usageLimit": 1,
            "context": {"all": "ALL"},
            "customerGets": {
                "value": {
                    "discountAmount": {"amount": str(discount.amount.decimal()), "appliesOnEachItem": False},
                },
                "items": items,
            },
            "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": str(discount.base.decimal())}},
        }

    def _receipt(
        self, call: str, reference: str, digest: str, context: WriteContext, *, replayed: bool = False
    ) -> Receipt:
        done = Done(call, digest, reference, replayed)
        return receipt(PLATFORM, done, undo=END_DISCOUNT, at=self._now(), context=context)


def title_of(discount: Discount, action: ActionId) -> str:
    """What the merchant reads in Shopify's list, and what tells our own earlier try from somebody else's code."""
    return f"Tillhand {discount.percent} off ({discount.amount} at most), {action}"[:255]


def _require_ours(node: Mapping[str, Any], discount: Discount, action: ActionId) -> None:
    found = node["codeDiscount"]
    ends = found.get("endsAt")
    same = found.get("title") == title_of(discount, action) and found.get("usageLimit") == 1
    if not same or ends is None or read_moment(ends) != discount.valid_until.replace(microsecond=0):
        raise Refused(
            "Another discount in Shopify already has this code; nothing was changed.",
            code="discount.code_taken",
            hint="Propose the offer again; it gets another code.",
        )
