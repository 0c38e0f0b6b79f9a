"""check_inventory: one variant's counts across locations."""

from datetime import datetime

from knowledge.inventory.position import Position, positions_of
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound
from policies.vocabulary.ids import LocationId
from tools.read.fields import OptionalIdentifier, SkuText
from tools.read.place import known, seen_by
from tools.tool import Answer, Arguments, Call, Tool


class CheckInventory(Arguments):
    """One variant, everywhere the caller may look or at one location."""

    sku: SkuText
    location_id: OptionalIdentifier = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


class Level(Answer):
    """Counts at one location; `null` where the platform keeps none.

    Attributes:
        oversold: Units that were sold there and are not there; `proposed` is the way out that waits for a person.
    """

    location_id: str
    available: int
    on_hand: int | None
    committed: int | None
    incoming: int | None
    as_of: datetime
    oversold: int = 0
    proposed: str = ""


class Stock(Answer):
    """Counts by location. `as_of` is the oldest of them: nothing here is older."""

    sku: str
    levels: tuple[Level, ...]
    as_of: datetime
    truncated: bool = False
    next_cursor: str = ""


def inventory_tool(database: Database, places: Places) -> Tool:
    """The tool over the unified store."""

    async def check(call: Call, asked: CheckInventory) -> Stock:
        if asked.location_id:
            known(places, asked.location_id)
        found = await positions_of(database.quick, asked.sku, seen_by(call.actor, asked.location_id))
        if not found:
            return await _uncounted(database, asked.sku)
        return stock(asked.sku, found)

    return Tool(
        name="check_inventory",
        toolset="shop",
        title="Check inventory",
        description="Counts of one sku per location: available to sell, on hand, committed, incoming, with their age.",
        effect=Effect.READ,
        arguments=CheckInventory,
        answer=Stock,
        run=check,
    )


def stock(sku: str, found: list[Position]) -> Stock:
    """Positions of one variant as every door answers them. At least one."""
    return Stock(
        sku=sku,
        levels=tuple(
            Level(
                location_id=each.location,
                available=each.available,
                on_hand=each.on_hand,
                committed=each.committed,
                incoming=each.incoming,
                as_of=each.as_of,
                oversold=each.oversold,
                proposed=each.proposed,
            )
            for each in found
        ),
        as_of=min(each.as_of for each in found),
    )


async def _uncounted(database: Database, sku: str) -> Stock:
    seen = await database.quick.rows("SELECT as_of FROM known_variant WHERE sku = $1", sku)
    if not seen:
        raise NotFound(
            "This sku is not in the catalog.",
            code="sku.unknown",
            hint="search_products finds skus by words.",
            field="sku",
        )
    return Stock(sku=sku, levels=(), as_of=datetime.fromisoformat(seen[0]["as_of"]))
