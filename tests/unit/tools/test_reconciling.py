"""The hourly comparison with a platform: told at the second look, forgotten when it agrees, kept when it is away."""

from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import update

from knowledge.store.session import Database
from knowledge.store.tables import inventory_level
from policies.errors import Misconfigured, Unavailable
from policies.vocabulary.ids import LocationId, Sku
from tests.paper_platform import PaperPlatform
from tests.unit.agents.shop import NOW, PLACES, open_shop, stock
from tools.platform import Platform, PlatformLevel
from tools.reconciling import Reconciling, Standing, standing

pytestmark = pytest.mark.anyio


class Counting(PaperPlatform):
    """It counts what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = {"STORE_1": 7, "STORE_2": 4}

    async def levels(self, skus: Any, locations: Any) -> list[Any]:
        if self.down:
            raise Unavailable("no answer", code="shopify.unavailable")
        return [
            PlatformLevel(Sku(sku), "", LocationId(place), count, None, None, None, NOW)
            for sku in skus
            for place, count in self.counts.items()
            if place in locations
        ]


@pytest.fixture
async def platform(database: Database) -> Counting:
    """One shop agrees with its platform on tees, the other has two more."""
    await open_shop(database)
    async with database.transaction() as connection:
        await stock(connection, "TEE", "STORE_1", 9)
        await stock(connection, "TEE", "STORE_2", 4)
    return Counting()


async def looked(database: Database, platform: Counting, hours: int) -> tuple[int, list[Standing]]:
    at = NOW + timedelta(hours=hours)
    found = await Reconciling(database, {"shopify": cast("Platform", platform)}, PLACES, lambda: at).run()
    async with database.reading() as connection:
        return found, list(await standing(connection))


async def test_a_difference_is_told_at_the_second_look_with_its_money(database: Database, platform: Counting):
    assert await looked(database, platform, 0) == (0, [])
    found, (told,) = await looked(database, platform, 1)
    assert found == 1
    assert (told.location, told.ours, told.theirs, told.money, told.since) == ("STORE_1", 9, 7, 2 * 1200, NOW)
    assert (await looked(database, platform, 2))[0] == 0


async def test_counts_that_agree_again_are_forgotten(database: Database, platform: Counting):
    for hours in range(2):
        await looked(database, platform, hours)
    async with database.transaction() as connection:
        await connection.execute(
            update(inventory_level).where(inventory_level.c.location_id == "STORE_1").values(available=7)
        )
    assert await looked(database, platform, 2) == (0, [])


async def test_a_platform_that_does_not_answer_changes_nothing(database: Database, platform: Counting):
    for hours in range(2):
        await looked(database, platform, hours)
    platform.down = True
    found, still = await looked(database, platform, 2)
    assert (found, len(still)) == (0, 1)


async def test_a_platform_whose_token_is_revoked_does_not_keep_the_other_from_being_compared(
    database: Database, platform: Counting
):
    class Revoked(Counting):
        async def levels(self, skus: Any, locations: Any) -> list[Any]:
            raise Misconfigured("no token", code="lightspeed.credentials")

    async with database.transaction() as connection:
        await stock(connection, "TEE", "STORE_9", 3)
    platforms = {"lightspeed": cast("Platform", Revoked()), "shopify": cast("Platform", platform)}
    found = [await Reconciling(database, platforms, PLACES, lambda: NOW).run() for _ in range(2)]
    assert found == [0, 1]
