"""What the Shopify side keeps beyond the world: its look-ups, keys, tokens, shipments and subscriptions."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime

from evals.retailer.shopify.access import Tokens
from evals.retailer.shopify.bucket import Bucket
from evals.retailer.shopify.bulk_runs import BulkRuns
from evals.retailer.shopify.companions import Companions
from evals.retailer.shopify.idempotency import IdempotencyKeys
from evals.retailer.shopify.index import Index
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import World


@dataclass(frozen=True, slots=True)
class Shipment:
    """Goods that left on a transfer; the world moves a transfer whole, so there is one for each that left."""

    id: int
    transfer: str


@dataclass(slots=True)
class Subscription:
    """A webhook the app asked for."""

    id: int
    topic: str  # as GraphQL names it, such as ORDERS_CREATE
    uri: str
    filter: str | None
    include_fields: tuple[str, ...]
    metafield_namespaces: tuple[str, ...]
    created_at: datetime


class Shop:
    """One Shopify shop over a world, with the one app that is installed on it."""

    def __init__(self, world: World, settings: ShopifySettings) -> None:
        self.world = world
        self.settings = settings
        self.index = Index(world)
        self.companions = Companions(world)
        self.keys = IdempotencyKeys()
        self.tokens = Tokens(settings)
        self.bucket = Bucket(settings.bucket_size, settings.restore_rate, settings.monotonic)
        self.bulk = BulkRuns()
        self.shipments: dict[int, Shipment] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self._numbers = itertools.count(1)

    def warm(self) -> None:
        """Build the look-ups over the world as it is now; what changes afterwards is heard."""
        self.index.warm()
        self.companions.warm()

    def next_number(self) -> int:
        """A number for a thing that only the Shopify side keeps."""
        return next(self._numbers)

    def shipment_of(self, transfer: str) -> Shipment | None:
        """The shipment of a transfer, once it has left."""
        return next((one for one in self.shipments.values() if one.transfer == transfer), None)


@dataclass(slots=True)
class Call:
    """One GraphQL request while it is carried out: what every resolver may look at.

    Attributes:
        taken_keys: Idempotency keys that another request, not yet answered, holds.
        search_warnings: Search fields the list did not know, for `extensions.search`.
        whole: A bulk operation asks: lists that do not say how long are whole.
    """

    shop: Shop
    taken_keys: frozenset[str] = frozenset()
    search_warnings: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    whole: bool = False

    @property
    def world(self) -> World:
        """The retailer."""
        return self.shop.world

    @property
    def index(self) -> Index:
        """Look-ups by Shopify's ids."""
        return self.shop.index

    @property
    def currency(self) -> str:
        """The shop's currency, an ISO 4217 code."""
        return self.shop.world.currency
