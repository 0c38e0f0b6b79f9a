"""Where one Shopify shop is, and as whom we come."""

from dataclasses import dataclass, field

from tools.connectors.http import Patience


@dataclass(frozen=True, slots=True)
class ShopifySettings:
    """One shop and one custom app on it.

    Attributes:
        base_url: `https://{shop}.myshopify.com`, without a slash at the end.
        currency: The shop's, ISO 4217; for what Shopify tells without one.
        restore_rate: Cost points that come back per second until Shopify's first answer tells its own: 100 on Standard.
        bucket: Cost points a full budget holds until then.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    currency: str = "USD"
    api_version: str = "2026-07"
    restore_rate: float = 100.0
    bucket: float = 2_000.0
    patience: Patience = field(default_factory=Patience)
