"""One sale has one offer, at registers that cannot say which code lies on it: what was given counts as applied.

A register with our extension tells what was applied and declined, and `server.pos.earlier` answers it by that. A till
at `/v1/checkout` tells nothing, so of two codes it was given both may come off; it is given one. What takes nothing off
does not count.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from knowledge.events.families import CheckoutFacts
from knowledge.store.places import Place
from knowledge.store.quick import QuickReads
from policies.actions.discount import Discount
from policies.errors import Refused
from tools.proposal import TOLD_FROM

SCANNED: Final = "scan:"
"""How the keys of scanned offers begin."""

_GIVEN: Final = f"""
    SELECT facts, starts_with(idempotency_key, '{SCANNED}') AS scanned FROM action
    WHERE kind = 'discount' AND facts ->> 'transaction' = $1 AND {TOLD_FROM} = $2
      AND created_at >= CAST($3 AS timestamptz) AND state IN ('allowed', 'executing', 'executed')
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class GivenOffers:
    """The codes one sale of today was given and that hold; registers count their transactions anew each day.

    Attributes:
        scanned: Those that came from a scan.
    """

    codes: frozenset[str] = frozenset()
    scanned: frozenset[str] = frozenset()

    @classmethod
    async def read(cls, quick: QuickReads, checkout: CheckoutFacts, place: Place, now: datetime) -> "GivenOffers":
        """From the store, in one question by the transaction's number."""
        zone = ZoneInfo(place.timezone)
        began = datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
        rows = await quick.rows(_GIVEN, checkout.transaction, place.id, began.isoformat())
        codes: set[str] = set()
        scanned: set[str] = set()
        for row in rows:
            discount = Discount.model_validate(row["facts"])
            if discount.valid_until > now and not discount.at_full_price:
                codes.add(discount.code)
                scanned |= {discount.code} if row["scanned"] else set()
        return cls(frozenset(codes), frozenset(scanned))

    def admit(self, scan: Discount) -> None:
        """Let a scanned offer through, when it is the sale's first, or that one again.

        Raises:
            Refused: `scan.not_now`.
        """
        if self.codes - {scan.code}:
            raise not_now()


def not_now() -> Refused:
    """The answer to a scan with a sale that has its offer."""
    return Refused(
        "This sale has had its offer.",
        code="scan.not_now",
        hint="Scan this one with the next sale.",
        field="scanned",
    )
