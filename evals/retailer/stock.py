"""Units of one sku at one place: every movement is counted once and announced once."""

from typing import Literal

from evals.retailer.refusals import OutOfStock, StaleQuantity, Unknown
from evals.retailer.world import Change, Level, World

WAREHOUSE = "WAREHOUSE"  # sells what the online shop sells


def stock_place(world: World, place: str, pickup_place: str = "") -> str:
    """The code of the place whose shelves an order empties: the pickup shop, or the warehouse for the online shop.

    Raises:
        Unknown: There is no such place.
    """
    code = pickup_place or place
    found = world.places.get(code)
    if found is None:
        raise Unknown(f"No place is called {code}.")
    return WAREHOUSE if found.kind == "online" else code


def activate(world: World, sku: str, place: str) -> Level:
    """The level of a sku at a place; an empty one is begun where the place did not carry it.

    Raises:
        Unknown: There is no such sku or place, or the place holds no goods.
    """
    found = world.levels.get((sku, place))
    if found is None:
        if sku not in world.variants or place not in world.places or world.places[place].kind == "online":
            raise Unknown(f"{place} cannot hold {sku}.")
        found = world.levels[(sku, place)] = Level(0)
        announce_level(world, sku, place)
    return found


def adjust(  # noqa: PLR0913, PLR0917 - a correction has this many facts
    world: World,
    sku: str,
    place: str,
    delta: int,
    expected: int | None,
    against: Literal["on_hand", "available"] = "on_hand",
) -> int:
    """Count `delta` units more, or fewer, and answer the new `on_hand`.

    Args:
        world: The retailer.
        sku: What.
        place: Where.
        delta: Units.
        expected: What the writer believes is counted now; None: whatever it is.
        against: Which quantity `expected` speaks of.

    Raises:
        StaleQuantity: It is not `expected`; nothing changed.
        Unknown: The place does not carry the sku.
    """
    found = world.levels.get((sku, place))
    if found is None:
        raise Unknown(f"{place} does not carry {sku}.")
    actual = found.on_hand if against == "on_hand" else found.available
    if expected is not None and expected != actual:
        raise StaleQuantity(actual)
    if delta:
        shift(world, sku, place, on_hand=delta)
    return found.on_hand


def require_available(world: World, units: dict[str, int], place: str) -> None:
    """Check before the first movement, so that an action happens whole or not at all.

    Raises:
        OutOfStock: Fewer are available there.
    """
    for sku, count in units.items():
        found = world.levels.get((sku, place))
        if found is None or found.available < count:
            raise OutOfStock(f"{place} has {found.available if found else 0} of {sku} available, not {count}.")


def shift(  # noqa: PLR0913 - one argument for each count of a level
    world: World, sku: str, place: str, *, on_hand: int = 0, committed: int = 0, reserved: int = 0, incoming: int = 0
) -> None:
    """Change the counts of one level by these units, and announce it."""
    level = world.levels.get((sku, place)) or activate(world, sku, place)
    level.on_hand += on_hand
    level.committed += committed
    level.reserved += reserved
    level.incoming += incoming
    announce_level(world, sku, place)


def announce_level(world: World, sku: str, place: str) -> None:
    """Stamp a level as changed now, and tell the listeners."""
    level = world.levels[(sku, place)]
    level.updated_at = world.now()
    platform = world.places[place].platform
    if platform == "lightspeed":
        level.version = world.next_version()
    world.announce(Change("inventory.updated", level.updated_at, platform, (sku, place)))
