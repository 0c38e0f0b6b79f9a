"""Products are found by words at once, and by meaning once the catalog is learned."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from knowledge.catalog.finder import CatalogFinder
from knowledge.memory.catalog import Hit
from knowledge.store.session import Database
from knowledge.store.tables import variant

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Meaning:
    """A memory that knows that walkers want boots."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    async def remember(self, texts: Sequence[tuple[str, str]]) -> int:
        self.texts = list(texts)
        return len(texts)

    async def search(self, text: str, limit: int) -> list[Hit]:
        return [Hit("GONE-1", 0.9), Hit("BOOT-1", 0.8), Hit("MUG-1", 0.2)][:limit] if self.texts else []


@pytest.fixture
async def shop(database: Database) -> Database:
    rows = [
        {"sku": sku, "title": title, "product": title, "price": 1000, "currency": "USD", "observed_at": NOW}
        for sku, title in (("BOOT-1", "Trailblazer hiking boots"), ("MUG-1", "Stoneware mug"))
    ]
    async with database.transaction() as connection:
        await connection.execute(insert(variant), rows)
    return database


async def test_before_the_catalog_is_learned_words_find_it(shop: Database):
    finder = CatalogFinder(shop, Meaning())
    assert [each.sku for each in await finder.find("hiking", None, 5)] == ["BOOT-1"]
    await finder.close()


async def test_once_it_is_learned_meaning_does_and_what_left_the_catalog_is_left_out(shop: Database):
    memory = Meaning()
    finder = CatalogFinder(shop, memory)
    await finder.learn()
    assert {sku for sku, _ in memory.texts} == {"BOOT-1", "MUG-1"}
    assert [each.sku for each in await finder.find("something for a walk", None, 5)] == ["BOOT-1", "MUG-1"]
    assert [each.sku for each in await finder.find("something for a walk", None, 2)] == ["BOOT-1"]


async def test_an_exact_sku_comes_first_once(shop: Database):
    finder = CatalogFinder(shop, Meaning())
    await finder.learn()
    assert [each.sku for each in await finder.find("mug-1", None, 5)] == ["MUG-1", "BOOT-1"]


async def test_without_a_memory_words_are_all_there_is(shop: Database):
    finder = CatalogFinder(shop)
    await finder.learn()
    assert [each.sku for each in await finder.find("stoneware", None, 5)] == ["MUG-1"]
    assert await finder.find("something for a walk", None, 5) == []
