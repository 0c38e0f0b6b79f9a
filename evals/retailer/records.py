"""Edits to the books that move no goods: a customer's data, a product's data, a register's day."""

from evals.retailer.refusals import Unknown
from evals.retailer.world import Change, Person, Platform, Variant, World


def update_customer(world: World, person: Person) -> Person:
    """Keep a customer as given: new when the key is new. Every platform that knows the person hears of it."""
    topic = "customer.updated" if person.key in world.people else "customer.created"
    person.updated_at = world.now()
    if person.lightspeed_id:
        person.version = world.next_version()
    world.people[person.key] = person
    platforms: tuple[tuple[Platform, bool], ...] = (
        ("shopify", bool(person.shopify_id)),
        ("lightspeed", bool(person.lightspeed_id)),
    )
    for platform, known in platforms:
        if known:
            world.announce(Change(topic, person.updated_at, platform, person))
    return person


def update_variant(world: World, variant: Variant) -> Variant:
    """Keep a variant as given: its price, cost or words changed. Both platforms hear of it.

    Raises:
        Unknown: There is no such sku.
    """
    if variant.sku not in world.variants:
        raise Unknown(f"No variant has the sku {variant.sku}.")
    variant.updated_at = world.now()
    variant.version = world.next_version()
    world.variants[variant.sku] = variant
    platforms: tuple[Platform, ...] = ("shopify", "lightspeed")
    for platform in platforms:
        world.announce(Change("product.updated", variant.updated_at, platform, variant))
    return variant


def close_register(world: World, place: str) -> None:
    """The register of a shop is counted and closed for the day.

    Raises:
        Unknown: There is no such shop.
    """
    found = world.places.get(place)
    if found is None or found.kind != "shop":
        raise Unknown(f"No shop is called {place}.")
    world.announce(Change("register.closed", world.now(), found.platform, found))
