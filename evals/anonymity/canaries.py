"""Canary retrieval: customers unlike all others shop, and somebody asks the released groups for just what they did."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import insert

from evals.anonymity.chain import Chain
from knowledge.anonymity.finder import CohortFinder
from knowledge.memory.embed import Embedder
from knowledge.store.tables import customer, purchase, purchase_line, variant

COUNT: Final = 20
_SAME: Final = 0.999  # cosine; two sentences nearer than this say the same
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"


@dataclass(frozen=True, slots=True)
class Canary:
    """One customer whose category and amount are their own."""

    ref: str
    place: str
    category: str
    total: int

    def rows(self) -> tuple[str, ...]:
        """What a store that kept rows would hold of them, in several wordings; asking for them asks for the canary."""
        amount = f"{self.total // 100}.{self.total % 100:02d}"
        return (
            self.category,
            amount,
            f"Customers: location {self.place}, category {self.category}, basket {amount} USD",
            f"the customer at {self.place} who bought {self.category} for {amount}",
        )


async def plant(chain: Chain) -> list[Canary]:
    """Add them to the store, with a purchase each."""
    shops = sorted(place.id for place in chain.places if place.kind == "shop")
    found = [
        Canary(
            f"c_canary{number}",
            shops[number % len(shops)],
            f"quillfeather falconry {_LETTERS[number]}",
            73_519 + 1_013 * number,
        )
        for number in range(COUNT)
    ]
    at = chain.at - timedelta(hours=1)
    async with chain.database.transaction() as connection:
        await connection.execute(insert(customer), [{"ref": one.ref, "observed_at": at} for one in found])
        await connection.execute(insert(variant), [_variant(one, chain) for one in found])
        await connection.execute(
            insert(purchase),
            [
                {
                    "id": f"shopify:order:{one.ref}",
                    "channel": "pos",
                    "location_id": one.place,
                    "customer_ref": one.ref,
                    "occurred_at": at,
                    "received_at": at,
                    "total": one.total,
                    "currency": chain.currency,
                }
                for one in found
            ],
        )
        await connection.execute(
            insert(purchase_line),
            [
                {"purchase_id": f"shopify:order:{one.ref}", "sku": one.ref, "quantity": 1, "unit_price": one.total}
                for one in found
            ],
        )
    return found


async def retrieved(canaries: list[Canary], finder: CohortFinder, embedder: Embedder, files: Path) -> int:
    """How many canaries can be got at: by text, by vector, or in the files' bytes."""
    released, _ = await finder.find("", None)
    vectors = await embedder.embed([one.sentence for one in released])
    stored = await asyncio.to_thread(_bytes, files)
    count = 0
    for canary in canaries:
        wordings = canary.rows()
        needles = (canary.category, wordings[1], str(canary.total))
        near = np.asarray(await embedder.embed(wordings)) @ vectors.T
        said = [one.sentence for words in wordings for one in (await finder.find(words, None))[0]]
        told = any(needle in sentence for needle in needles for sentence in said)
        kept = any(needle.encode() in stored for needle in needles)
        count += told or kept or bool((near >= _SAME).any())
    return count


def _bytes(files: Path) -> bytes:
    return b"".join(file.read_bytes().lower() for file in sorted(files.rglob("*")) if file.is_file())


def _variant(one: Canary, chain: Chain) -> dict[str, object]:
    return {
        "sku": one.ref,
        "title": one.category,
        "product": one.category,
        "category": one.category,
        "price": one.total,
        "currency": chain.currency,
        "observed_at": chain.at,
    }
