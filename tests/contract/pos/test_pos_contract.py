"""The simulated register and the doors, over a loopback socket: a sale from the first scan to the receipt."""

from pathlib import Path

import httpx
import pytest

from evals.retailer.shopify.pos import PosRegister
from server.app import build_app
from tests.flows.filled_store import TEE
from tests.flows.pos_shop import ADA, DEVICE, PIN, STORE, USER, pos_shop
from tests.served import served

pytestmark = pytest.mark.anyio


async def test_a_sale_from_the_first_scan_over_a_managers_yes_to_the_order(database_url: str, tmp_path: Path):
    async with (
        pos_shop(database_url, tmp_path, strict=True) as shop,
        served(build_app(shop.opened.house)) as port,
        httpx.AsyncClient(trust_env=False, timeout=20) as client,
    ):
        world = shop.opened.retailer.world
        url = f"http://127.0.0.1:{port}"
        till = PosRegister(world, shop.opened.retailer.shopify, client, url, place=STORE, device=DEVICE, user=USER)
        assert (await till.insight(1))["known"] is False
        till.begin([(TEE, 1)])
        asked = await till.decide()
        assert asked["approvers"] == [ADA]
        given = await till.approve(asked["decision"], ADA, PIN)
        till.cart.lines.append((given["offer"]["goods"][0], 1))
        told = await till.decide()
        assert (told["decision"], told["offer"]["in_basket"]) == (asked["decision"], True)

        till.online = False  # from here on the register is alone
        for kind in ("shown", "applied", "redeemed"):
            till.note(kind, told["decision"])
        with pytest.raises(httpx.ConnectError):
            await till.decide()
        till.online = True
        assert [each["result"] for each in await till.flush()] == ["settled"] * 3
        (made,) = [one for one in world.discounts.values() if one.code.startswith("TH")]
        assert made.code == told["offer"]["code"]
