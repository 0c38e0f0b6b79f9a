"""The next-item model as it is learned every night from the store, kept there, and read whole into memory."""

import asyncio
import io
from base64 import b64encode
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from knowledge.offers.calibration import HELD_OUT_DAYS, Curve, calibrate, calibrate_titles, chance_of_another
from knowledge.offers.co_purchase import MIN_EVIDENCE, MIN_TOGETHER
from knowledge.offers.cold import ColdShelf, nothing, shelve
from knowledge.offers.next_item import MOST_BASKET, NextItemModel, learn
from knowledge.offers.siblings import NO_SIBLINGS, Siblings, read_siblings
from knowledge.store.connection import Connection
from knowledge.store.session import Database

WINDOW_DAYS: Final = 365
_DAY: Final = 86_400.0
_ROOM: Final = 2_000  # rows read at a time
_MOST_LIFT: Final = 2**31 - 1  # basis points, as counted pairs keep it
_BASKETS = text(
    """
    SELECT extract(epoch FROM purchase.occurred_at) AS at, array_agg(line.sku) AS skus
    FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
    WHERE purchase.occurred_at >= :since AND purchase.occurred_at < :until AND NOT purchase.cancelled
      AND line.quantity > 0
    GROUP BY purchase.id HAVING count(*) <= :most
    """
)
_KEEP = text(
    """
    INSERT INTO next_item_model (id, trained_at, baskets, skus, parts)
    VALUES (1, :at, :baskets, CAST(:skus AS text[]), decode(:parts, 'base64'))
    ON CONFLICT (id) DO UPDATE SET trained_at = excluded.trained_at, baskets = excluded.baskets,
        skus = excluded.skus, parts = excluded.parts
    """
)
_TITLES = text("SELECT sku, title FROM variant")
_FORGET = text("DELETE FROM next_item_model")
_READ = text("SELECT trained_at, baskets, skus, parts FROM next_item_model WHERE id = 1")

Baskets = list[tuple[float, Sequence[str]]]
NEVER: Final = Curve(np.zeros(1), np.zeros(1))
"""Of scores nobody measured."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A variant a basket may lack.

    Attributes:
        chance: That the basket gets it, as often as such scores were right on days not learned from.
        because: The variant of the basket that speaks most for it,
        together: baskets that held both; 0 where too few bought it to tell, and its title is like that variant's,
        lift: and how much oftener than by chance, in basis points.
    """

    sku: str
    chance: float
    because: str
    together: int
    lift: int


@dataclass(frozen=True, slots=True)
class NextItems:
    """A model, what its scores mean, and what it does not know but by title.

    Attributes:
        titled: What scores of titles mean; they rank beside the model's and come to less.
        another: That a basket gets one given other size or color of what it holds.
    """

    model: NextItemModel
    curve: Curve
    rows: dict[str, int]
    cold: ColdShelf
    titled: Curve
    another: float = 0.0

    def lacking(self, holding: Sequence[str], most: int) -> list[Lacking]:
        """What a basket of these variants lacks, likeliest first.

        Each was bought with one of them beyond chance, or is called like one and was bought too seldom to tell.

        Args:
            holding: Variants; those the model does not know are passed over.
            most: How many at most.
        """
        model = self.model
        held = [self.rows[sku] for sku in dict.fromkeys(holding) if sku in self.rows]
        if not held:
            return []
        said = np.zeros((len(held), len(model.skus)), dtype=np.float32)  # what each of them says of every variant
        counted = np.zeros(said.shape, dtype=np.int32)
        places = model.others[held]
        np.put_along_axis(said, places, model.weights[held], axis=1)
        np.put_along_axis(counted, places, model.together[held], axis=1)
        scores = said.sum(axis=0)
        scores[held] = -np.inf
        best = np.argpartition(-scores, min(most, len(scores) - 1))[:most]
        best = best[scores[best] > 0]
        best = best[np.argsort(-scores[best], kind="stable")]
        together = counted[:, best]
        by_chance = np.outer(model.own[held], model.own[best]) / model.baskets
        speaks = np.where(_evident(together, by_chance), said[:, best], -np.inf)
        found: list[Lacking] = []
        ranked: list[int] = best.tolist()
        for column, row in enumerate(ranked):
            place = int(speaks[:, column].argmax())
            if np.isfinite(speaks[place, column]):
                count = int(together[place, column])
                lift = min(_MOST_LIFT, round(count / float(by_chance[place, column]) * 10_000))
                chance = self.curve.chance(float(scores[row]))
                found.append(Lacking(model.skus[row], chance, model.skus[held[place]], count, lift))
        least = found[-1].chance if len(found) >= most else 0.0
        found += self._by_title(held, {*holding}, most, least)
        return sorted(found, key=lambda one: -one.chance)[:most]

    def _by_title(self, held: Sequence[int], holding: Container[str], most: int, least: float) -> list[Lacking]:
        """What the model does not know and is called like something held; of a chance above `least`."""
        scores = self.cold.scores(held)
        near = np.flatnonzero(scores > 0)
        best: list[int] = near[np.argsort(-scores[near], kind="stable")][:most].tolist()
        found: list[Lacking] = []
        for place in best:
            chance = self.titled.chance(float(scores[place]))
            if chance <= least:
                break
            if self.cold.skus[place] not in holding:
                because = self.model.skus[self.cold.because(place, held)]
                found.append(Lacking(self.cold.skus[place], chance, because, 0, 0))
        return found


