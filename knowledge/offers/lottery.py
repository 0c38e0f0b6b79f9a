"""Who is held out, and which arm an occasion gets: keyed hashes, so that a replay draws what was drawn.

Nobody chooses and nothing is remembered: the same customer is on the same side of a campaign for as long as it runs,
and the same occasion draws the same arm however often, in whichever process, it is asked about. Without the secret
neither can be foreseen.
"""

import hmac
from dataclasses import dataclass
from typing import Final

from policies.vocabulary.ids import CustomerRef

WHOLE: Final = 10_000  # basis points: a draw is one of these
FLOOR: Final = 500  # basis points an arm gets at least; less support than that and a log teaches nothing


@dataclass(frozen=True, slots=True)
class Lottery:
    """Draws.

    Attributes:
        secret: Of this purpose alone.
        holdout_bp: Basis points of customers who get no offer; 0: nobody is held out.
        floor_bp: Basis points every arm gets at least; 0: the best arm is always taken.
    """

    secret: bytes = b""
    holdout_bp: int = 0
    floor_bp: int = 0

    def holds_out(self, campaign: str, customer: CustomerRef | None) -> bool:
        """Whether this customer gets no offer under this campaign.

        A stranger cannot be held out, for nobody knows them again; their occasions are left to `number`.
        """
        return customer is not None and self._draw("hold-out", campaign, customer) < self.holdout_bp

    def number(self, occasion: str) -> int:
        """A number from 0 to 9999 for an occasion, as good as drawn from an urn."""
        return self._draw("arm", occasion)

    def _draw(self, *parts: str) -> int:
        digest = hmac.digest(self.secret, "\0".join(parts).encode(), "sha256")
        return int.from_bytes(digest[:8]) * WHOLE >> 64


NO_LOTTERY: Final = Lottery()
