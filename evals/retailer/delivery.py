"""One webhook request, signed as its platform signs it, that stays the same however often it is sent."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evals.retailer.addresses import Address
from evals.retailer.lightspeed import payloads as lightspeed_payloads
from evals.retailer.lightspeed import signing as lightspeed_signing
from evals.retailer.shopify import payloads as shopify_payloads
from evals.retailer.shopify import signing as shopify_signing
from evals.retailer.world import Change, Platform, World


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request to make.

    Attributes:
        genuine: False for forged and unsigned ones, which nobody makes again.
    """

    platform: Platform
    topic: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    genuine: bool = True

    def forged(self) -> "Delivery":
        """A changed body under the signature of the true one."""
        body = self.body.replace(b"0", b"9").replace(b"1", b"8") + b" "
        return Delivery(self.platform, self.topic, self.url, body, self.headers, genuine=False)

    def unsigned(self) -> "Delivery":
        """The true body without a signature."""
        headers = {name: value for name, value in self.headers.items() if name not in _SIGNATURES}
        return Delivery(self.platform, self.topic, self.url, self.body, headers, genuine=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs.

    Attributes:
        secrets: The app's client secret on each platform.
        shop_domain: As Shopify names the shop.
        domain_prefix: As Lightspeed names the retailer.
    """

    secrets: Mapping[Platform, str]
    shop_domain: str
    domain_prefix: str

    def rendered(self, change: Change, world: World) -> list[tuple[str, bytes]]:
        """The topics and bodies of a change, as the world is now."""
        if change.platform == "shopify":
            return shopify_payloads.webhook(change, world)
        return lightspeed_payloads.webhook(change, world, domain_prefix=self.domain_prefix)

    def sign(  # noqa: PLR0913, PLR0917 - a delivery has this many facts
        self, platform: Platform, topic: str, body: bytes, address: Address, event: uuid.UUID, at: datetime
    ) -> Delivery:
        """The delivery of one rendered topic to one address. The same facts give the same ids."""
        secret = self.secrets[platform]
        if platform == "lightspeed":
            return Delivery(platform, topic, address.url, body, lightspeed_signing.headers(body, secret))
        wanted = _only(body, address.fields)
        webhook_id = str(uuid.uuid5(event, f"{topic} {address.url}"))
        headers = shopify_signing.headers(topic, wanted, secret, self.shop_domain, webhook_id, str(event), at)
        return Delivery(platform, topic, address.url, wanted, headers)


_SIGNATURES = frozenset({"X-Shopify-Hmac-Sha256", "X-Signature"})


def _only(body: bytes, fields: tuple[str, ...]) -> bytes:
    if not fields:
        return body
    kept = {name: value for name, value in json.loads(body).items() if name in fields}
    return json.dumps(kept, separators=(",", ":")).encode()
