"""Releasing groups: on a fixed schedule, switched at once, and gone from the files when an erasure leaves too few."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import insert, text

from knowledge.anonymity.finder import CohortFinder, audience_of
from knowledge.anonymity.office import CohortOffice
from knowledge.memory.cohorts import CohortMemory
from knowledge.memory.embed import Embedder
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from knowledge.store.tables import customer, purchase, purchase_line, variant
from policies.errors import Unavailable
from policies.vocabulary.ids import CustomerRef
from tests.unit.knowledge.anonymity.people import PLACES, RULES

pytestmark = pytest.mark.anyio

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Counting(Embedder):
    """A vector for every text, by its letters; or none at all."""

    def __init__(self) -> None:
        super().__init__()
        self.works = True

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.works:
            raise OSError("no model")
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        for row, words in enumerate(texts):
            for letter in words.lower():
                vectors[row, ord(letter) % 384] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(slots=True)
class Clock:
    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class House:
    database: Database
    folder: Path
    embedder: Counting = field(default_factory=Counting)
    clock: Clock = field(default_factory=Clock)

    @property
    def memory(self) -> CohortMemory:
        return CohortMemory(self.folder, self.embedder)

    @property
    def office(self) -> CohortOffice:
        return CohortOffice(self.database, PLACES, self.memory, RULES, now=self.clock)

    @property
    def finder(self) -> CohortFinder:
        return CohortFinder(self.database, self.memory)

    def tables(self) -> list[str]:
        return sorted(table.name for table in self.folder.iterdir())

    async def found(self, words: str = "") -> list[str]:
        return [one.sentence for one in (await self.finder.find(words, None))[0]]


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> House:
    """Two groups: 35 who buy jeans at STORE_1, and 35 who buy hats at STORE_3."""
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        goods = (("JEANS", "Jeans", "STORE_1"), ("HAT", "Hats", "STORE_3"))
        named = {"vendor": "", "description": "", "currency": "USD", "price": 8_000, "observed_at": MONDAY}
        await connection.execute(
            insert(variant),
            [{"sku": sku, "title": sku, "product": sku, "category": category} | named for sku, category, _ in goods],
        )
        bought: list[dict[str, Any]] = [
            {"ref": f"c_{sku.lower()}_{number}", "place": place, "sku": sku}
            for sku, _, place in goods
            for number in range(35)
        ]
        await connection.execute(insert(customer), [{"ref": one["ref"], "observed_at": MONDAY} for one in bought])
        at = MONDAY - timedelta(days=4)
        await connection.execute(
            insert(purchase),
            [
                {"id": one["ref"], "channel": "pos", "location_id": one["place"], "customer_ref": one["ref"]}
                | {"occurred_at": at, "received_at": at, "total": 8_000, "currency": "USD"}
                for one in bought
            ],
        )
        await connection.execute(
            insert(purchase_line),
            [{"purchase_id": one["ref"], "sku": one["sku"], "quantity": 1, "unit_price": 8_000} for one in bought],
        )
    return House(database, tmp_path / "cohorts")


def jeans(count: int) -> list[CustomerRef]:
    return [CustomerRef(f"c_jeans_{number}") for number in range(count)]


async def test_groups_are_found_by_words_and_told_of_a_member_without_naming_anybody(house: House):
    await house.office.make()

    (first, *_) = await house.found("who buys jeans at store_1")
    assert "category jeans" in first
    assert await audience_of(house.database.quick, CustomerRef("c_jeans_3")) == first
    assert await audience_of(house.database.quick, CustomerRef("c_nobody")) == ""


async def test_a_week_has_one_release_and_the_next_comes_on_its_monday(house: House):
    assert await house.office.make_due() is not None
    assert await house.office.make_due() is None
    house.clock.at = MONDAY + timedelta(days=6, hours=11)
    assert await house.office.make_due() is None
    house.clock.at = MONDAY + timedelta(days=6, hours=12)
    released = await house.office.make_due()
    assert released is not None
    assert (released.number, released.made) == (2, 0)


async def test_a_release_is_one_table_and_the_one_before_is_gone_with_its_files(house: House):
    await house.office.make()
    first = house.tables()
    await house.office.make()

    assert len(first) == len(house.tables()) == 1
    assert first != house.tables()


async def test_an_erasure_takes_a_customer_out_at_once_and_their_group_stands_while_it_has_enough(house: House):
    await house.office.make()

    left = await house.office.forget(jeans(1))

    assert (left.cohorts, left.withdrawn) == (1, 0)
    assert len(await house.found()) == 2
    async with house.database.reading() as connection:
        members = await connection.execute(text("SELECT count(*) FROM cohort_member WHERE ref = 'c_jeans_0'"))
        assert members.scalar_one() == 0


async def test_a_group_that_erasures_leave_with_nineteen_is_withdrawn_and_its_bytes_are_gone(house: House):
    await house.office.make()
    (sentence,) = [one for one in await house.found() if "jeans" in one]

    assert (await house.office.forget(jeans(15))).withdrawn == 0
    assert (await house.office.forget(jeans(16))).withdrawn == 1

    assert [one for one in await house.found() if "jeans" in one] == []
    stored = b"".join(file.read_bytes() for file in house.folder.rglob("*") if file.is_file())
    vector = (await house.embedder.embed([sentence]))[0].tobytes()
    assert sentence.encode() not in stored
    assert vector not in stored
    assert len(house.tables()) == 1
    assert (await house.office.forget(jeans(16))).withdrawn == 0


async def test_a_release_that_was_killed_before_its_switch_changes_nothing_and_leaves_nothing(house: House):
    await house.office.make()
    before = await house.found()
    await house.memory.write("cohorts_2_killed", {"x": "a sentence nobody released"})

    assert await house.found("a sentence nobody released") != ["a sentence nobody released"]
    await house.office.make()
    assert await house.found() == before
    assert len(house.tables()) == 1


async def test_without_the_embedding_model_what_stood_stands_and_is_found_by_its_words(house: House):
    await house.office.make()
    before = sorted(await house.found())
    house.embedder.works = False
    async with house.database.transaction() as connection:
        await connection.execute(text("UPDATE purchase SET total = 29000"))

    with pytest.raises(Unavailable):
        await house.office.make()

    assert sorted(await house.found()) == before
    assert "category hats" in (await house.found("hats"))[0]


async def test_where_somebody_may_not_look_no_group_is_shown(house: House):
    await house.office.make()

    shown, _ = await house.finder.find("", {"STORE_1"})
    assert {one.traits.place for one in shown} == {"STORE_1"}
