"""The world by Shopify's ids and by time, so that no answer reads everything.

Built when first asked, kept by listening.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from evals.retailer.shopify.timeline import Timeline
from evals.retailer.world import Change, CodeDiscount, Order, Person, Place, Transfer, Variant, World


class Index:
    """Look-ups over one world. Only what happens through `World.announce` moves them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.variants = VariantIndex(world)
        world.listeners.append(self._hear)

    @cached_property
    def locations(self) -> dict[int, Place]:
        """Shopify locations by id."""
        return {place.shopify_id: place for place in self._world.places.values() if place.shopify_id}

    @cached_property
    def people(self) -> "PersonIndex":
        """Shopify customers."""
        return PersonIndex(self._world)

    @cached_property
    def orders(self) -> "OrderIndex":
        """Shopify orders."""
        return OrderIndex(self._world)

    @cached_property
    def discounts(self) -> dict[str, CodeDiscount]:
        """Shopify code discounts by id."""
        return {found.id: found for found in self._world.discounts.values() if found.platform == "shopify"}

    def transfers(self) -> Iterator[Transfer]:
        """Shopify transfers, oldest first."""
        return (transfer for transfer in self._world.transfers.values() if transfer.platform == "shopify")

    def transfer(self, id: str) -> Transfer | None:  # noqa: A002 - Shopify's word
        """The Shopify transfer with this id."""
        found = self._world.transfers.get(id)
        return found if found and found.platform == "shopify" else None

    def warm(self) -> None:
        """Build every look-up now, so that no first request waits for it."""
        catalog = self.variants
        _ = (self.locations, self.people, self.orders, self.discounts)
        _ = (catalog.by_id, catalog.by_item, catalog.by_product, catalog.words)

    def _hear(self, change: Change) -> None:
        built = self.__dict__  # a look-up not built yet will read the change from the world
        subject = change.subject
        if isinstance(subject, Order) and subject.platform == "shopify" and "orders" in built:
            self.orders.put(subject)
        elif isinstance(subject, Person) and subject.shopify_id and "people" in built:
            self.people.put(subject)
        elif isinstance(subject, CodeDiscount) and subject.platform == "shopify" and "discounts" in built:
            self.discounts[subject.id] = subject
        elif isinstance(subject, Variant):
            self.variants = VariantIndex(self._world)


class VariantIndex:
    """The catalog by each of Shopify's ids, and as the words that a search finds."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def by_sku(self) -> dict[str, Variant]:
        """By sku, in the order of variant ids."""
        return {one.sku: one for one in sorted(self._world.variants.values(), key=lambda one: one.shopify_variant_id)}

    @cached_property
    def words(self) -> dict[str, str]:
        """By sku: all that may be searched for."""
        return {
            one.sku: f"{one.title} {one.sku} {one.vendor} {one.category} {' '.join(one.tags)}".casefold()
            for one in self.by_sku.values()
        }

    @cached_property
    def by_id(self) -> dict[int, Variant]:
        """By variant id."""
        return {variant.shopify_variant_id: variant for variant in self.by_sku.values()}

    @cached_property
    def by_item(self) -> dict[int, Variant]:
        """By inventory item id."""
        return {variant.shopify_item_id: variant for variant in self.by_sku.values()}

    @cached_property
    def by_product(self) -> dict[int, list[Variant]]:
        """By product id: its variants."""
        found: defaultdict[int, list[Variant]] = defaultdict(list)
        for variant in self.by_sku.values():
            found[variant.shopify_product_id].append(variant)
        return dict(found)


class PersonIndex:
    """Shopify customers by id, by what identifies them, and by when they changed."""

    def __init__(self, world: World) -> None:
        known = [person for person in world.people.values() if person.shopify_id]
        self._world = world
        self._names: dict[int, tuple[str, str, str]] = {}
        self.by_id: dict[int, Person] = {}
        self.by_email: dict[str, Person] = {}
        self.by_phone: dict[str, Person] = {}
        self.by_loyalty: dict[str, Person] = {}
        self.words: dict[int, str] = {}  # by key: all that may be searched for
        self.by_updated = Timeline((person.updated_at, person.key) for person in known)
        for person in known:
            self.put(person)

    def put(self, person: Person) -> None:
        """Add a customer, or take note of a change."""
        email, phone, loyalty = self._names.get(person.key, ("", "", ""))
        for table, name in ((self.by_email, email), (self.by_phone, phone), (self.by_loyalty, loyalty)):
            if table.get(name) is person:
                del table[name]
        names = (person.email.casefold(), person.phone, person.loyalty_id.casefold())
        self._names[person.key] = names
        self.words[person.key] = f"{person.first_name} {person.last_name} {person.email} {person.phone}".casefold()
        for table, name in zip((self.by_email, self.by_phone, self.by_loyalty), names, strict=True):
            if name:
                table.setdefault(name, person)
        self.by_id[person.shopify_id] = person
        self.by_updated.put(person.key, person.updated_at)

    def get(self, key: int | None) -> Person | None:
        """The person with this key, when Shopify knows them."""
        person = self._world.people.get(key) if key is not None else None
        return person if person and person.shopify_id else None


class OrderIndex:
    """Shopify orders by id, by customer, and by when they happened and changed."""

    def __init__(self, world: World) -> None:
        known = [order for order in world.orders.values() if order.platform == "shopify"]
        self.by_key: dict[int, Order] = {}
        self.by_id: dict[str, Order] = {}
        self.by_customer: defaultdict[int, list[Order]] = defaultdict(list)
        self.by_processed = Timeline((order.occurred_at, order.key) for order in known)
        self.by_updated = Timeline((order.updated_at, order.key) for order in known)
        for order in known:
            self.put(order)

    def put(self, order: Order) -> None:
        """Add an order, or take note of a change."""
        if order.key not in self.by_key:
            self.by_key[order.key] = order
            self.by_id[order.id] = order
            if order.customer is not None:
                self.by_customer[order.customer].append(order)
        self.by_processed.put(order.key, order.occurred_at)
        self.by_updated.put(order.key, order.updated_at)
