"""A location a platform tells of and nobody listed is left out, stops nothing, and is told to whoever can list it."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evals.retailer import actions
from evals.retailer.world import World
from policies.vocabulary.actor import Actor, Door, Role
from server.commands.context import Keyboard
from server.commands.doctor import doctor
from tests.flows import open_house as house_of_tests
from tests.flows.open_house import open_house, write_locations

pytestmark = pytest.mark.anyio
IRA = Actor("operator:ira", Role.OPERATOR, None, Door.CLI)


def all_but(left_out: str) -> Any:
    """What writes `locations.toml`, without one location."""

    def write(world: World, folder: Path) -> Path:
        file = write_locations(world, folder)
        tables = file.read_text(encoding="utf-8").split("[[location]]\n")
        kept = [table for table in tables if table and f'id = "{left_out}"' not in table]
        file.write_text("".join(f"[[location]]\n{table}" for table in kept), encoding="utf-8")
        return file

    return write


async def test_what_a_poll_leaves_out_for_an_unlisted_location_is_told_with_what_to_do(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(house_of_tests, "write_locations", all_but("STORE_PDX"))
    async with open_house(database_url, tmp_path, filled=False, variants=30) as opened:
        world, house = opened.retailer.world, opened.house
        outlet = world.places["STORE_PDX"].outlet_id
        sku = next(sku for sku, place in world.levels if place == "STORE_SEA")
        actions.sell(
            world, place="STORE_SEA", customer_key=None, lines=[(sku, 1)], channel="pos", occurred_at=world.now()
        )
        await house.poller.poll("lightspeed", house.platforms["lightspeed"].changes)
        await opened.drain()
        assert await opened.count("SELECT count(*) FROM purchase WHERE location_id = 'STORE_SEA'") > 0
        said = io.StringIO()
        await doctor(Keyboard(house, IRA, Console(file=said, width=400)))
        [line] = [line for line in said.getvalue().splitlines() if outlet in line and "is left out" in line]
        assert f'platform_id = "{outlet}"' in line
        assert "tillhand import lightspeed" in line
