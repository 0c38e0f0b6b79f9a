"""A Shopify register with an app's extension on its screen: every change of the cart is told, under a session token.

It speaks `/pos/v1/` as the extension does, and knows nothing else of the product. While it has no line it keeps what
became of offers, and tells it afterwards.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
import jwt

from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import World

TOKEN_LIVES: Final = 60  # seconds, as Shopify's do
ORIGIN: Final = "https://cdn.shopify.com"  # what an extension's calls come from
_AT_ONCE: Final = 50  # outcomes in one telling

Answer = dict[str, Any]


@dataclass(slots=True)
class Cart:
    """What lies on the register.

    Attributes:
        basket: Drawn when the sale began.
        revision: Counts its states.
        customer: Shopify's number; 0 when nobody said who they are.
    """

    basket: str = field(default_factory=lambda: secrets.token_hex(8))
    revision: int = 0
    customer: int = 0
    lines: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])


class PosRegister:
    """One register.

    Args:
        world: The retailer.
        settings: Of the shop, whose secret signs session tokens.
        client: Sends what the extension sends.
        url: The app's server.
        place: The code of the shop it stands in.
        device: Its number.
        user: The number of who is signed in.
        now: The present, aware; by default the shop's.
    """

    def __init__(  # noqa: PLR0913  # where it stands, who uses it, and whom it asks
        self,
        world: World,
        settings: ShopifySettings,
        client: httpx.AsyncClient,
        url: str,
        *,
        place: str,
        device: int,
        user: int,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.device = device
        self.user = user
        self.cart = Cart()
        self.outbox: list[Answer] = []
        self.online = True
        self._world = world
        self._settings = settings
        self._client = client
        self._url = url
        self.place = place
        self._now = now or settings.now

    def token(self, **changed: Any) -> str:
        """A session token of now; `changed` replaces claims, `None` leaves one out, `secret` signs it otherwise."""
        at = int(self._now().timestamp())
        secret = changed.pop("secret", self._settings.client_secret)
        claims = {
            "iss": f"https://{self._settings.shop_domain}/admin",
            "dest": f"https://{self._settings.shop_domain}",
            "aud": self._settings.client_id,
            "sub": str(self.user),
            "exp": at + TOKEN_LIVES,
            "nbf": at,
            "iat": at,
            "jti": secrets.token_hex(8),
            "sid": secrets.token_hex(8),
            **changed,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, secret, algorithm="HS256")

    def begin(self, lines: Sequence[tuple[str, int]] = (), customer: int = 0) -> Cart:
        """The next sale, with what lies on the counter."""
        self.cart = Cart(customer=customer, lines=list(lines))
        return self.cart

    async def insight(self, customer: int) -> Answer:
        """What the associate is told of a customer."""
        return (await self.ask("insight", {"customer": str(customer)})).json()

    async def beforehand(self) -> list[Answer]:
        """Offers for the time without a line."""
        return (await self.ask("beforehand", {})).json()["offers"]

    async def decide(self, *, scanned: str = "") -> Answer:
        """The cart has changed: ask about its new state."""
        self.cart.revision += 1
        return (await self.ask("decision", self.state(scanned=scanned))).json()

    def state(self, **changed: Any) -> Answer:
        """The cart as the extension tells it."""
        subtotal = sum(self._world.variants[sku].price * units for sku, units in self.cart.lines)
        return {
            "basket": self.cart.basket,
            "revision": self.cart.revision,
            "customer": str(self.cart.customer) if self.cart.customer else "",
            "currency": "USD",
            "lines": [self.line(sku, units) for sku, units in self.cart.lines],
            "subtotal": _decimal(subtotal),
            **changed,
        }

    def where(self) -> Answer:
        """The register, and where it believes to be."""
        return {"device": str(self.device), "location": str(self._world.places[self.place].shopify_id)}

    def line(self, sku: str, units: int) -> Answer:
        """One line of the cart."""
        variant = self._world.variants[sku]
        return {
            "variant": str(variant.shopify_variant_id),
            "sku": sku,
            "quantity": units,
            "price": _decimal(variant.price),
        }

    async def approve(self, decision: str, approver: str, pin: str) -> Answer:
        """A manager types their PIN."""
        told = {"basket": self.cart.basket, "decision": decision, "approver": approver, "pin": pin}
        return (await self.ask("approve", told)).json()

    def note(self, kind: str, decision: str = "", **more: Any) -> Answer:
        """Keep what became of an offer until it is told."""
        told = {"id": secrets.token_hex(8), "kind": kind, "decision": decision, "at": self._now().isoformat(), **more}
        self.outbox.append(told)
        return told

    async def flush(self) -> list[Answer]:
        """Tell what is kept, while there is a line; what was answered is told no more."""
        results: list[Answer] = []
        while self.online and self.outbox:
            batch = self.outbox[:_AT_ONCE]
            answer = await self.ask("outcome", {"outcomes": batch})
            if not answer.is_success:
                break
            results += answer.json()["results"]
            self.outbox = self.outbox[len(batch) :]
        return results

    async def ask(self, door: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        """One request as the extension sends it; `headers` replaces any.

        Raises:
            httpx.ConnectError: The register has no line.
        """
        if not self.online:
            raise httpx.ConnectError("the register has no line")
        kind = {"content-type": "application/json"}
        sent = {"authorization": f"Bearer {self.token()}", "origin": ORIGIN, **kind, **headers}
        told = json.dumps({**self.where(), **body})  # as a script writes it: half a character is escaped
        return await self._client.post(f"{self._url}/pos/v1/{door}", content=told, headers=sent)


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
