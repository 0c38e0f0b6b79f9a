"""Products are found by words at once and by meaning once it is learned; the index in use is always a whole one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import delete, insert, text, update

from knowledge.catalog.finder import CatalogFinder
from knowledge.store.session import Database
from knowledge.store.tables import inventory_level, variant
from policies.vocabulary.ids import LocationId

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HERE, THERE = LocationId("HERE"), LocationId("THERE")
GOODS = (
    ("BOOT-1", "Trailblazer hiking boots", "5055288404878"),
    ("BOOT-2", "Leather ankle boots", ""),
    ("MUG-1", "Stoneware mug", ""),
    ("PAD-1", "Mouse pad, black", ""),
    ("PAD-2", "Gaming mouse pad", ""),
    ("SET-1", "Headset, wireless", ""),
    ("SET-2", "Stereo headset", ""),
    ("OIL-1", "Olive oil 500 ml", ""),
)


class Meaning:
    """Vectors that know what walkers want; whole once it is told to be."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.may = asyncio.Event()
        self.begun = asyncio.Event()
        self.broken = False

    async def remember(self, texts: Sequence[tuple[str, str]]) -> int:
        if self.broken:
            raise OSError("no model")
        if self.texts:
            self.begun.set()
        await self.may.wait()
        self.texts = list(texts)
        return len(texts)

    async def vectors(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32] | None:
        return _vectors([words for _, words in texts]) if list(texts) == self.texts else None

    async def vector(self, text: str) -> NDArray[np.float32] | None:
        return None if self.broken else _vectors([text])[0]


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    about = np.full((len(texts), 384), 0.0, dtype=np.float32)
    for place, words in enumerate(texts):
        about[place, 0 if "hik" in words.lower() or "walk" in words.lower() else 1 + place] = 1.0
    return about


@pytest.fixture
async def shop(database: Database) -> Database:
    rows = [
        {
            "sku": sku,
            "title": title,
            "product": title,
            "tags": [code] if code else [],
            "price": 1000,
            "currency": "USD",
            "observed_at": NOW,
        }
        for sku, title, code in GOODS
    ]
    levels = [("BOOT-1", HERE, 0), ("BOOT-1", THERE, 3), ("BOOT-2", HERE, 1)]
    async with database.transaction() as connection:
        await connection.execute(insert(variant), rows)
        await connection.execute(
            insert(inventory_level),
            [
                {"sku": sku, "location_id": place, "available": count, "observed_at": NOW}
                for sku, place, count in levels
            ],
        )
    return database


async def found(finder: CatalogFinder, words: str, stocked: Sequence[LocationId] | None = None) -> list[str]:
    return [each.sku for each in (await finder.find(words, None, 5, stocked)).found]


async def test_before_meaning_is_learned_words_find(shop: Database):
    meaning = Meaning()
    finder = CatalogFinder(shop, meaning, meaning)
    assert await found(finder, "hiking") == ["BOOT-1"]
    await finder.close()


async def test_once_it_is_learned_meaning_finds_what_no_word_does(shop: Database):
    meaning = Meaning()
    meaning.may.set()
    finder = CatalogFinder(shop, meaning, meaning)
    await finder.learn()
    assert {sku for sku, _ in meaning.texts} == {sku for sku, _, _ in GOODS}
    assert (await found(finder, "boots for a walk"))[0] == "BOOT-1"
    await finder.close()


async def test_the_old_index_serves_until_the_new_one_is_whole(shop: Database):
    meaning = Meaning()
    meaning.may.set()
    finder = CatalogFinder(shop, meaning, meaning)
    await finder.learn()
    before = finder.index
    meaning.may.clear()
    async with shop.transaction() as connection:
        await connection.execute(update(variant).where(variant.c.sku == "MUG-1").values(title="Porcelain teapot"))
    learning = asyncio.create_task(finder.learn())
    async with asyncio.timeout(5):
        await meaning.begun.wait()
    assert await found(finder, "stoneware") == ["MUG-1"]
    assert finder.index is before
    meaning.may.set()
    await learning
    assert finder.index is not before
    assert await found(finder, "teapot") == ["MUG-1"]
    await finder.close()


async def test_without_the_model_new_products_are_still_found_by_words(shop: Database):
    meaning = Meaning()
    meaning.may.set()
    finder = CatalogFinder(shop, meaning, meaning)
    await finder.learn()
    meaning.broken = True
    async with shop.transaction() as connection:
        await connection.execute(update(variant).where(variant.c.sku == "MUG-1").values(title="Porcelain teapot"))
    with pytest.raises(OSError, match="no model"):
        await finder.learn()
    assert await found(finder, "teapot") == ["MUG-1"]
    await finder.close()


async def test_what_left_the_catalog_is_left_out(shop: Database):
    finder = CatalogFinder(shop)
    await finder.learn()
    async with shop.transaction() as connection:
        await connection.execute(delete(variant).where(variant.c.sku == "MUG-1"))
    assert await found(finder, "mug") == []
    await finder.close()


async def test_an_unchanged_catalog_is_not_learned_again(shop: Database):
    finder = CatalogFinder(shop)
    await finder.learn()
    before = finder.index
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE variant SET price = price + 1"))
    await finder.learn()
    assert finder.index is before
    await finder.close()


@pytest.mark.parametrize("code", ["boot-2", " BOOT-2 ", "5055288404878"])
async def test_an_exact_sku_or_barcode_comes_first_and_is_sure(shop: Database, code: str):
    finder = CatalogFinder(shop)
    await finder.learn()
    findings = await finder.find(code, None, 5)
    assert findings.found[0].sku == ("BOOT-1" if code.isdigit() else "BOOT-2")
    assert findings.sureness == 1.0
    await finder.close()


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("mousepads", {"PAD-1", "PAD-2"}),
        ("head set", {"SET-1", "SET-2"}),
        ("olive oil 0.5 liter", {"OIL-1"}),
        ("stonewear mug", {"MUG-1"}),
        ("boot", {"BOOT-1", "BOOT-2"}),
    ],
)
async def test_plurals_compounds_units_and_slips_are_read_as_the_catalog_says_them(
    shop: Database, asked: str, meant: set[str]
):
    finder = CatalogFinder(shop)
    await finder.learn()
    assert set(await found(finder, asked)) >= meant
    assert (await found(finder, asked))[0] in meant
    await finder.close()


async def test_a_corrected_word_is_told(shop: Database):
    finder = CatalogFinder(shop)
    await finder.learn()
    assert (await finder.find("stonewear mug", None, 5)).corrected == (("stonewear", "stoneware"),)
    await finder.close()


@pytest.mark.parametrize("words", ["zebra saddle", "!!!", "🧥", "'; DROP TABLE variant; --"])
async def test_when_nothing_fits_nothing_is_found(shop: Database, words: str):
    finder = CatalogFinder(shop)
    await finder.learn()
    findings = await finder.find(words, None, 5)
    assert (list(findings.found), findings.sureness < 0.5) == ([], True)
    await finder.close()


async def test_stock_keeps_what_can_be_sold_from_these_shelves(shop: Database):
    finder = CatalogFinder(shop)
    await finder.learn()
    assert await found(finder, "boots", [HERE]) == ["BOOT-2"]
    assert await found(finder, "boots", [THERE]) == ["BOOT-1"]
    assert set(await found(finder, "boots", [HERE, THERE])) == {"BOOT-1", "BOOT-2"}
    assert await found(finder, "boots", []) == []
    assert await found(finder, "BOOT-1", [HERE]) == ["BOOT-2"]
    await finder.close()
