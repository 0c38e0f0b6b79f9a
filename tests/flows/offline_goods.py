"""A shop in which everything sold, so that its tills have something to be handed for the time without a line."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import insert, text

from knowledge.store.tables import daily_sale
from tests.flows.open_house import OpenHouse

STORE: Final = "STORE_123"


async def sells(opened: OpenHouse) -> None:
    """Everything in the catalog was sold here yesterday."""
    async with opened.database.transaction() as connection:
        skus = (await connection.execute(text("SELECT sku FROM variant ORDER BY sku"))).scalars().all()
        day = datetime.now(UTC).date().isoformat()
        for sku in skus:
            row = {"sku": sku, "location_id": STORE, "day": day, "units": 3}
            await connection.execute(insert(daily_sale).values(row))
