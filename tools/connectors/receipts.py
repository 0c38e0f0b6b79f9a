"""Receipts: what a platform answered to a write, in the form the ledger keeps."""

from dataclasses import dataclass
from datetime import datetime

from tools.platform import Receipt, WriteContext

END_DISCOUNT = "end_discount"
CANCEL_TRANSFER = "cancel_transfer"
CANCEL_REORDER = "cancel_reorder"
STOCK_ADJUSTMENT = "stock_adjustment"


@dataclass(frozen=True, slots=True)
class Done:
    """One call that was made, or found to have been made before.

    Attributes:
        call: Method and operation.
        digest: SHA-256 of the raw answer it is known from.
    """

    call: str
    digest: str
    reference: str
    replayed: bool = False


def receipt(platform: str, done: Done, *, undo: str, at: datetime, context: WriteContext) -> Receipt:
    """The receipt of a write; a dry run has nothing to undo."""
    return Receipt(
        platform=platform,
        reference=done.reference,
        at=at,
        replayed=done.replayed,
        undo="" if context.dry_run else undo,
        call=done.call,
        digest=done.digest,
        dry_run=context.dry_run,
    )
