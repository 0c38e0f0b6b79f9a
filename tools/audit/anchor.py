"""The ledger's head, written down outside the database: whoever rewrites the database cannot rewrite this too.

Lines are only ever added. Each carries the hash of the one before it, so that the file's own damage shows.
"""

import hashlib
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from policies.errors import Misconfigured
from tools.audit.entry import FIRST
from tools.audit.ledger import Head

_LINE: Final = re.compile(r"(\d{1,19}) ([0-9a-f]{64}) (\S{20,40}) ([0-9a-f]{64})")
_HINT: Final = "Keep the file as it is for whoever looks into it, and name another one to go on with."


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the file vouches for, oldest first, and a sentence for each place where it is not as it was written."""

    heads: tuple[Head, ...] = ()
    damage: tuple[str, ...] = ()


def add_anchor(file: Path, head: Head, at: datetime) -> bool:
    """Append `seq hash time link` as one line, durably; False when the file already ends with this head.

    Keep the file where the database's owner cannot write: another machine, or storage that only appends.

    Raises:
        Misconfigured: The file cannot be written, is damaged (`anchor.damaged`), or vouches for more than the ledger
            holds or for something else (`anchor.ahead`): then records were cut or an old copy was restored.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+", encoding="ascii", errors="replace") as lines, _alone(lines):
            lines.seek(0)
            known, link = _read(lines.read())
            if known.damage:
                raise Misconfigured(f"The anchor file {file}: {known.damage[0]}", code="anchor.damaged", hint=_HINT)
            last = known.heads[-1] if known.heads else None
            if last == head:
                return False
            if last is not None and last.seq >= head.seq:
                raise Misconfigured(
                    f"The anchor file vouches for record {last.seq}, and the ledger ends otherwise, with {head.seq}.",
                    code="anchor.ahead",
                    hint="Records were cut off, or an old copy was restored: run tillhand audit verify.",
                )
            told = f"{head.seq} {head.hash} {at.astimezone(UTC).isoformat()}"
            lines.write(f"{told} {_link(link, told)}\n")
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as error:
        raise Misconfigured(f"The anchor file {file} cannot be written.", code="anchor.unwritable") from error
    return True


def read_anchors(file: Path) -> Anchors:
    """Every head written down, and where the file is damaged; nothing when there is no file yet.

    Raises:
        Misconfigured: The file cannot be read.
    """
    try:
        text = file.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return Anchors()
    except OSError as error:
        raise Misconfigured(f"The anchor file {file} cannot be read.", code="anchor.unreadable") from error
    return _read(text)[0]


def _read(text: str) -> tuple[Anchors, str]:
    """The anchors, and the link the next line follows."""
    heads: list[Head] = []
    damage: list[str] = []
    link = FIRST
    lines = text.split("\n")
    if lines[-1]:
        damage.append(f"Line {len(lines)} was not written to its end.")
    for number, line in enumerate(lines[:-1], 1):
        found = _LINE.fullmatch(line)
        if found is None:
            damage.append(f"Line {number} is not `seq hash time link`.")
            link = ""  # whatever follows it follows something that is gone
            continue
        told, kept = line.rpartition(" ")[0], found[4]
        head = Head(int(found[1]), found[2])
        if link and kept != _link(link, told):
            damage.append(f"Line {number} is not as it was written, or lines before it are gone.")
        elif heads and head.seq <= heads[-1].seq:
            damage.append(f"Line {number} vouches for record {head.seq} after record {heads[-1].seq}.")
        heads.append(head)
        link = kept
    return Anchors(tuple(heads), tuple(damage)), link


def _link(previous: str, told: str) -> str:
    return hashlib.sha256(f"{previous} {told}".encode()).hexdigest()


@contextmanager
def _alone(lines: IO[Any]) -> Generator[None]:
    """Keep other processes from writing meanwhile, where the system can."""
    try:
        import fcntl  # noqa: PLC0415  # Windows has none
    except ImportError:
        yield
        return
    fcntl.flock(lines, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lines, fcntl.LOCK_UN)
