"""Registers with our extension on their screens, in two of the shops: set up as IT would, and used as associates do."""

from collections.abc import Mapping
from typing import Final

import httpx

from evals.demo.retailer import Retailer
from evals.retailer.shopify.pos import PosRegister
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import LocationId
from server.access import add_credential
from server.composition import House
from server.pos.known import put_person, put_register

SHOPS: Final = ("STORE_BOS", "STORE_CHI")
_BY: Final = "operator:demo"


async def open_screens(
    house: House, retailer: Retailer, client: httpx.AsyncClient, url: str
) -> Mapping[str, PosRegister]:
    """One register a shop, by the shop's code; its user is an associate there, whose key nobody needs."""
    at, screens = house.now(), dict[str, PosRegister]()
    async with house.database.transaction() as connection:
        for number, code in enumerate(SHOPS, start=1):
            associate = f"associate:{code.lower()}"
            await add_credential(connection, associate, Role.ASSOCIATE, [code], at=at)
            await put_register(connection, str(number), LocationId(code), by=_BY, at=at)
            await put_person(connection, str(number), associate, by=_BY, at=at)
            screens[code] = PosRegister(
                retailer.world, retailer.shop, client, url, place=code, device=number, user=number
            )
    return screens
