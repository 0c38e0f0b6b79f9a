"""The chain: one warehouse, four shops and an online shop on Shopify, two shops and a back room on Lightspeed."""

from dataclasses import replace
from typing import Literal
from zoneinfo import ZoneInfo

from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.world import Level, Place, Platform, World

ONLINE = "ONLINE"
BACKROOM = "BACKROOM_WEST"
OPENS, CLOSES = 10, 20  # local hours, every day

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_PLACES = (
    Place("WAREHOUSE", "Warehouse Newark", "shopify", "warehouse", "NJ", EASTERN),
    Place("STORE_123", "Larimer Street Denver", "shopify", "shop", "CO", MOUNTAIN),
    Place("STORE_NYC", "Spring Street New York", "shopify", "shop", "NY", EASTERN),
    Place("STORE_BOS", "Newbury Street Boston", "shopify", "shop", "MA", EASTERN),
    Place("STORE_CHI", "Damen Avenue Chicago", "shopify", "shop", "IL", CENTRAL),
    Place(ONLINE, "Online Shop", "shopify", "online", "NJ", EASTERN),
    Place("STORE_SEA", "Pike Street Seattle", "lightspeed", "shop", "WA", PACIFIC),
    Place("STORE_PDX", "Hawthorne Portland", "lightspeed", "shop", "OR", PACIFIC),
    Place(BACKROOM, "Back Room Tukwila", "lightspeed", "warehouse", "WA", PACIFIC),
)


def build_places(seed: int) -> dict[str, Place]:
    """All places by code. The online shop has no Shopify location of its own: it sells from the warehouse."""
    return {place.code: _with_ids(seed, serial, place) for serial, place in enumerate(_PLACES, start=1)}


def shops(places: dict[str, Place], platform: Platform | Literal["both"] = "both") -> list[Place]:
    """The shops with a till, in the chain's order."""
    return [place for place in places.values() if place.kind == "shop" and platform in {place.platform, "both"}]


def zone(place: Place) -> ZoneInfo:
    """The time zone of the clock on a place's wall."""
    return ZoneInfo(place.timezone)


def _with_ids(seed: int, serial: int, place: Place) -> Place:
    if place.platform == "lightspeed":
        register = lightspeed_uuid(seed, "register", serial) if place.kind == "shop" else ""
        return replace(place, outlet_id=lightspeed_uuid(seed, "outlet", serial), register_id=register)
    return replace(place, shopify_id=0 if place.kind == "online" else shopify_number("location", serial))


def show_on_shopify(world: World, shelf: str, code: str, units: int) -> Place:
    """A Lightspeed shop's goods at a Shopify location of their own, counted there as `units` each; before it is served.

    Nothing in the world keeps the two counts alike: that is what the product is for.
    """
    kept = world.places[shelf]
    number = shopify_number("location", len(world.places) + 1)
    world.places[code] = replace(
        kept, code=code, name=f"{kept.name} online", platform="shopify", shopify_id=number, outlet_id="", register_id=""
    )
    for sku, place in list(world.levels):
        if place == shelf:
            world.levels[sku, code] = Level(units, updated_at=world.now())
    return world.places[code]
