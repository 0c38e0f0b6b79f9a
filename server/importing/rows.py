"""A file as rows: what CSV and Parquet have in common."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: The line it begins on, or the row's number in Parquet; the first is 1.
        cells: By our column names; `None` for a row that is broken.
        broken: Why it is, as `server.importing.rejects` words it.
    """

    number: int
    cells: dict[str, Any] | None
    broken: str = ""


class Rows(Protocol):
    """An open file, read from the front in bounded memory."""

    @property
    def total(self) -> int:
        """Rows there are, at most."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of the whole file, hexadecimal."""
        ...

    def after(self, place: int) -> Iterator[Row]:
        """The rows, but for so many at the beginning.

        Raises:
            Misconfigured: The file breaks off or cannot be read any further.
        """
        ...


def digest_of(file: Path) -> str:
    """SHA-256 of a file, hexadecimal, read in pieces."""
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            found.update(piece)
    return found.hexdigest()
