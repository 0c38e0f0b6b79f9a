"""Recompute the whole chain: any edit, deletion, reordering or cut shows, and where."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.audit.anchor import Anchors
from tools.audit.entry import FIRST, frame
from tools.audit.ledger import Head
from tools.audit.rows import LedgerRow, ledger_rows

_ENOUGH: Final = 20  # faults. Whoever rewrote more than that needs no complete list
_HEAD = text("SELECT seq, hash FROM ledger_head WHERE id = 1")
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*").fullmatch  # JSON writes these as they are


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written; `seq` is the first record at fault, 0 for the anchor file itself."""

    seq: int
    what: Literal["edited", "missing", "moved", "added", "cut", "anchor"]
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


async def verify(connection: Connection, anchors: Anchors | None = None) -> Verification:
    """Read the ledger once, some rows at a time, and compare it with its head and with anchors outside the database."""
    outside = anchors or Anchors()
    found = Verification(faults=[Fault(0, "anchor", f"The anchor file: {each}") for each in outside.damage])
    expected = await _head(connection)  # before reading: what is added meanwhile is read beyond it
    wanted = {anchor.seq: anchor.hash for anchor in outside.heads}
    async for rows in ledger_rows(connection):
        _check(rows, found, wanted, expected)
        if len(found.faults) >= _ENOUGH:
            break
        await asyncio.sleep(0)  # others on this event loop have their turn
    else:
        _ends(found, expected, await _head(connection), wanted)
    del found.faults[_ENOUGH:]
    return found


def _check(rows: Sequence[LedgerRow], found: Verification, wanted: dict[int, str], expected: Head | None) -> None:
    """Follow the chain through these rows."""
    last, previous = found.head.seq, found.head.hash
    sha256, end, ending = hashlib.sha256, expected.seq if expected else 0, expected.hash if expected else ""
    for row in rows:
        seq, at, kind, action, correlation, entry, follows, own = row
        if seq != last + 1 or follows != previous:
            found.faults.append(_misplaced(seq, last))
        if sha256((follows + entry).encode()).hexdigest() != own or not _says(
            seq, at, kind, action, correlation, entry
        ):
            found.faults.append(Fault(seq, "edited", f"Record {seq} is not as it was written."))
        if seq in wanted:
            if wanted.pop(seq) == own:
                found.anchors += 1
            else:
                sentence = f"Record {seq} is not the one the anchor file vouches for."
                found.faults.append(Fault(seq, "anchor", sentence))
        if seq == end and own != ending:
            found.faults.append(Fault(seq, "edited", "The last record is not the one the ledger ended with."))
        last, previous = max(seq, 0), own
        if len(found.faults) >= _ENOUGH:
            break
    found.records += len(rows)
    found.head = Head(last, previous)


async def _head(connection: Connection) -> Head | None:
    row = (await connection.execute(_HEAD)).one_or_none()
    return None if row is None else Head(int(row.seq), str(row.hash))


def _misplaced(seq: int, last: int) -> Fault:
    if seq <= 0:
        return Fault(seq, "moved", f"Record {seq} stands before the first one.")
    if seq != last + 1:
        missing = f"Record {last + 1}" if seq == last + 2 else f"Records {last + 1}-{seq - 1}"
        return Fault(last + 1, "missing", f"{missing} cannot be found.")
    return Fault(seq, "moved", f"Record {seq} does not follow the one before it.")


def _says(seq: int, at: datetime, kind: str, action: str, correlation: str, entry: str) -> bool:  # noqa: PLR0913, PLR0917
    """Whether the columns beside the text still say what the hashed text says."""
    if not _PLAIN(action + correlation):  # JSON may write them otherwise
        start, end = frame(seq, kind, at, action, correlation)
        return entry.startswith(start) and entry.endswith(end)
    start = f'{{"action":"{action}","at":"'
    if not entry.startswith(start) or not entry.endswith(
        f',"correlation":"{correlation}","kind":"{kind}","seq":{seq}}}'
    ):
        return False
    place = len(start)
    until = entry.index('"', place)  # there is one: the text's end holds several
    try:  # to read a moment is cheaper than to write it, a million times
        return entry.startswith('","body":', until) and datetime.fromisoformat(entry[place:until]) == at
    except ValueError:
        return False


def _ends(found: Verification, expected: Head | None, now: Head | None, wanted: dict[int, str]) -> None:
    last = found.head.seq
    if expected is None or now is None:
        found.faults.append(Fault(last + 1, "cut", "The ledger's own note of where it ends is gone."))
    elif last < expected.seq:
        sentence = f"Records after {last} are gone: the ledger ended with {expected.seq}."
        found.faults.append(Fault(last + 1, "cut", sentence))
    elif last > now.seq:
        sentence = f"Records after {now.seq} were added by somebody else: the ledger ends there."
        found.faults.append(Fault(now.seq + 1, "added", sentence))
    for seq in sorted(wanted):
        if seq > last:
            sentence = (
                f"The anchor file vouches for record {seq}, and the ledger ends with {last}:"
                " records were cut off, or an old copy was restored."
            )
            found.faults.append(Fault(seq, "cut", sentence))
        elif seq:  # a deleted record in the middle; seq 0 vouches for an empty ledger
            found.faults.append(Fault(seq, "anchor", f"Record {seq}, which the anchor file vouches for, is gone."))
