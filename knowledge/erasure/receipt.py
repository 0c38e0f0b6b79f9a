"""What an erasure did, for whoever has to show it: counts by place, what stays and why, and nothing of the customer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from knowledge.erasure.request import Request, Step

STAYS: Final = (
    ("purchases", "Orders stay without their customer: the books and the taxes need them."),
    ("decisions", "Decisions stay in the ledger; what they called the customer can be opened by nobody any more."),
    ("tombstones", "Keyed hashes stay, under a key used for nothing else, so that a re-import is dropped."),
    ("backups", "Backups stay sealed, and are unreadable once the keys of their time are destroyed."),
)


def receipt_of(request: Request, steps: Sequence[Step], at: datetime) -> dict[str, Any]:
    """The receipt as JSON without floats.

    Args:
        request: What was asked.
        steps: What was done, in order.
        at: When it was done.
    """
    stays = [{"what": what, "why": why} for what, why in STAYS]
    if any(step.counts.get("old_records") for step in steps):
        why = (
            "Records from before the ledger called customers by commitments hold a random name, of nobody from now on."
        )
        stays.append({"what": "old records", "why": why})
    return {
        "request": request.id,
        "kind": request.kind,
        "source": request.source,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at.isoformat(),
        "done_at": at.isoformat(),
        "erased": [{"where": step.step, "counts": step.counts, "at": step.at.isoformat()} for step in steps],
        "stays": stays,
    }
