"""Recompute the whole chain: any edit, deletion, reordering or cut shows, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tools.audit.entry import FIRST, frame, link
from tools.audit.ledger import Head, head

_BATCH: Final = 5_000  # records held in memory at once
_ENOUGH: Final = 20  # faults. Whoever rewrote more than that needs no complete list
_RECORDS = text(
    """
    SELECT seq, at, kind, action_id, correlation_id, entry, previous, hash
    FROM ledger WHERE seq > :after ORDER BY seq LIMIT :batch
    """
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written; `seq` is the first record at fault."""

    seq: int
    what: Literal["edited", "missing", "moved", "cut", "anchor"]
    sentence: str


@dataclass(slots=True)
class Verification:
    """What recomputing found.

    Attributes:
        records: How many were read.
        head: Where the chain that was read ends.
        anchors: How many outside anchors agreed.
        faults: Empty when the ledger is whole; at most twenty are listed.
    """

    records: int = 0
    head: Head = field(default_factory=lambda: Head(0, FIRST))
    anchors: int = 0
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def whole(self) -> bool:
        """Whether every record is there, in order, as it was written."""
        return not self.faults


async def verify(connection: AsyncConnection, anchors: Sequence[Head] = ()) -> Verification:
    """Read the ledger once, in batches, and compare it with its head and with anchors kept outside the database."""
    found = Verification()
    expected = await head(connection)  # before reading: what is added meanwhile is read beyond it
    wanted = {anchor.seq: anchor.hash for anchor in anchors}
    while len(found.faults) < _ENOUGH:
        rows = (await connection.execute(_RECORDS, {"after": found.head.seq, "batch": _BATCH})).all()
        for row in rows:
            _check(row, found)
            found.records += 1
            found.head = Head(row.seq, row.hash)
            if row.seq in wanted:
                _compare(wanted.pop(row.seq), row, found)
            if row.seq == expected.seq and row.hash != expected.hash:
                found.faults.append(Fault(row.seq, "edited", "The last record is not the one the ledger ended with."))
        if len(rows) < _BATCH:
            _ends(found, expected, wanted)
            break
    return found


def _check(row: Any, found: Verification) -> None:
    before = found.head
    if row.seq != before.seq + 1:
        missing = f"Record {before.seq + 1}" if row.seq == before.seq + 2 else f"Records {before.seq + 1}-{row.seq - 1}"
        found.faults.append(Fault(before.seq + 1, "missing", f"{missing} cannot be found."))
    elif row.previous != before.hash:
        found.faults.append(Fault(row.seq, "moved", f"Record {row.seq} does not follow the one before it."))
    if link(row.previous, row.entry) != row.hash or not _says(row):
        found.faults.append(Fault(row.seq, "edited", f"Record {row.seq} is not as it was written."))


def _says(row: Any) -> bool:
    """Whether the columns beside the text still say what the hashed text says."""
    start, end = frame(row.seq, row.kind, row.at, row.action_id, row.correlation_id)
    entry: str = row.entry
    return entry.startswith(start) and entry.endswith(end)


def _compare(anchor: str, row: Any, found: Verification) -> None:
    if anchor == row.hash:
        found.anchors += 1
    else:
        found.faults.append(Fault(row.seq, "anchor", f"Record {row.seq} is not the one the anchor file vouches for."))


def _ends(found: Verification, expected: Head, wanted: dict[int, str]) -> None:
    if found.head.seq < expected.seq:
        sentence = f"Records after {found.head.seq} are gone: the ledger ended with {expected.seq}."
        found.faults.append(Fault(found.head.seq + 1, "cut", sentence))
    for seq in sorted(wanted):
        if seq > found.head.seq:
            sentence = f"The anchor file vouches for record {seq}, and the ledger ends with {found.head.seq}."
            found.faults.append(Fault(seq, "cut", sentence))
        elif seq:  # a deleted record in the middle; seq 0 vouches for an empty ledger
            found.faults.append(Fault(seq, "anchor", f"Record {seq}, which the anchor file vouches for, is gone."))
