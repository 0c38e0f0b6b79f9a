"""Lightspeed's names of things, as events and tables use them."""

from uuid import UUID

PLATFORM = "lightspeed"


def order_resource(sale: str) -> str:
    """A sale."""
    return f"{PLATFORM}:order:{sale}"


def item_name(product: str) -> str:
    """A product, as `LevelFacts.item` and the variant table name it."""
    return f"{PLATFORM}:product:{product}"


def version_text(version: int) -> str:
    """A row version that compares as text."""
    return f"{version:020d}"


def own_id(resource: str, kind: str) -> str:
    """The uuid in a name such as `lightspeed:order:{uuid}`; "" when it names something else."""
    text = resource.removeprefix(f"{PLATFORM}:{kind}:")
    try:
        return str(UUID(text))
    except ValueError:
        return ""
