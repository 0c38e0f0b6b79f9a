"""Where one Lightspeed retailer is, and as whom we come."""

from dataclasses import dataclass, field

from tools.connectors.http import Patience

WINDOW_S = 300  # https://x-series-api.lightspeedhq.com/docs/rate_limiting


@dataclass(frozen=True, slots=True)
class LightspeedSettings:
    """One retailer and the app connected to it.

    Attributes:
        base_url: `https://{prefix}.retail.lightspeed.app`, without a slash at the end.
        refresh_token: The one the retailer's consent gave; used once, when the token store is still empty.
        currency: The retailer's, ISO 4217: Lightspeed's amounts do not name theirs.
        registers: Sets the request allowance until Lightspeed's first answer tells its own.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    currency: str = "USD"
    api_version: str = "2026-07"
    registers: int = 1
    patience: Patience = field(default_factory=Patience)

    @property
    def allowance(self) -> int:
        """Requests in five minutes: 300 for each register, and 50."""
        return 300 * self.registers + 50
