"""Is anything of a customer left? Every column of every table is looked through, not only those we think of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.vault.person import ADDRESS, NAME, Person

_TEXTS: Final = ("text", "character varying", "jsonb", "json", "ARRAY")
_COLUMNS = text(
    """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = ANY(CAST(:types AS text[]))
    ORDER BY table_name, column_name
    """
)
# the request itself is open until it is done; the catalog's texts are the retailer's own and name no customer
_LEFT_OUT: Final = frozenset({"privacy_request", "privacy_step", "variant", "alembic_version", "ruleset"})
_OLD_RECORDS: Final = ("ledger", "entry")
_PENDING: Final = {"event": "state <> 'pending'"}  # what waits is looked at again when it is handled
_SHORTEST: Final = 5  # characters: less would be found in anything
_DIGITS: Final = 7  # of a phone number


@dataclass(frozen=True, slots=True, repr=False)
class Needles:
    """What gives a customer away.

    Attributes:
        refs: What the store calls them.
        digests: Their match keys.
        person: What platforms call them.
    """

    refs: Sequence[str]
    digests: Sequence[str]
    person: Person

    @property
    def texts(self) -> list[str]:
        """Whole texts to look for, capitals aside: identifiers, whole names, addresses, and our names for them."""
        told = [value for kind, value in self.person.identifiers() if kind not in {"shopify", "payment"}]
        told += [name for name in self.person.get(NAME) if " " in name]
        told += [line for address in self.person.get(ADDRESS) if (line := address.partition(",")[0])]
        return sorted({each for each in (*told, *self.refs, *self.digests) if len(each) >= _SHORTEST})

    @property
    def pattern(self) -> str:
        """A regular expression of PostgreSQL's for identifiers and our names; "" when there is nothing to look for."""
        told = [value for kind, value in self.person.identifiers() if kind in {"phone", "email", "loyalty"}]
        wanted = sorted({each for each in (*told, *self.refs, *self.digests) if len(each) >= _SHORTEST})
        return "|".join(f"(?<![[:alnum:]]){re.escape(each)}(?![[:alnum:]])" for each in wanted)

    def stand_in(self, body: str) -> bool:
        """Whether a text holds one of them, or the digits of a phone number however they are spaced."""
        lowered = body.casefold()
        digits = re.sub(r"[^0-9]", "", body)
        phones = [re.sub(r"[^0-9]", "", phone) for phone in self.person.get("phone")]
        numbers = [value for kind, value in self.person.identifiers() if kind == "shopify"]
        return (
            any(each.casefold() in lowered for each in self.texts)
            or any(len(phone) >= _DIGITS and phone in digits for phone in phones)
            or any(re.search(rf"(?<!\d){number}(?!\d)", body) for number in numbers)
        )


@dataclass(slots=True)
class Left:
    """What a look through the database found: rows by `table.column`, of how many columns.

    Attributes:
        old_records: Records of the ledger from before it called customers by commitments; they cannot be changed.
    """

    columns: int = 0
    old_records: int = 0
    found: dict[str, int] = field(default_factory=dict[str, int])


async def sweep(connection: Connection, needles: Needles) -> Left:
    """Look through every column that holds text."""
    left = Left()
    pattern = needles.pattern
    if not pattern:
        return left
    for row in (await connection.execute(_COLUMNS, {"types": list(_TEXTS)})).all():
        table, column = row.table_name, row.column_name
        if table in _LEFT_OUT:
            continue
        left.columns += 1
        told = f"{column}::text ~* :pattern"
        also = f" AND {_PENDING[table]}" if table in _PENDING else ""
        counted = text(f'SELECT count(*) FROM "{table}" WHERE {told}{also}')  # noqa: S608  # the schema's own names
        number = int((await connection.execute(counted, {"pattern": pattern})).scalar_one())
        if (table, column) == _OLD_RECORDS:
            left.old_records = number
        elif number:
            left.found[f"{table}.{column}"] = number
    return left
