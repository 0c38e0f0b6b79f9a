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


async def test_what_is_sent_home_at_full_price_is_on_record_with_a_link_and_without_a_code(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await empty_shelf(opened)
        async with opened.database.transaction() as connection:  # so little margin that any discount costs more
            await connection.execute(text("UPDATE variant SET unit_cost = price * 75 / 100"))
        told = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        await opened.house.background.close()

        offer = told["offer"]
        assert (told["status"], told["discount_code"]) == ("offered", None)
        assert (offer["form"], offer["percent_off"], offer["amount_off"]) == ("home", "0", "0.00")
        rows = await opened.database.quick.rows(
            "SELECT action.id, state, facts ->> 'code' AS code, shopify_variant AS variant, receipt ->> 'undo' AS undo"
            " FROM action JOIN variant ON variant.sku = facts -> 'skus' ->> 0 WHERE kind = 'discount'"
        )
        assert [(row["state"], row["undo"]) for row in rows] == [("executed", "")]
        variant, online = rows[0]["variant"].rpartition(":")[2], opened.house.settings.shopify_url.rstrip("/")
        asked = f"attributes%5Btillhand_offer%5D={rows[0]['code']}"
        assert offer["sent_home"]["link"] == f"{online}/cart/{variant}:1?{asked}"
        assert "off" not in told["personalized_message"].replace("offer", "")
        assert not [one for one in opened.retailer.world.discounts.values() if one.code == rows[0]["code"]]


async def test_a_register_is_given_nothing_of_online_stock_that_is_empty_too(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        await empty_shelf(opened)
        await empty_shelf(opened, "WAREHOUSE")
        told = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        assert told["status"] == "silent"