def _evident(together: NDArray[np.int32], by_chance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs were bought together more than chance explains, by the measure of `knowledge.offers.co_purchase`."""
    counted = np.maximum(together, 1).astype(np.float64)
    evidence = 2 * (counted * np.log(counted / by_chance) - (counted - by_chance))
    return (together >= MIN_TOGETHER) & (together > by_chance) & (evidence >= MIN_EVIDENCE)


async def learn_next_items(database: Database, *, until: datetime) -> int:
    """Learn from the year before `until`, and keep it; returns how many baskets it was learned from.

    With too few baskets to say what a score means nothing is kept, and offers rest on counted pairs.
    """
    window = {"since": until - timedelta(days=WINDOW_DAYS), "until": until, "most": MOST_BASKET}
    baskets: Baskets = []
    async with database.transaction() as connection:  # a cursor lives in one
        async for part in connection.partitions(_BASKETS, window, _ROOM):
            baskets.extend(((until.timestamp() - float(row.at)) / _DAY, row.skus) for row in part)
    async with database.reading() as connection:
        titles = {row.sku: row.title for row in await connection.execute(_TITLES)}
        siblings = await read_siblings(connection)
    found = await asyncio.to_thread(learn_lacking, baskets, titles, siblings)
    async with database.transaction() as connection:
        if found is None:
            await connection.execute(_FORGET)
            return 0
        parts = b64encode(_written(found)).decode()
        model = found.model
        values = {"at": until, "baskets": model.baskets, "skus": list(model.skus), "parts": parts}
        await connection.execute(_KEEP, values)
    return found.model.baskets


async def read_next_items(connection: Connection) -> tuple[datetime, NextItems] | None:
    """When it was learned, and what; `None` when nothing is kept."""
    row = (await connection.execute(_READ)).one_or_none()
    if row is None:
        return None
    return row.trained_at, await asyncio.to_thread(_read, row)


def learn_lacking(baskets: Baskets, titles: Mapping[str, str], siblings: Siblings = NO_SIBLINGS) -> NextItems | None:
    """The model of all baskets; what scores mean is found on the newest days, with a model of those before.

    Args:
        baskets: Age in days, and variants.
        titles: Of the catalog, by sku.
        siblings: Which variants are of one product.

    Returns:
        `None` with too few baskets to say what a score means.
    """
    before = learn([(age - HELD_OUT_DAYS, skus) for age, skus in baskets if age >= HELD_OUT_DAYS])
    lately = [skus for age, skus in baskets if age < HELD_OUT_DAYS]
    curve = None if before is None else calibrate(before, lately)
    model = None if curve is None else learn(baskets)
    if before is None or model is None or curve is None:
        return None
    titled = calibrate_titles(before, shelve(before.skus, titles), lately)
    # titles whose worth nobody measured name nothing
    shelf = shelve(model.skus, titles) if titled else nothing(len(model.skus))
    another = chance_of_another(siblings, lately)
    return NextItems(model, curve, _places(model), shelf, titled or NEVER, another)


def _written(found: NextItems) -> bytes:
    file, model, shelf = io.BytesIO(), found.model, found.cold
    np.savez(
        file,
        others=model.others,
        weights=model.weights,
        together=model.together,
        own=model.own,
        lately=model.lately,
        scores=found.curve.scores,
        chances=found.curve.chances,
        titled_scores=found.titled.scores,
        titled_chances=found.titled.chances,
        another=np.array(found.another),
        cold=np.array(shelf.skus, dtype=np.str_),
        kin=shelf.kin,
        alike=shelf.alike,
    )
    return file.getvalue()


def _read(row: Any) -> NextItems:
    with np.load(io.BytesIO(bytes(row.parts)), allow_pickle=False) as parts:
        model = NextItemModel(
            tuple(row.skus),
            parts["others"],
            parts["weights"],
            parts["together"],
            parts["own"],
            parts["lately"],
            int(row.baskets),
        )
        curve = Curve(parts["scores"], parts["chances"])
        known = len(model.skus)
        shelf, titled = nothing(known), NEVER  # as a model that was kept before titles had a curve of their own
        if "titled_scores" in parts:
            shelf = ColdShelf(tuple(map(str, parts["cold"].tolist())), parts["kin"], parts["alike"], known)
            titled = Curve(parts["titled_scores"], parts["titled_chances"])
        another = float(parts["another"]) if "another" in parts else 0.0
    return NextItems(model, curve, _places(model), shelf, titled, another)


def _places(model: NextItemModel) -> dict[str, int]:
    return {sku: place for place, sku in enumerate(model.skus)}
