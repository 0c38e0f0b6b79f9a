"""A house with one register of Shopify's, its user an associate, and a manager with a PIN."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from evals.retailer.shopify.pos import PosRegister
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import LocationId
from server.pos import pin
from server.pos.known import put_person, put_pin, put_register
from tests.flows.filled_store import TEE
from tests.flows.open_house import OpenHouse, open_house

STORE: Final = "STORE_123"
DEVICE: Final = 4711
USER: Final = 9001
ADA: Final = "manager:ada"
PIN: Final = "482913"
BO: Final = "associate:bo"
PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}  # a test machine under load is not a till


@dataclass(frozen=True, slots=True)
class PosShop:
    """The house, and the register in it."""

    opened: OpenHouse
    till: PosRegister

    async def sell_tee(self, *more: tuple[str, int]) -> dict[str, Any]:
        """A sale begins with the tee; its answer."""
        self.till.begin([(TEE, 1), *more])
        return await self.till.decide()

    async def codes(self) -> list[str]:
        """The codes of ours that the platform knows, once every one that is under way was made."""
        await self.opened.house.background.close()
        return [one.code for one in self.opened.retailer.world.discounts.values() if one.code.startswith("TH")]

    async def everything(self) -> str:
        """All that the database holds, as one text."""
        async with self.opened.database.reading() as connection:
            tables = await connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            )
            parts: list[str] = []
            for table in tables.scalars().all():
                rows = await connection.execute(text(f'SELECT to_jsonb(t)::text FROM "{table}" AS t'))  # noqa: S608
                parts += rows.scalars().all()
        return "\n".join(parts)


@asynccontextmanager
async def pos_shop(
    database_url: str, folder: Path, *, strict: bool = False, **settings: Any
) -> AsyncGenerator[PosShop]:
    """The shop; `strict`: every discount waits for a manager."""
    if strict:
        limits = folder / "limits.toml"
        told = DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1")
        limits.write_text(told, encoding="utf-8")
        settings["TILLHAND_LIMITS"] = str(limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pin, "_COST", 2)  # what a guess costs is of no concern here
        async with _opened(database_url, folder, settings) as shop:
            yield shop


@asynccontextmanager
async def _opened(database_url: str, folder: Path, settings: dict[str, Any]) -> AsyncGenerator[PosShop]:
    async with open_house(database_url, folder, **{**PATIENT, **settings}) as opened:
        await opened.key(Role.ASSOCIATE, STORE, name=BO)
        await opened.key(Role.MANAGER, STORE, name=ADA)
        at = datetime.now(UTC)
        async with opened.database.transaction() as connection:
            await put_register(connection, str(DEVICE), LocationId(STORE), by="operator:it", at=at)
            await put_person(connection, str(USER), BO, by="operator:it", at=at)
            kept = pin.keep_pin(PIN, opened.house.secret.derive("pin"))
            await put_pin(connection, ADA, kept, by="operator:it", at=at)
        till = PosRegister(
            opened.retailer.world,
            opened.retailer.shopify,
            opened.client,
            "http://127.0.0.1:8787",
            place=STORE,
            device=DEVICE,
            user=USER,
        )
        yield PosShop(opened, till)
