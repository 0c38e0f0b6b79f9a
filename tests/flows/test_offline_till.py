"""A till that cannot ask gives away no more than was approved beforehand, and what it gave is settled once."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from policies.vocabulary.actor import Role
from server.offline.hand import sign
from tests.flows.offline_goods import STORE, sells
from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio

FREE = Decimal(50)  # `transaction_free`: more needs a manager


async def fetch(opened: OpenHouse, key: str, till: str = "T1", store: str = STORE) -> Any:
    headers = {"authorization": f"Bearer {key}"}
    body = {"store_id": store, "register_id": till}
    return await opened.client.post("/v1/offline", json=body, headers=headers)


async def test_a_till_is_handed_offers_within_what_needs_no_manager(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await sells(opened)
        told = (await fetch(opened, await opened.key(Role.REGISTER, STORE))).json()
        batch = told["batch"]
        assert batch["offers"]
        exposed = sum(Decimal(one["amount_off"]) for one in batch["offers"])
        assert 0 < exposed <= FREE
        assert told["signature"] == sign(batch, opened.house.secret.derive("offline"))
        assert await opened.count("SELECT count(*) FROM action WHERE state = 'waiting'") == 0
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'decision'") == len(batch["offers"])


async def test_asked_again_it_is_the_same_batch_and_another_till_has_its_own(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await sells(opened)
        key = await opened.key(Role.REGISTER, STORE)
        first, again, other = [(await fetch(opened, key, till)).json() for till in ("T1", "T1", "T2")]
        assert first == again
        codes = {one["discount_code"] for told in (first, other) for one in told["batch"]["offers"]}
        assert len(codes) == len(first["batch"]["offers"]) + len(other["batch"]["offers"])


async def test_a_batch_is_good_until_midnight_and_the_next_one_may_be_had_from_then_on(
    database_url: str, tmp_path: Path
):
    denver = ZoneInfo("America/Denver")  # where the shop is
    midnight = datetime.combine(datetime.now(denver).date() + timedelta(days=1), time(), denver).astimezone(UTC)
    clock = [midnight - timedelta(hours=14)]
    async with open_house(database_url, tmp_path, now=lambda: clock[0]) as opened:
        await sells(opened)
        key = await opened.key(Role.REGISTER, STORE)

        async def handed(at: datetime) -> list[dict[str, Any]]:
            clock[0] = at
            async with opened.database.transaction() as connection:  # goods are counted all day long
                await connection.execute(text("UPDATE inventory_level SET observed_at = :at"), {"at": at})
            batch: list[dict[str, Any]] = (await fetch(opened, key)).json()["batch"]["offers"]
            return batch

        first = await handed(clock[0])
        until = {datetime.fromisoformat(one["valid_until"]) for one in first}
        last, after = await handed(midnight - timedelta(seconds=1)), await handed(midnight)
        assert until == {midnight}
        assert last == first
        assert after
        assert {one["discount_code"] for one in after}.isdisjoint(one["discount_code"] for one in first)


async def test_what_a_till_used_is_settled_once_however_often_it_is_told(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await sells(opened)
        key = await opened.key(Role.REGISTER, STORE)
        offer = (await fetch(opened, key)).json()["batch"]["offers"][0]
        line = {"sku": offer["sku"], "price": "100.00", "quantity": 1, "discount": offer["amount_off"]}
        order = {
            "event": "order.created", "store_id": STORE, "order_id": "OFF-1", "lines": [line],
            "total_amount": str(100 - Decimal(offer["amount_off"])), "discount_codes": [offer["discount_code"]],
        }  # fmt: skip
        for name in ("n-1", "n-2"):  # after an offline spell a register sends everything, and then again
            headers = {"authorization": f"Bearer {key}"}
            answer = await opened.client.post("/v1/events", json={**order, "id": name}, headers=headers)
            assert answer.status_code == 202
            await opened.drain()
        assert await opened.count("SELECT count(*) FROM outcome WHERE kind = 'accepted'") == 1
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'accepted'") == 1


async def test_a_shop_that_sells_nothing_is_handed_nothing(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        told = (await fetch(opened, await opened.key(Role.REGISTER, STORE))).json()
        assert told["batch"]["offers"] == []


async def test_only_a_register_of_the_place_is_handed_a_batch(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        manager = await fetch(opened, await opened.key(Role.MANAGER, STORE))
        elsewhere = await fetch(opened, await opened.key(Role.REGISTER, STORE, name="register:here"), store="STORE_BOS")
        assert (manager.status_code, elsewhere.status_code) == (403, 403)
