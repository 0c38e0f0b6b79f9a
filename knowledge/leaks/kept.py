"""Raw values of customers the vault knows, to be looked for where they must not be: real, and so no accident."""

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from knowledge.leaks.needles import Raw
from knowledge.store.session import Database
from knowledge.vault.person import ADDRESS, Person
from knowledge.vault.vault import Vault

_NEWEST = text("SELECT ref, wrapped, sealed FROM vault_subject ORDER BY changed_at DESC, ref LIMIT :most")
_LEAST_LETTERS: Final = {"email": 8, "phone": 10, "loyalty": 8, ADDRESS: 12}
"""Of each kind, how many letters and digits a value needs to stand nowhere by chance. Names are left out: products and
brands are called like people."""


async def raw_of_customers(database: Database, vault: Vault, most: int) -> list[Raw]:
    """Identifiers and addresses of the customers heard of last; keep them no longer than the search."""
    async with database.reading() as connection:
        rows = (await connection.execute(_NEWEST, {"most": most})).all()
    records = (vault.open(row) for row in rows)
    return [raw for number, record in enumerate(records, 1) if record for raw in _telling(number, record.person)]


def _telling(number: int, person: Person) -> Iterator[Raw]:
    for kind, least in _LEAST_LETTERS.items():
        for value in person.get(kind):
            if len(re.sub(r"[\W_]", "", value)) >= least:
                yield Raw(f"customer-{number}", kind, value)
