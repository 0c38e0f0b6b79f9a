"""A buffer that the operator changes holds from the next sweep on, whether or not anything is sold."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from knowledge.store.places import Places
from tests.flows.shared_shelf import TEE, WEB, shared_shelf

pytestmark = pytest.mark.anyio


async def test_a_changed_buffer_is_told_at_the_next_sweep_and_to_nobody_else_s_goods(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        mirroring = shelf.opened.house.mirroring
        async with shelf.opened.database.transaction() as connection:
            category = (
                await connection.execute(text("SELECT category FROM variant WHERE sku = :sku"), {"sku": TEE})
            ).scalar_one()
        while (await mirroring.sweep()).looked:
            await shelf.listen()
        for buffer, buffers, online in ((2, {}, 8), (2, {category: 3}, 7), (2, {"Other": 9}, 8), (0, {}, 10)):
            places = Places(
                [replace(p, buffer=buffer, buffers=buffers) if p.id == WEB else p for p in mirroring.places]
            )
            changed = replace(mirroring, places=places)
            assert (await changed.sweep()).looked > 0
            assert shelf.counts == (10, online)
            while (await changed.sweep()).looked:  # until what was written was told of: nothing goes on for ever
                await shelf.listen()
            assert shelf.counts == (10, online)
