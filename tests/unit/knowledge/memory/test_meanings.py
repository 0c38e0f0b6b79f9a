"""What texts mean is kept without the texts, whole or not at all, and read again only when a text changes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.memory.embed import Embedder
from knowledge.memory.meanings import Meanings

pytestmark = pytest.mark.anyio

TEXTS = [
    ("TEE-1", "Organic cotton t-shirt, white, soft jersey"),
    ("JEAN-1", "Slim blue denim jeans, stretch"),
    ("BOOT-1", "Waterproof hiking boots, leather, Trailblazer"),
]


class Counting:
    """Vectors that tell how long a text is; fails on the word it is told to."""

    def __init__(self, breaks_on: str = "\0") -> None:
        self.read: list[str] = []
        self.breaks_on = breaks_on

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(self.breaks_on in text for text in texts):
            raise OSError("the model is gone")
        self.read += texts
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        vectors[:, 0] = [len(text) for text in texts]
        return vectors


def tear(folder: Path) -> int:
    """Cut every manifest short, as a full disk may; returns how many."""
    return sum(file.write_bytes(b"torn") > 0 for file in folder.rglob("*.manifest"))


def every_byte(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_a_question_is_nearest_to_what_it_means(tmp_path: Path):
    embedder = Embedder()
    meanings = Meanings(tmp_path, embedder, "product")
    assert await meanings.vectors(TEXTS) is None
    assert await meanings.remember(TEXTS) == len(TEXTS)
    vectors = await meanings.vectors(TEXTS)
    assert vectors is not None
    asked = (await embedder.embed(["shoes for walking in the mountains"]))[0]
    assert TEXTS[int(np.argmax(vectors @ asked))][0] == "BOOT-1"
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


async def test_only_what_changed_is_read_again_and_what_is_gone_is_forgotten(tmp_path: Path):
    counting = Counting()
    await Meanings(tmp_path, counting, "product").remember(TEXTS)
    again = Meanings(tmp_path, counting, "product")
    assert await again.remember([("TEE-1", "Linen shirt"), TEXTS[1]]) == 1
    assert counting.read[len(TEXTS) :] == ["Linen shirt"]
    assert await again.vectors(TEXTS) is None
    assert await again.vectors([TEXTS[1], ("TEE-1", "Linen shirt")]) is not None
    assert await again.remember([("TEE-1", "Linen shirt"), TEXTS[1]]) == 0


async def test_what_was_read_before_a_failure_is_not_read_again(tmp_path: Path):
    many = [(f"SKU-{number}", f"a text {number}") for number in range(300)]
    broken = Counting(breaks_on="a text 299")
    with pytest.raises(OSError, match="gone"):
        await Meanings(tmp_path, broken, "product").remember(many)
    whole = Counting()
    survivor = Meanings(tmp_path, whole, "product")
    assert await survivor.vectors(many) is None
    assert await survivor.remember(many) == 300 - len(broken.read) < 300
    assert await survivor.vectors(many) is not None


async def test_a_folder_that_cannot_be_read_is_begun_anew(tmp_path: Path):
    counting = Counting()
    await Meanings(tmp_path, counting, "product").remember(TEXTS)
    assert tear(tmp_path)
    after = Meanings(tmp_path, counting, "product")
    assert await after.remember(TEXTS) == len(TEXTS)


async def test_no_text_lies_in_the_folder(tmp_path: Path):
    await Meanings(tmp_path, Counting(), "product").remember([("TEE-1", "Zanzibarquilt text")])
    assert b"Zanzibarquilt" not in every_byte(tmp_path)


async def test_texts_are_prepared_before_they_are_read(tmp_path: Path):
    counting = Counting()

    def hidden(texts: Sequence[str]) -> list[str]:
        return ["<HIDDEN>" for _ in texts]

    await Meanings(tmp_path, counting, "product", hidden).remember(TEXTS)
    assert counting.read == ["<HIDDEN>"] * len(TEXTS)
