"""A few customers who come into a shop when the day is counted, so that the shop floor has somebody on it."""

from typing import Any, Final

import httpx

from evals.retailer.world import World
from policies.errors import Unavailable

SHOP: Final = "STORE_123"
COME: Final = 6  # customers
LEAST: Final = 3_000  # cents: of less there is little to give off
STEP: Final = 40  # so that they look at different things
_BY: Final = ("app", "wifi")


async def come_in(client: httpx.AsyncClient, url: str, key: str, world: World) -> None:
    """Tell the product that a few of the shop's customers checked in and agreed to be recognized, and look around.

    Args:
        client: Asks.
        url: Of the product.
        key: A credential of the shop's register.
        world: Whose customers and goods.

    Raises:
        Unavailable: The product does not take it.
    """
    people = [one for one in world.people.values() if one.home_place == SHOP and one.loyalty_id]
    goods = [one.sku for one in world.variants.values() if one.cost and one.price > LEAST]
    headers = {"authorization": f"Bearer {key}"}
    for number, (one, sku) in enumerate(zip(people[:COME], goods[::STEP], strict=False)):
        about: dict[str, Any] = {"store_id": SHOP, "customer": {"loyalty_id": one.loyalty_id}}
        came = {"event": "check_in", "by": _BY[number % len(_BY)], "opted_in": True}
        for body in (came, {"event": "product.viewed", "skus": [sku]}):
            answer = await client.post(f"{url}/v1/events", json={**about, **body}, headers=headers)
            if not answer.is_success:
                raise Unavailable("The product does not take a check-in.", code="demo.no_check_in")
