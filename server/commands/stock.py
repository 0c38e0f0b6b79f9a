"""`tillhand stock SKU`: the same answer, from the same tool, as an assistant gets."""

from rich.table import Table

from server.commands.context import Keyboard
from tools.read.inventory import Stock


async def stock(at: Keyboard, sku: str, location: str) -> int:
    """One variant's counts across locations, with their age."""
    asked = {"sku": sku, **({"location_id": location} if location else {})}
    answer = await at.house.guard.invoke(at.actor, "check_inventory", asked, at.origin())
    assert isinstance(answer, Stock)  # noqa: S101  # this tool's answer
    table = Table("location", "available", "on hand", "committed", "incoming", "as of (UTC)", box=None)
    for level in answer.levels:
        counts = (level.available, level.on_hand, level.committed, level.incoming)
        table.add_row(
            level.location_id,
            *("-" if count is None else str(count) for count in counts),
            f"{level.as_of:%Y-%m-%d %H:%M:%S}",
        )
    at.out.print(table)
    return 0
