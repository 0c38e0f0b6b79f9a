"""Products are found by meaning and by words, offline."""

from pathlib import Path

import pytest

from knowledge.memory.catalog import CatalogMemory
from knowledge.memory.embed import Embedder

pytestmark = pytest.mark.anyio

CATALOG = [
    ("TEE-1", "Organic cotton t-shirt, white, soft jersey"),
    ("JEAN-1", "Slim blue denim jeans, stretch"),
    ("BOOT-1", "Waterproof hiking boots, leather, Trailblazer"),
    ("MUG-1", "Stoneware coffee mug, grey"),
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


async def test_a_product_is_found_by_meaning_by_words_and_never_by_query_syntax(tmp_path: Path, embedder: Embedder):
    memory = CatalogMemory(tmp_path / "memory", embedder)
    assert await memory.search("anything", 3) == []
    assert await memory.remember(CATALOG) == len(CATALOG)
    assert (await memory.search("shoes for walking in the mountains", 3))[0].sku == "BOOT-1"
    assert (await memory.search("stoneware", 3))[0].sku == "MUG-1"
    assert (await memory.search('denim" OR text:* ) (', 3))[0].sku == "JEAN-1"
    assert await memory.search("jeans", 0) == []


async def test_only_what_changed_is_embedded_and_what_left_the_catalog_is_forgotten(tmp_path: Path, embedder: Embedder):
    memory = CatalogMemory(tmp_path / "memory", embedder)
    await memory.remember(CATALOG)
    assert await memory.remember([*CATALOG[:3]]) == 0
    assert "MUG-1" not in {hit.sku for hit in await memory.search("coffee mug", 4)}
    again = CatalogMemory(tmp_path / "memory", embedder)
    assert await again.remember([("TEE-1", "Linen shirt"), *CATALOG[1:3]]) == 1
