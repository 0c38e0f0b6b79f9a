"""Whoever else knows of a customer is asked about that one, believed where it can be true, and never waited for."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from pydantic import SecretStr

from knowledge.offers.companions import CompanionTable
from knowledge.profile.profile import Profile, profile_of
from knowledge.profile.standing import CrmFacts, Standing
from knowledge.store.session import Database
from knowledge.vault.key_file import KeyFile
from knowledge.vault.person import Person
from knowledge.vault.vault import Record, Vault
from policies.errors import Unavailable
from policies.vocabulary.ids import CustomerRef
from policies.vocabulary.money import Money
from tools.recognition.outside import outside_sources

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 10, tzinfo=UTC)
EARLIER = datetime(2026, 3, 1, tzinfo=UTC)
ONLINE, TILL = CustomerRef("c_online"), CustomerRef("c_till")
WITHIN = 0.3  # seconds, as an associate would be kept waiting


class Records:
    """A platform's customer records, and whatever is wrong with them.

    Attributes:
        asked: The numbers somebody asked about.
    """

    def __init__(self, told: Mapping[str, Standing | Exception | None], *, hangs: bool = False) -> None:
        self.told, self.hangs, self.asked = told, hangs, list[str]()

    async def standing(self, number: str) -> Standing | None:
        self.asked.append(number)
        if self.hangs:
            await asyncio.Event().wait()
        found = self.told.get(number)
        if isinstance(found, Exception):
            raise found
        return found


class Crm:
    """A CRM that says this of everybody."""

    def __init__(self, told: CrmFacts | None) -> None:
        self.told, self.asked = told, list[str]()

    async def facts(self, email: SecretStr) -> CrmFacts | None:
        self.asked.append(email.get_secret_value())
        return self.told

    async def close(self) -> None:
        """Nothing to let go of."""


def points(number: str, minor: int, *, at: datetime = NOW) -> Standing:
    return Standing("lightspeed", number, Money(minor, "USD"), (), "", "", at)


ONLINE_IS = Person.of(
    [("shopify", "1001"), ("name", "Ada Lovelace"), ("email", "ada@example.com"), ("phone", "+12125550142")]
)
TILL_IS = Person.of([("lightspeed", "n-1"), ("lightspeed", "n-2"), ("address", "12 Analytical Way, Denver")])


async def profile(database: Database, folder: Path, records: Any, crm: Any = None, **people: Person) -> Profile:
    vault = Vault(database, KeyFile(folder / "vault.keys"))
    told = people or {ONLINE: ONLINE_IS, TILL: TILL_IS}
    async with database.transaction() as connection:
        await vault.write(
            connection, [Record(CustomerRef(ref), bytes(32), person) for ref, person in told.items()], NOW
        )
    outside = outside_sources(database, vault, records, crm)
    return await profile_of(database, CompanionTable(), [ONLINE, TILL], now=NOW, within=WITHIN, outside=outside)


async def test_every_record_of_the_person_is_told_with_the_oldest_moment_it_rests_on(
    database: Database, tmp_path: Path
):
    lightspeed = Records({"n-1": points("n-1", 500), "n-2": points("n-2", 25, at=EARLIER)})
    shopify = Records({"1001": Standing("shopify", "1001", None, (Money(1_500, "USD"),), "high", "loyal", NOW)})
    found = await profile(database, tmp_path, {"lightspeed": lightspeed, "shopify": shopify})
    assert [(each.platform, each.loyalty, each.credit) for each in found.standings] == [
        ("lightspeed", Money(500, "USD"), ()),
        ("lightspeed", Money(25, "USD"), ()),
        ("shopify", None, (Money(1_500, "USD"),)),
    ]
    assert (found.as_of["loyalty_lightspeed"], found.missing) == (EARLIER, ())
    assert (sorted(lightspeed.asked), shopify.asked) == (["n-1", "n-2"], ["1001"])


async def test_a_hanging_platform_costs_its_own_part_and_no_more_than_the_deadline(database: Database, tmp_path: Path):
    hanging = Records({}, hangs=True)
    good = Records({"n-1": points("n-1", 500)})
    begun = monotonic()
    found = await profile(database, tmp_path, {"shopify": hanging, "lightspeed": good})
    assert found.missing == ("loyalty_shopify",)
    assert [each.customer for each in found.standings] == ["n-1"]
    assert monotonic() - begun < WITHIN + 3  # the machine may be busy; without a deadline it would never end


@pytest.mark.parametrize(
    "second", [Unavailable("It does not answer.", code="lightspeed.unavailable"), points("n-9", 99_999)]
)
async def test_half_a_persons_points_are_not_told_as_all_of_them(database: Database, tmp_path: Path, second: Any):
    records = Records({"n-1": points("n-1", 500), "n-2": second})
    found = await profile(database, tmp_path, {"lightspeed": records})
    assert (found.standings, found.missing) == ((), ("loyalty_lightspeed",))


async def test_a_person_with_too_many_records_is_not_asked_about_while_they_wait(database: Database, tmp_path: Path):
    many = Person.of([("lightspeed", f"n-{number}") for number in range(5)])
    records = Records({})
    found = await profile(database, tmp_path, {"lightspeed": records}, None, c_till=many)
    assert (found.missing, records.asked) == (("loyalty_lightspeed",), [])
    four = Person.of([("lightspeed", f"n-{number}") for number in range(4)])
    found = await profile(database, tmp_path, {"lightspeed": records}, None, c_till=four)
    assert (found.missing, len(records.asked)) == ((), 4)


async def test_who_is_on_no_platform_is_asked_about_nowhere_and_is_not_partial(database: Database, tmp_path: Path):
    records, crm = Records({}), Crm(CrmFacts())
    stranger = Person.of([("phone", "+12125550142")])
    found = await profile(database, tmp_path, {"lightspeed": records}, crm, c_till=stranger)
    assert (found.standings, found.crm, found.missing) == ((), None, ())
    assert (records.asked, crm.asked) == ([], [])


async def test_the_crm_is_asked_by_address_and_gives_no_name_number_or_address_away(database: Database, tmp_path: Path):
    traits = {
        "tier": "gold_plus",
        "who": "ada",
        "account": "lovelace_01",
        "mail": "ada-example",
        "call": "1-212-555-0142",
        "size": "12",
    }
    crm = Crm(CrmFacts(40, None, traits, EARLIER))
    found = await profile(database, tmp_path, {}, crm)
    assert found.crm == replace(crm.told or CrmFacts(), traits={"tier": "gold_plus", "size": "12"})
    assert (crm.asked, found.as_of["crm"]) == (["ada@example.com"], EARLIER)
