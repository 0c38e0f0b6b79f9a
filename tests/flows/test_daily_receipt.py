"""The receipt a retailer hands to its auditor: counted where things went, chained to the ledger, telling of leaks."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from agents.model import ModelDoor, ModelSettings
from evals.retailer.model import LocalModel
from evals.retailer.server import serve
from knowledge.leaks.needles import Raw
from knowledge.privacy.scrub import scrub
from knowledge.privacy.tally import TALLY
from policies.errors import NotFound
from policies.vocabulary.actor import Role
from server.counting import counts_of, write_down
from server.daily_receipt import DailyReceipts, Persons
from tests.flows.mcp_caller import Caller
from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio

EMAIL = "umbrifex.wyvern@thornmoor.example"


async def nobody(most: int) -> list[Raw]:  # noqa: ARG001  # as the vault would be asked
    return []


async def somebody(most: int) -> list[Raw]:  # noqa: ARG001  # the same
    return [Raw("customer-1", "email", EMAIL)]


def receipts(opened: OpenHouse, persons: Persons = nobody) -> DailyReceipts:
    house, home = opened.house, opened.house.settings.home
    return DailyReceipts(house.database, house.engine, persons, home, home / "pg", house.now)


async def test_every_byte_to_the_model_every_mask_and_every_answer_is_counted_where_it_went(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await write_down(opened.database, opened.house.now())
        today = opened.house.now().date()
        before = await counts_of(opened.database, today)
        model = LocalModel()
        async with serve(model=model.app) as running:
            door = ModelDoor(ModelSettings(running.model_url, "gemma4:e4b"))
            messages = [
                {"role": "system", "content": "Write one line."},
                {"role": "user", "content": json.dumps({"offers": [{"id": "offer-1", "percent": "10"}]})},
            ]
            schema = {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"]}
            assert await door.ask(messages, schema, deadline=asyncio.get_running_loop().time() + 20)
            await door.close()
        scrub("Call ada@example.com or bob@example.com")
        caller = Caller(opened.client, await opened.key(Role.PLANNER))
        await caller.call("search_products", {"text": "shirt"})
        await caller.call("find_customer", {"email": "ada@example.com"})

        await write_down(opened.database, opened.house.now())
        counts = await counts_of(opened.database, today)

        def more(sink: str, what: str) -> int:
            return counts[sink].get(what, 0) - before.get(sink, {}).get(what, 0)

        assert more("model", "requests") == 1
        assert more("model", "bytes") >= len(json.dumps(model.requests[0].body, separators=(",", ":"))) - 20
        assert more("model", "field offers.id") == more("model", "field offers.percent") == 1
        assert more("model", "field text of system") == 1
        assert more("masks", "EMAIL_ADDRESS") >= 2
        assert more("mcp", "planner tools/call results") == 1
        assert more("mcp", "planner tools/call errors") == 1
        assert more("mcp", "planner characters") > 10


async def test_a_receipt_is_made_once_names_the_one_before_and_is_on_the_ledger(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        office, today = receipts(opened), opened.house.now().date()

        first = await office.make(today - timedelta(days=2))
        second = await office.make(today - timedelta(days=1))

        assert await office.make_due() is None
        assert (await office.make(today - timedelta(days=1))).digest == second.digest
        assert second.facts["before"] == first.digest
        assert second.facts["versions"]["policy"] == opened.house.engine.digest
        assert len(second.facts["versions"]["scrubber"]) == 64
        assert await office.read(second.day) == (second, True)
        with pytest.raises(NotFound):
            await office.read(today - timedelta(days=9))


async def test_a_receipt_that_was_changed_afterwards_is_not_the_one_on_the_ledger(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        office, day = receipts(opened), opened.house.now().date() - timedelta(days=1)
        await office.make(day)
        async with opened.database.transaction() as connection:
            await connection.execute(text("UPDATE privacy_receipt SET receipt = replace(receipt, 'leaks', 'holes')"))

        assert (await office.read(day))[1] is False


async def test_a_receipt_tells_of_a_leak_and_where_without_repeating_it(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        office, day = receipts(opened, somebody), opened.house.now().date() - timedelta(days=2)
        clean = await office.make(day)
        async with opened.database.transaction() as connection:
            await connection.execute(text("INSERT INTO promise VALUES ('customer_day', :raw, 1)"), {"raw": EMAIL})
        (tmp_path / "debug.log").write_bytes(EMAIL.encode().hex().encode())

        leaky = await office.make(day + timedelta(days=1))

        assert clean.facts["scan"]["leaks"] == 0
        assert clean.facts["scan"]["bytes"] > 10_000
        assert leaky.facts["scan"]["leaks"] >= 2
        assert {"postgresql:promise.key: email as raw", "file:debug.log: email as hex"} <= set(
            leaky.facts["scan"]["where"]
        )
        assert EMAIL not in leaky.text


async def test_counts_outlive_a_database_that_does_not_answer(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await write_down(opened.database, opened.house.now())
        TALLY.add("masks", "TEST_KIND", 3)
        taken = TALLY.take()
        TALLY.give_back(taken)
        await write_down(opened.database, opened.house.now())
        assert (await counts_of(opened.database, opened.house.now().date()))["masks"]["TEST_KIND"] == 3
