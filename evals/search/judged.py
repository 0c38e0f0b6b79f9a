"""Searches that people judged: products, queries and ratings, and the half that weights are chosen on."""

import asyncio
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from policies.errors import Misconfigured

FOLDER: Final = Path(__file__).parents[2].parent / "shared" / "data" / "catalogue_search"
_SEED: Final = "tillhand:"  # of the split; chosen once, before anything was measured
Ratings = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Query:
    """One query.

    Attributes:
        ratings: 0 to 3 by product id; a product without one was not judged.
        chosen_on: Whether it belongs to the half that weights are chosen on.
    """

    text: str
    ratings: Ratings
    chosen_on: bool

    @property
    def answerable(self) -> bool:
        """Whether any judged product is good for anything."""
        return any(self.ratings.values())


@dataclass(frozen=True, slots=True)
class Judged:
    """The whole set; products as the catalog's rows."""

    products: Sequence[Mapping[str, Any]]
    queries: Sequence[Query]


async def read_judged(folder: Path = FOLDER) -> Judged:
    """From the data set's two files.

    Raises:
        Misconfigured: They are not there.
    """
    if not (folder / "products.parquet").exists():
        raise Misconfigured(
            "The judged searches are not there.", code="evals.data", hint="They lie in ../shared/data/catalogue_search."
        )
    return await asyncio.to_thread(_read, folder)


def chosen_on(query: str) -> bool:
    """Which half a query is in: by hash, so that neither its rating nor its rank has a say."""
    return int(hashlib.sha256(f"{_SEED}{query}".encode()).hexdigest(), 16) % 2 == 0


def _read(folder: Path) -> Judged:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    products = [_product(row) for row in parquet.read_table(folder / "products.parquet").to_pylist()]
    ratings: dict[str, dict[str, int]] = {}
    for row in parquet.read_table(folder / "judgments.parquet").to_pylist():
        ratings.setdefault(row["query"], {})[row["product_id"]] = row["rating"]
    return Judged(products, [Query(text, ratings[text], chosen_on(text)) for text in sorted(ratings)])


def _product(row: Mapping[str, Any]) -> dict[str, Any]:
    """As a platform would tell it: attributes and the barcode are tags."""
    attributes = [part.strip() for part in (row["attributes"] or "").split(";") if part.strip()]
    return {
        "sku": row["product_id"],
        "title": row["title"] or row["name"] or row["product_id"],
        "product": row["name"] or "",
        "vendor": row["brand"] or "",
        "tags": [*attributes, *([row["ean"]] if row["ean"] else [])],
        "description": row["short_description"] or "",
        "price": int(row["price_cents"] or 0),
        "currency": "USD",
    }
