"""The ledger's head, written down outside the database: whoever rewrites the database cannot rewrite this too."""

import os
from pathlib import Path

from policies.errors import Misconfigured
from tools.audit.ledger import Head

_HASH_LENGTH = 64


def add_anchor(file: Path, head: Head) -> bool:
    """Append `seq hash` as one line, durably; False when the file already ends there.

    Keep the file where the database's owner cannot write: another machine, or storage that only appends.

    Raises:
        Misconfigured: The file cannot be written, or holds something else.
    """
    known = read_anchors(file)
    if known and known[-1] == head:
        return False
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="ascii") as lines:
            lines.write(f"{head.seq} {head.hash}\n")
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as error:
        raise Misconfigured(f"The anchor file {file} cannot be written.", code="anchor.unwritable") from error
    return True


def read_anchors(file: Path) -> list[Head]:
    """Every head written down, oldest first; none when there is no file yet.

    Raises:
        Misconfigured: The file cannot be read, or a line is not `seq hash`.
    """
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The anchor file {file} cannot be read.", code="anchor.unreadable") from error
    anchors: list[Head] = []
    for number, line in enumerate(lines, 1):
        seq, _, digest = line.partition(" ")
        if not seq.isdecimal() or len(digest) != _HASH_LENGTH:
            raise Misconfigured(f"Line {number} of the anchor file {file} is not `seq hash`.", code="anchor.malformed")
        anchors.append(Head(int(seq), digest))
    return anchors
