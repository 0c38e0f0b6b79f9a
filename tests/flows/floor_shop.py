"""A shop with somebody in it: a customer who looked at a thing online, and comes in; an associate opens the pages."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import insert

from knowledge.store.tables import interest
from policies.vocabulary.actor import Role
from tests.flows.filled_store import CUSTOMER, jeans
from tests.flows.open_house import OpenHouse, open_house
from tests.unit.server.console.test_pages import sign_in

STORE: Final = "STORE_123"
OTHER: Final = "STORE_NYC"
BO: Final = "associate:bo"
LOYALTY: Final = "CUST_456"
NOBODY: Final = "Nobody who agreed to be recognized came in"
DECISION: Final = re.compile(r'name="decision" value="([^"]+)"')
PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}  # a test machine under load is not a till


@dataclass(slots=True)
class FloorShop:
    """The house, a register's key, and the moment it is: moved forward, never waited for."""

    opened: OpenHouse
    register: str
    clock: "Clock"

    async def tell(self, body: dict[str, Any], store: str = STORE) -> None:
        """What a shop system tells, and what the workers make of it."""
        headers = {"authorization": f"Bearer {self.register}"}
        answer = await self.opened.client.post("/v1/events", json={"store_id": store, **body}, headers=headers)
        assert answer.status_code == 202, answer.text
        await self.opened.drain()

    async def come(
        self, *, by: str = "wifi", opted_in: bool = True, store: str = STORE, loyalty: str = LOYALTY
    ) -> None:
        """The customer comes into the shop."""
        body = {"event": "check_in", "customer": {"loyalty_id": loyalty}, "by": by, "opted_in": opted_in}
        await self.tell(body, store)

    async def look(self, path: str = "/console/floor") -> httpx.Response:
        """Open a page."""
        return await self.opened.client.get(path)


@dataclass(slots=True)
class Clock:
    """The house's clock: the real one, and what was skipped."""

    skipped: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.skipped


@asynccontextmanager
async def floor_shop(database_url: str, folder: Path, **settings: Any) -> AsyncGenerator[FloorShop]:
    """The shop; the customer looked at the jeans a minute ago, and left them in a cart."""
    clock = Clock()
    async with open_house(database_url, folder, now=clock, **{**PATIENT, **settings}) as opened:
        other = jeans(opened.retailer.world)
        at = datetime.now(UTC) - timedelta(minutes=1)
        async with opened.database.transaction() as connection:
            looks = [{"customer_ref": CUSTOMER, "sku": other, "kind": kind, "at": at} for kind in ("view", "cart")]
            await connection.execute(insert(interest), looks)
        yield FloorShop(opened, await opened.key(Role.REGISTER, STORE, OTHER), clock)


async def serve(shop: FloorShop, role: Role = Role.ASSOCIATE, *places: str, name: str = BO) -> None:
    """Sign in as somebody who serves there."""
    await sign_in(shop.opened, role, *(places or (STORE,)), name=name)


async def first(shop: FloorShop) -> httpx.Response:
    """The page of whoever came in last."""
    found = re.search(r'href="(/console/floor/arrivals/[^"]+)"', (await shop.look()).text)
    assert found
    return await shop.look(found[1])


async def outcomes(shop: FloorShop) -> list[str]:
    """What is known to have become of offers."""
    rows = await shop.opened.database.quick.rows("SELECT kind FROM outcome ORDER BY kind")
    return [row["kind"] for row in rows]
