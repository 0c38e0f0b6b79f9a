"""A day's receipt for an auditor: what left for the model, what was hidden, who was answered, and that nothing leaked.

Its counts were made where things went. Its digest is on the ledger, and it names the receipt before it, so that none
can be changed or left out unseen.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from knowledge.leaks.needles import Raw
from knowledge.leaks.places import Found, in_database, in_files
from knowledge.leaks.scanner import Scanner
from knowledge.privacy.tally import SINKS
from knowledge.store.session import Database, utc_now
from policies.engine import Engine
from policies.errors import NotFound
from server.counting import counts_of, write_down
from tools.audit.entry import FIRST, Entry, canonical
from tools.audit.ledger import append

_RECENT: Final = 500  # customers whose own data is looked for: those the vault heard of last
_ROWS: Final = 50_000  # newest rows of each table that are looked through
_SHOWN: Final = 20
_LAST = text("SELECT digest FROM privacy_receipt WHERE day < :day ORDER BY day DESC LIMIT 1")
_FIND = text("SELECT receipt, digest, ledger_seq FROM privacy_receipt WHERE day = :day")
_ALONE = text("SELECT pg_advisory_xact_lock(7203412)")
_KEEP = text(
    """
    INSERT INTO privacy_receipt (day, receipt, digest, ledger_seq, made_at)
    VALUES (:day, :receipt, :digest, :seq, :at)
    """
)
_ON_RECORD = text("SELECT entry FROM ledger WHERE seq = :seq")

Persons = Callable[[int], Awaitable[Sequence[Raw]]]
"""Raw values of that many customers, to be looked for."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A day's receipt as it is kept.

    Attributes:
        text: Canonical JSON: exactly what was hashed.
        digest: SHA-256 of it.
        ledger_seq: The ledger's record that holds the digest.
    """

    day: date
    text: str
    digest: str
    ledger_seq: int

    @property
    def facts(self) -> dict[str, Any]:
        """What it says."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class DailyReceipts:
    """Makes and shows receipts.

    Attributes:
        persons: Raw values of customers to look for: canaries that cannot occur by chance, since they are real.
        home: Whose files are looked through.
        database_files: The embedded database's, which are looked through as tables.
    """

    database: Database
    engine: Engine
    persons: Persons
    home: Path
    database_files: Path
    now: Callable[[], datetime] = utc_now

    async def make_due(self) -> Receipt | None:
        """Yesterday's, when nobody made it yet; for the clock to call."""
        yesterday = (self.now().astimezone(UTC) - timedelta(days=1)).date()
        return None if await self._find(yesterday) else await self.make(yesterday)

    async def make(self, day: date) -> Receipt:
        """The receipt of a day that is over; the one there is when it was made already."""
        await write_down(self.database, self.now())
        facts = {**await self._facts(day), "scan": await self._scan()}
        async with self.database.transaction() as connection:
            await connection.execute(_ALONE)
            before = (await connection.execute(_LAST, {"day": day.isoformat()})).scalar()
            kept = (await connection.execute(_FIND, {"day": day.isoformat()})).one_or_none()
            if kept is not None:
                return Receipt(day, str(kept.receipt), str(kept.digest), int(kept.ledger_seq))
            written = canonical({**facts, "day": day.isoformat(), "before": before or FIRST})
            told = hashlib.sha256(written.encode()).hexdigest()
            at = self.now()
            leaks = int(facts["scan"]["leaks"])
            body = {"receipt": told, "day": day.isoformat(), "leaks": leaks}
            # the ledger's head is locked last, so the receipt is kept under the number the record is going to have
            seq = (await append(connection, [Entry("privacy", at, body)])).seq
            row = {"day": day.isoformat(), "receipt": written, "digest": told, "seq": seq, "at": at}
            await connection.execute(_KEEP, row)
        return Receipt(day, written, told, seq)

    async def read(self, day: date) -> tuple[Receipt, bool]:
        """A day's receipt, and whether it is the one on the ledger.

        Raises:
            NotFound: None was made.
        """
        found = await self._find(day)
        if found is None:
            raise NotFound(
                "No receipt was made for this day.",
                code="privacy.no_receipt",
                hint="A day's receipt is made in the night after it.",
                field="day",
            )
        async with self.database.reading() as connection:
            record = (await connection.execute(_ON_RECORD, {"seq": found.ledger_seq})).scalar()
        recorded = json.loads(record)["body"].get("receipt") if record else None
        return found, recorded == found.digest == hashlib.sha256(found.text.encode()).hexdigest()

    async def _find(self, day: date) -> Receipt | None:
        async with self.database.reading() as connection:
            row = (await connection.execute(_FIND, {"day": day.isoformat()})).one_or_none()
        return None if row is None else Receipt(day, str(row.receipt), str(row.digest), int(row.ledger_seq))

    async def _facts(self, day: date) -> dict[str, Any]:
        counts = await counts_of(self.database, day)
        return {
            **{sink: counts.get(sink, {}) for sink in SINKS},
            "versions": {"tillhand": _version(), "policy": self.engine.digest, "scrubber": scrubber_version()},
        }

    async def _scan(self) -> dict[str, Any]:
        """Look for real customers' data in every table and file it must not be in."""
        scanner = await asyncio.to_thread(Scanner, await self.persons(_RECENT))
        found = Found()
        if scanner.needles:
            found = await in_database(self.database, scanner, most=_ROWS)
            found.add(await asyncio.to_thread(in_files, self.home, scanner, without=(self.database_files,)))
        leaks = sorted({f"{leak.sink}: {leak.field} as {leak.form}" for leak in found.leaks})
        return {
            "needles": scanner.needles,
            "bytes": scanner.bytes,
            "sinks": len(found.looked),
            "leaks": len(found.leaks),
            "where": leaks[:_SHOWN],
        }


def scrubber_version() -> str:
    """SHA-256 of the scrubber's own files, code and weights: two installations that scrub alike have the same."""
    home = Path(__file__).parents[1] / "knowledge" / "privacy"
    hashed = hashlib.sha256()
    for file in sorted(home.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            hashed.update(str(file.relative_to(home)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return hashed.hexdigest()


def _version() -> str:
    try:
        return version("tillhand")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"
