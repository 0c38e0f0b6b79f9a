"""What a shop's shelf lacks is offered to be sent home, with a code that is good in the online shop."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from policies.vocabulary.actor import Role
from tests.flows.open_house import SAMPLE, OpenHouse, open_house

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}


async def empty_shelf(opened: OpenHouse, place: str = "STORE_123") -> None:
    async with opened.database.transaction() as connection:
        await connection.execute(
            text("UPDATE inventory_level SET available = 0 WHERE location_id = :at"), {"at": place}
        )


async def test_the_register_is_told_what_is_sent_home_by_whom_and_by_when(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await empty_shelf(opened)
        key = await opened.key(Role.REGISTER, "STORE_123")
        told = (await opened.check_out(SAMPLE, key)).json()
        await opened.house.background.close()

        offer = told["offer"]
        assert told["status"] == "offered"
        online = opened.house.settings.shopify_url
        link = f"{online}/discount/{told['discount_code']}"
        assert (offer["form"], offer["sent_home"]) == ("home", {"by": "ONLINE", "within_days": 4, "link": link})
        assert "home within 4 days" in told["personalized_message"]
        found = [one for one in opened.retailer.world.discounts.values() if one.code == told["discount_code"]]
        assert [(one.platform, one.usage_limit, one.active) for one in found] == [("shopify", 1, True)]
        assert (await opened.check_out(SAMPLE, key)).json()["discount_code"] == told["discount_code"]

        made = await opened.database.quick.rows("SELECT id, state, location_id FROM action WHERE kind = 'discount'")
        assert [(row["state"], row["location_id"]) for row in made] == [("executed", "ONLINE")]


async def test_a_register_is_given_nothing_of_online_stock_that_is_empty_too(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await empty_shelf(opened)
        await empty_shelf(opened, "WAREHOUSE")
        told = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        assert told["status"] == "silent"
