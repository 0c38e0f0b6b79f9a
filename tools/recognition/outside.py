"""Who else knows of a customer: each platform of loyalty and credit, the CRM of what it makes of them.

Whom to ask about stands in the vault; numbers and addresses go from there to who is asked, and nowhere else. An answer
about somebody else is none. Whoever asks sets the deadline.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pydantic import SecretStr

from knowledge.profile.parts import Part
from knowledge.profile.profile import CRM, Outside
from knowledge.profile.standing import CrmFacts, Standing
from knowledge.store.session import Database
from knowledge.vault.person import ADDRESS, NAME, Person
from knowledge.vault.vault import Vault
from policies.errors import TillhandError, Unavailable
from policies.vocabulary.ids import CustomerRef
from tools.platform import Crm, Customers

LOYALTY: Final = "loyalty_"
"""Before a platform's name: what its part of a profile is called."""

_MOST: Final = 4  # records of one person at one platform; each costs a call
_DIGITS: Final = 7  # as many in one code are a phone number rather than a code
_PARTS: Final = re.compile(r"[^\W_]+")


def outside_sources(
    database: Database, vault: Vault, platforms: Mapping[str, Customers], crm: Crm | None = None
) -> dict[str, Outside]:
    """Those that are set up, by the name of their part.

    Args:
        database: Where the vault's sealed records are.
        vault: Opens them.
        platforms: Customer records, by platform.
        crm: `None` where there is none.
    """
    found: dict[str, Outside] = {
        f"{LOYALTY}{name}": partial(_standings, database, vault, name, customers)
        for name, customers in platforms.items()
    }
    if crm is not None:
        found[CRM] = partial(_crm, database, vault, crm)
    return found


async def _standings(
    database: Database, vault: Vault, platform: str, customers: Customers, refs: Sequence[CustomerRef]
) -> Part:
    """What the platform says of every record the person has there; all of them, or none is told."""
    people = await _people(database, vault, refs)
    numbers = sorted({number for person in people for number in person.get(platform)})
    if len(numbers) > _MOST:
        raise Unavailable("This customer has too many records to ask about while they wait.", code="customer.records")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_standing(platform, customers, number)) for number in numbers]
    answers = [task.result() for task in tasks]
    for answer in answers:
        if isinstance(answer, TillhandError):
            raise answer
    told = tuple(answer for answer in answers if isinstance(answer, Standing))
    return Part(told, min((each.as_of for each in told), default=None))


async def _standing(platform: str, customers: Customers, number: str) -> Standing | TillhandError | None:
    """What it says of one record, or why it says nothing: an error must not reach the group as one of many."""
    try:
        told = await customers.standing(number)
    except TillhandError as error:
        return error
    if told is not None and told.customer != number:
        return Unavailable(f"{platform.title()} answered about another customer.", code=f"{platform}.answer")
    return told


async def _crm(database: Database, vault: Vault, crm: Crm, refs: Sequence[CustomerRef]) -> Part:
    """What the CRM says of whoever has the newest address of the first record that has one."""
    for person in await _people(database, vault, refs):
        for email in person.get("email")[:1]:
            facts = await crm.facts(SecretStr(email))
            return Part(None, None) if facts is None else Part(_nameless(facts, person), facts.as_of)
    return Part(None, None)


async def _people(database: Database, vault: Vault, refs: Sequence[CustomerRef]) -> list[Person]:
    async with database.reading() as connection:
        records = await vault.read(connection, refs)
    return [records[ref].person for ref in refs if ref in records]


def _nameless(facts: CrmFacts, person: Person) -> CrmFacts:
    """Without traits that give the person away: whoever filled in the CRM may have put anything there."""
    told = {
        part.casefold()
        for kind in (NAME, ADDRESS, "email", "phone", "loyalty")
        for value in person.get(kind)
        for part in _PARTS.findall(value)
        if not part.isdecimal() or len(part) > 3  # noqa: PLR2004  # a house number is in many a code
    }
    kept = {
        name: code
        for name, code in facts.traits.items()
        if not told & {*_PARTS.findall(code)} and sum(sign.isdigit() for sign in code) < _DIGITS
    }
    return replace(facts, traits=kept)
