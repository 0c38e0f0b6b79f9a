"""A decided offer as a register is told it, and as a receipt carries it for another day."""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from knowledge.store.quick import QuickReads
from policies.actions.discount import Discount
from server.pos.told import OfferTold
from tools.scannable.token import ScannableOffer, number_of

_VARIANT: Final = "shopify:ProductVariant:"
_GOODS: Final = """
    SELECT variant.sku, coalesce(variant.shopify_variant, '') AS variant,
           EXISTS (SELECT 1 FROM outcome
                   WHERE action_id = $2 AND kind IN ('applied', 'redeemed', 'accepted')) AS applied
    FROM variant WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) ORDER BY sku
"""

_NUMBERS: Final = """
    SELECT sku, coalesce(shopify_variant, '') AS variant FROM variant
    WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) ORDER BY sku
"""


async def offer_told(
    quick: QuickReads, decision: str, discount: Discount, words: str, in_basket: Collection[str]
) -> OfferTold:
    """The offer of a decision.

    Args:
        quick: Where the catalog is read.
        decision: Which.
        discount: What was decided.
        words: The line to say.
        in_basket: Skus that lie in the basket.
    """
    rows = await quick.rows(_GOODS, json.dumps(list(discount.skus)), decision)
    return _told(
        discount,
        words,
        tuple(row["variant"].removeprefix(_VARIANT) for row in rows if row["variant"]),
        in_basket=set(discount.skus) <= set(in_basket),
        applied=any(row["applied"] for row in rows),
    )


async def offers_told(quick: QuickReads, spoken: Sequence[tuple[Discount, str]]) -> list[OfferTold]:
    """Offers that stand on no basket, each on goods of one kind, with their words.

    What was done with them the register knows itself: nobody asks us while they are in use.
    """
    skus = sorted({discount.skus[0] for discount, _ in spoken})
    rows = await quick.rows(_NUMBERS, json.dumps(skus)) if skus else []
    numbers = {row["sku"]: row["variant"].removeprefix(_VARIANT) for row in rows}
    return [
        _told(discount, words, (numbers[discount.skus[0]],), in_basket=False, applied=False)
        for discount, words in spoken
        if numbers.get(discount.skus[0])
    ]


def _told(discount: Discount, words: str, variants: tuple[str, ...], *, in_basket: bool, applied: bool) -> OfferTold:
    return OfferTold(
        code="" if discount.at_full_price else discount.code,
        words=words,
        percent=str(discount.percent).removesuffix("%"),
        amount=str(discount.amount.decimal()),
        currency=discount.amount.currency,
        goods=tuple(discount.skus),
        variants=variants,
        in_basket=in_basket,
        applied=applied,
        form=discount.form,
        days=discount.within_days,
        valid_until=discount.valid_until,
    )


def receipt_text(decision: str, discount: Discount, days: int, secret: bytes) -> str:
    """The text of a QR code with the same offer for another day, for anybody; the same decision has the same one.

    It promises nothing by itself: whoever scans it asks the rules again. Its number is the decision's, so that a scan
    leads back to it.

    Args:
        decision: Whose offer.
        discount: As it was decided; a scan is of goods from the shelf, one kind of them, so other forms have no text.
        days: After the offer's own end.
        secret: Signs it.
    """
    if not discount.skus or discount.form != "single":
        return ""
    until = (discount.valid_until + timedelta(days=days)).replace(microsecond=0)
    return ScannableOffer(
        number_of(decision), discount.skus[0], discount.percent, until, discount.store, discount.campaign
    ).text(secret)
