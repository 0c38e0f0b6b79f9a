"""What Shopify's user errors mean for whoever asked; the errors' own texts may quote identifiers and stay here."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.errors import NotFound, Refused, TillhandError, Unavailable

_MEANING: dict[str, TillhandError] = {
    "CHANGE_FROM_QUANTITY_STALE": Refused(
        "The count has changed since it was looked at; nothing was changed.",
        code="stock.changed",
        hint="Look at the count again and propose a new adjustment.",
    ),
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": Refused(
        "This key was used for another change on Shopify; nothing was changed.", code="idempotency.key_reused"
    ),
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": Refused(
        "Shopify gave up an earlier try of this; a person should look whether it took effect, and propose it anew.",
        code="idempotency.earlier_try_failed",
    ),
    "IDEMPOTENCY_CONCURRENT_REQUEST": Unavailable(
        "Shopify is still carrying out an earlier try of this.", code="shopify.busy"
    ),
    "INVALID_LOCATION": NotFound("Shopify does not stock this variant at this location.", code="location.unstocked"),
    "LOCATION_NOT_FOUND": NotFound("Shopify does not know this location.", code="location.unknown"),
    "INVALID_INVENTORY_ITEM": NotFound("Shopify does not know this variant.", code="sku.unknown"),
    "ITEM_NOT_FOUND": NotFound("Shopify does not know this variant.", code="sku.unknown"),
    "SHIPMENT_EXISTS": Refused("The goods are already on their way.", code="transfer.moving"),
    "INVALID_TRANSFER_STATUS": Refused("The transfer has gone too far to be withdrawn.", code="transfer.moving"),
    "TRANSFER_NOT_FOUND": NotFound("Shopify has no such transfer.", code="transfer.unknown"),
}


def codes_of(payload: Mapping[str, Any]) -> list[str]:
    """The codes of a mutation's `userErrors`; "" for one without."""
    return [str(error.get("code") or "") for error in payload.get("userErrors") or ()]


def require_done(payload: Mapping[str, Any]) -> None:
    """Nothing, when a mutation did what it was asked.

    Raises:
        Refused: It did not, and will not.
        NotFound: It names something Shopify does not know.
        Unavailable: It may, later.
    """
    codes = codes_of(payload)
    if codes:
        raise meaning(codes)


def meaning(codes: Iterable[str]) -> TillhandError:
    """The error of the first code we know; for others, one that names them."""
    told = sorted(set(codes))
    for code in told:
        if known := _MEANING.get(code):
            return type(known)(known.message, code=known.code, hint=known.hint)
    named = ", ".join(code for code in told if code) or "no code"
    return Refused(f"Shopify refused the change ({named}); nothing was changed.", code="shopify.refused")
