"""The world by Lightspeed's ids and row versions, so that no answer reads everything.

Built when first asked, kept by listening.
"""

from collections import defaultdict
from functools import cached_property

from evals.retailer.lightspeed.customer_code import code_of
from evals.retailer.lightspeed.feed import Feed
from evals.retailer.world import Change, Level, Order, Person, Place, Transfer, Variant, World


class Index:
    """Look-ups over one world. Only what happens through `World.announce` moves them."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.listeners.append(self._hear)

    @cached_property
    def outlets(self) -> dict[str, Place]:
        """Lightspeed outlets by id."""
        return {place.outlet_id: place for place in self._world.places.values() if place.outlet_id}

    @cached_property
    def registers(self) -> dict[str, Place]:
        """The outlet of each register, by register id."""
        return {place.register_id: place for place in self._world.places.values() if place.register_id}

    @cached_property
    def products(self) -> dict[str, Variant]:
        """Variants by Lightspeed product id."""
        known = self._world.variants.values()
        return {variant.lightspeed_product_id: variant for variant in known if variant.lightspeed_product_id}

    @cached_property
    def product_feed(self) -> Feed[str]:
        """Skus by row version."""
        known = self.products.values()
        return Feed((variant.version or self._stamp(variant), variant.sku) for variant in known)

    @cached_property
    def people(self) -> "PersonIndex":
        """Lightspeed customers."""
        return PersonIndex([self._versioned(person) for person in self._world.people.values() if person.lightspeed_id])

    @cached_property
    def sales(self) -> "SaleIndex":
        """Lightspeed sales."""
        return SaleIndex([order for order in self._world.orders.values() if order.platform == "lightspeed"])

    @cached_property
    def transfer_feed(self) -> Feed[str]:
        """Consignments between outlets, ids by row version."""
        known = self._world.transfers.values()
        return Feed((one.version, one.id) for one in known if one.platform == "lightspeed")

    @cached_property
    def level_feed(self) -> Feed[tuple[str, str]]:
        """(sku, place code) of Lightspeed stock, by row version."""
        levels = self._world.levels
        held = {place.code for place in self.outlets.values()}
        return Feed((levels[key].version or self._stamp(levels[key]), key) for key in levels if key[1] in held)

    def _versioned(self, person: Person) -> Person:
        if not person.version:
            self._stamp(person)
        return person

    def _stamp(self, row: Person | Variant | Level) -> int:
        """Every row has a version; what came without one gets the next."""
        row.version = self._world.next_version()
        return row.version

    def _hear(self, change: Change) -> None:
        if change.platform != "lightspeed":
            return
        built = self.__dict__  # a look-up not built yet will read the change from the world
        subject = change.subject
        if isinstance(subject, Order) and "sales" in built:
            self.sales.put(subject)
        elif isinstance(subject, Person) and "people" in built:
            self.people.put(self._versioned(subject))
        elif isinstance(subject, Variant):
            if "products" in built:
                self.products[subject.lightspeed_product_id] = subject
            if "product_feed" in built:
                self.product_feed.put(subject.sku, subject.version)
        elif isinstance(subject, Transfer) and subject.origin and "transfer_feed" in built:
            self.transfer_feed.put(subject.id, subject.version)
        elif change.topic == "inventory.updated" and "level_feed" in built:
            key: tuple[str, str] = change.subject
            self.level_feed.put(key, self._world.levels[key].version)


class PersonIndex:
    """Lightspeed customers by id, by what identifies them, and by row version."""

    def __init__(self, known: list[Person]) -> None:
        self._names: dict[int, tuple[str, str, str]] = {}
        self.by_id: dict[str, Person] = {}
        self.by_email: defaultdict[str, dict[int, Person]] = defaultdict(dict)
        self.by_phone: defaultdict[str, dict[int, Person]] = defaultdict(dict)
        self.by_code: defaultdict[str, dict[int, Person]] = defaultdict(dict)
        self.feed: Feed[str] = Feed((person.version, person.lightspeed_id) for person in known)
        for person in known:
            self.put(person)

    def put(self, person: Person) -> None:
        """Add a customer, or take note of a change. Two customers may share an email, a phone or a code."""
        tables = (self.by_email, self.by_phone, self.by_code)
        for table, name in zip(tables, self._names.get(person.key, ("", "", "")), strict=True):
            if name:
                table[name].pop(person.key, None)
        names = (person.email.casefold(), person.phone, code_of(person).casefold())
        self._names[person.key] = names
        for table, name in zip(tables, names, strict=True):
            if name:
                table[name][person.key] = person
        self.by_id[person.lightspeed_id] = person
        self.feed.put(person.lightspeed_id, person.version)


class SaleIndex:
    """Lightspeed sales by id, by customer and by row version."""

    def __init__(self, known: list[Order]) -> None:
        self.by_id: dict[str, Order] = {}
        self.by_customer: defaultdict[int, dict[str, Order]] = defaultdict(dict)
        self.returns_of: defaultdict[str, dict[str, Order]] = defaultdict(dict)
        self.feed: Feed[str] = Feed((order.version, order.id) for order in known)
        for order in known:
            self.put(order)

    def put(self, order: Order) -> None:
        """Add a sale, or take note of a change."""
        self.by_id[order.id] = order
        if order.customer is not None:
            self.by_customer[order.customer][order.id] = order
        if order.return_of:
            self.returns_of[order.return_of][order.id] = order
        self.feed.put(order.id, order.version)
