"""Shopify's names of things and ours: global ids, and the short names events and tables use."""

from policies.errors import NotFound

PLATFORM = "shopify"
_SCHEME = "gid://shopify/"


def gid(kind: str, number: str | int) -> str:
    """A global id, such as `gid://shopify/Order/1001`; one that is whole already stays."""
    text = str(number)
    return text if text.startswith(_SCHEME) else f"{_SCHEME}{kind}/{text}"


def number_of(name: str) -> str:
    """What a global id ends in: the number REST and webhooks use."""
    return name.removeprefix(_SCHEME).partition("?")[0].rpartition("/")[2]


def order_resource(number: str | int) -> str:
    """An order, as events and tables name it."""
    return f"{PLATFORM}:order:{number}"


def item_name(number: str | int) -> str:
    """An inventory item, as `LevelFacts.item` and the variant table name it."""
    return f"{PLATFORM}:InventoryItem:{number}"


def variant_name(number: str | int) -> str:
    """A variant, as the variant table names it."""
    return f"{PLATFORM}:ProductVariant:{number}"


def own_number(resource: str, kind: str) -> str:
    """The number in a name of ours, such as `shopify:order:1001`, or in a global id.

    Raises:
        NotFound: It names something else.
    """
    number = resource.removeprefix(f"{PLATFORM}:{kind}:")
    number = number_of(number) if number.startswith(_SCHEME) else number
    if not number.isdecimal():
        raise NotFound(f"Shopify has no {kind} of this name.", code=f"{kind}.unknown")
    return number
