"""`tillhand import shopify` and `lightspeed`: a whole past, once, beside live events, and nobody is woken."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.connecting import histories_of
from server.importing.bookmark import all_bookmarks
from server.importing.platforms import PlatformImport
from server.importing.progress import Report, Standing, Watch
from server.importing.taking import Taking
from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio


async def imported(opened: OpenHouse, name: str, kinds: tuple[str, ...] = (), **more: Any) -> dict[str, Report]:
    """What an import of everything a platform tells came to."""
    house = opened.house
    history = histories_of(house.platforms)[name]
    importing = PlatformImport(house.database, Taking(house.places, house.vault, house.now))
    watch: Watch = more.pop("watch", _nobody)
    run = importing.run(name, history, kinds or history.kinds, watch=watch, **more)
    return {report.kind: report async for report in run}


def _nobody(standing: Standing) -> None:
    """Watches nothing."""


async def counts(opened: OpenHouse, *tables: str) -> list[int]:
    async with opened.database.reading() as connection:
        asked = [text(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608  # names of ours
        return [(await connection.execute(one)).scalar_one() for one in asked]


@pytest.mark.parametrize("name", ["shopify", "lightspeed"])
async def test_a_platforms_past_is_in_the_store_once_and_wakes_nobody(database_url: str, tmp_path: Path, name: str):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        told = await imported(opened, name)
        world = opened.retailer.world
        places = {place.code for place in world.places.values() if place.platform == name}
        bought = [order for order in world.orders.values() if order.place in places and not order.return_of]
        assert [each.rejected for each in told.values()] == [0, 0, 0, 0]
        assert (await counts(opened, "variant", "purchase"))[0] == len(world.variants)
        async with opened.database.reading() as connection:
            found = (await connection.execute(text("SELECT count(*), sum(total) FROM purchase"))).one()
            states = (await connection.execute(text("SELECT DISTINCT state FROM event"))).scalars().all()
        assert found[0] == len(bought)
        assert states == ["handled"]
        assert await counts(opened, "action", "approval", "vault_arrival") == [0, 0, 0]
        before = await counts(opened, "event", "purchase", "purchase_line", "customer", "inventory_level")
        sold = text("SELECT sum(units), sum(returned) FROM daily_sale")
        async with opened.database.reading() as connection:
            days = tuple((await connection.execute(sold)).one())
        again = await imported(opened, name)
        assert sum(each.taken for each in again.values()) == 0
        assert await counts(opened, "event", "purchase", "purchase_line", "customer", "inventory_level") == before
        async with opened.database.reading() as connection:
            assert tuple((await connection.execute(sold)).one()) == days


async def test_what_polls_brought_before_changes_nothing(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        platform = opened.house.platforms["lightspeed"]
        await opened.house.poller.poll("lightspeed", platform.changes)
        for lane in await _lanes(opened):
            await opened.house.lanes.drain(lane)
        before = await counts(opened, "purchase", "purchase_line", "customer", "inventory_level")
        told = await imported(opened, "lightspeed")
        assert sum(each.taken for each in told.values()) == 0
        assert await counts(opened, "purchase", "purchase_line", "customer", "inventory_level") == before


async def _lanes(opened: OpenHouse) -> list[str]:
    async with opened.database.reading() as connection:
        return list((await connection.execute(text("SELECT DISTINCT lane FROM event"))).scalars())


async def test_an_import_that_is_cut_off_goes_on_where_it_was(database_url: str, tmp_path: Path):
    class CutOff(Exception):
        pass

    def cut(standing: Any) -> None:
        if standing.rows:
            raise CutOff

    async with open_house(database_url, tmp_path, filled=False) as opened:
        with pytest.raises(CutOff):
            await imported(opened, "shopify", ("orders",), watch=cut)
        async with opened.database.reading() as connection:
            (mark,) = await all_bookmarks(connection)
        assert (mark.whole, mark.rows > 0) == (False, True)
        told = await imported(opened, "shopify", ("orders",))
        assert told["orders"].gone_on_from == mark.rows
        orders = [order for order in opened.retailer.world.orders.values()
                  if opened.retailer.world.places[order.place].platform == "shopify"]  # fmt: skip
        assert (await counts(opened, "purchase")) == [len(orders)]


async def test_a_dry_run_says_what_would_come_and_an_unlisted_location_is_told(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        told = await imported(opened, "lightspeed", dry=True)
        assert told["orders"].taken > 0
        assert await counts(opened, "event", "history_import") == [0, 0]
        # the retailer opened a shop nobody listed
        opened.house.places._by_platform.clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        told = await imported(opened, "lightspeed", ("orders",))
        assert told["orders"].rejects.keys() == {"location.unknown"}
        assert all(each.line.startswith("version ") for each in told["orders"].first)
