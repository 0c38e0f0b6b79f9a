"""The night's comparing inside the vault: links leave it, names do not; what changed is compared, and nothing twice."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from knowledge.identity.graph import Basis
from knowledge.identity.links import history, members, newest, said, settle, tell
from knowledge.offers.history import pasts
from knowledge.store.session import Database
from knowledge.vault.key_file import KeyFile
from knowledge.vault.linking import Compared, Linking
from knowledge.vault.person import Person
from knowledge.vault.vault import Record, Vault
from policies.vocabulary.ids import CustomerRef
from tests.unit.knowledge.identity.people import FAMILY, GIVEN, STREETS

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ONLINE, TILL, SPOUSE = (CustomerRef(f"c_{letter * 20}") for letter in "abd")
HOME = "12 Harvest Lane, Riverton, XX, 54321, US"


class _Night:
    """The linker's night, and then everything it is certain of put in force, as the guard does that allows it."""

    def __init__(self, town: "Town") -> None:
        self._town = town

    async def run(self) -> Compared:
        town = self._town
        done = await Linking(town.database, town.vault, lambda: town.at).run()
        async with town.database.transaction() as connection:
            certain = [each for each in (await newest(connection)).values() if each.says == "certain"]
            await tell(connection, [replace(each, says="link", place=0) for each in certain])
            together = await settle(connection)
        return replace(done, people=len(together))


class Town:
    """A vault with a town in it, and its clock."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.vault = Vault(database, KeyFile(folder / "vault.keys"))
        self.at = NOW
        self.linking = _Night(self)

    async def tell(self, ref: CustomerRef, *told: tuple[str, str]) -> None:
        """Something was told of a customer."""
        async with self.database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO customer (ref, observed_at) VALUES (:ref, :at) ON CONFLICT DO NOTHING"),
                {"ref": ref, "at": self.at},
            )
            await self.vault.write(connection, [Record(ref, os.urandom(32), Person.of(told))], self.at)

    async def strangers(self, count: int = 60) -> None:
        """People nobody is to be mistaken for."""
        async with self.database.transaction() as connection:
            await self.vault.write(connection, [self._stranger(number) for number in range(count)], self.at)

    def _stranger(self, number: int) -> Record:
        given, family, street = GIVEN[number % 12], FAMILY[number % 10], STREETS[number % 7]
        home = f"{3 * number + 1} {street} street, Town {number}, XX, {20_000 + 37 * number}, US"
        person = Person.of([("name", f"{given} {family}{number}"), ("address", home)])
        return Record(CustomerRef(f"c_{number:020x}"), os.urandom(32), person)

    async def one(self, ref: CustomerRef) -> list[CustomerRef]:
        """Who is one person with a customer."""
        async with self.database.reading() as connection:
            return await members(connection, ref)


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Town:
    made = Town(database, tmp_path)
    await made.strangers()
    await made.tell(ONLINE, ("name", "Marigold Featherstone"), ("address", HOME), ("email", "mf@example.com"))
    await made.tell(TILL, ("name", "Marigold Featherstone"), ("address", HOME.lower()), ("phone", "+12125550123"))
    await made.tell(SPOUSE, ("name", "Rosalind Featherstone"), ("address", HOME))
    made.at += timedelta(hours=2)
    return made


async def test_the_records_of_both_channels_become_one_person_and_the_spouse_does_not(town: Town):
    done = await town.linking.run()
    assert (done.customers, done.linked, done.people) == (63, 1, 2)
    assert await town.one(TILL) == [ONLINE, TILL]
    assert await town.one(SPOUSE) == [SPOUSE]


async def test_only_references_and_names_of_fields_leave_the_vault(town: Town):
    await town.linking.run()
    async with town.database.reading() as connection:
        rows = [str(dict(row)) for row in (await connection.execute(text("SELECT * FROM customer_link"))).mappings()]
    assert rows
    assert not any(raw in row.casefold() for row in rows for raw in ("marigold", "featherstone", "harvest", "54321"))


async def test_a_night_without_news_compares_nobody(town: Town):
    await town.linking.run()
    town.at += timedelta(days=1)
    assert (await town.linking.run()).customers == 0
    await town.tell(SPOUSE, ("name", "Rosalind Featherstone"), ("address", HOME))
    town.at += timedelta(days=1)
    assert (await town.linking.run()).customers == 1


async def test_a_link_goes_when_its_evidence_does_and_the_history_stays(town: Town):
    await town.linking.run()
    town.at += timedelta(days=1)
    await town.tell(TILL, ("name", "Ottoline Quartermain"), ("address", "9 Elsewhere Road, Farton, XX, 11223, US"))
    town.at += timedelta(days=1)
    assert (await town.linking.run()).parted == 1
    assert await town.one(TILL) == [TILL]
    async with town.database.reading() as connection:
        assert [each.says for each in await history(connection, TILL)] == ["certain", "link", "apart"]


async def test_a_pair_a_person_took_apart_stays_so_every_night(town: Town):
    await town.linking.run()
    async with town.database.transaction() as connection:
        await tell(connection, [said(ONLINE, TILL, "apart", Basis.PERSON, by="manager:m", at=NOW)])
        await settle(connection)
    town.at += timedelta(days=1)
    await town.tell(TILL, ("name", "Marigold Featherstone"), ("address", HOME))
    town.at += timedelta(days=1)
    assert (await town.linking.run()).linked == 0
    assert await town.one(TILL) == [TILL]


async def test_a_namesake_of_the_household_is_put_before_a_person(town: Town):
    await town.tell(SPOUSE, ("name", "Marigolda Featherstone"), ("address", HOME))
    done = await town.linking.run()
    assert done.asked
    async with town.database.reading() as connection:
        assert (await newest(connection))[ONLINE, SPOUSE].says == "ask"
    assert await town.one(SPOUSE) == [SPOUSE]


async def test_orders_of_both_channels_are_one_past(town: Town):
    async with town.database.transaction() as connection:
        for number, (ref, sku, channel) in enumerate(((ONLINE, "MUG", "online"), (TILL, "TEE", "pos"))):
            await connection.execute(
                text(
                    "INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, total,"
                    " currency) VALUES (:id, :channel, 'S', :ref, :at, :at, 1, 'USD')"
                ),
                {"id": f"o{number}", "channel": channel, "ref": ref, "at": NOW - timedelta(days=1 + number)},
            )
            await connection.execute(
                text("INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price) VALUES (:id, :sku, 1, 1)"),
                {"id": f"o{number}", "sku": sku},
            )
    before = await pasts(town.database.quick, [TILL], now=NOW)
    assert before[TILL].bought == ("TEE",)
    await town.linking.run()
    after = await pasts(town.database.quick, [TILL, ONLINE], now=NOW)
    assert after[TILL].bought == after[ONLINE].bought == ("MUG", "TEE")


async def test_a_day_of_birth_tells_a_parent_from_a_child_of_the_same_name_and_joins_whom_it_is_of(town: Town):
    home = "7 Quarry Road, Riverton, XX, 54321, US"
    senior, junior, again = (CustomerRef(f"c_{letter * 20}") for letter in "efg")
    for ref, birth in ((senior, "19500412"), (junior, "19820907"), (again, "19820907")):
        await town.tell(ref, ("name", "Ambrose Thistlewood"), ("address", home), ("birth", birth))
    town.at += timedelta(hours=2)
    await town.linking.run()
    assert await town.one(junior) == [junior, again]
    assert await town.one(senior) == [senior]
