"""What a person looks at once an hour: counts that disagree and goods sold that are not there, most money first."""

from collections.abc import Sequence
from typing import Final

from knowledge.store.connection import Connection
from tools.mirroring.oversells import Oversold, oversold
from tools.reconciling import Standing, standing

OVERSOLD: Final = "oversold"


async def exceptions(connection: Connection) -> Sequence[Standing]:
    """All that stand; of an oversell, `ours` is what is left by all that is known, and `money` the way out proposed."""
    found = [*await standing(connection), *(_oversold(each) for each in await oversold(connection))]
    return sorted(found, key=lambda each: (-each.money, each.sku, each.location))


def _oversold(each: Oversold) -> Standing:
    proposed = each.remedies[0]
    return Standing(
        each.sku,
        each.location,
        -each.units,
        0,
        OVERSOLD,
        int(proposed["cost"]),
        each.currency,
        each.found_at,
        f"{proposed['sentence']} tillhand sync settle {each.id} says which way was taken.",
        each.orders,
    )
