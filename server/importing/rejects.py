"""What was not taken, and why: line numbers, columns and reasons, and never a cell, for it may be a customer's."""

import csv
import os
from pathlib import Path
from typing import IO, Final, Self

from policies.errors import Misconfigured

REASONS: Final[dict[str, str]] = {
    "row.columns": "The row has more or fewer cells than the header; look for a missing or stray delimiter.",
    "row.quoting": "A quotation mark is opened and never closed, or stands where none may.",
    "row.header": "The header stands here again.",
    "cell.missing": "This cell has to be filled.",
    "cell.long": "This text is longer than any such text may be.",
    "cell.number": "This is not a number.",
    "cell.large": "This is more than anybody sells; see whether the number is in its column.",
    "cell.whole": "This is not a whole number.",
    "cell.ambiguous": "The comma may be a decimal sign or a thousand's; say --decimal.",
    "cell.fine": "This amount is finer than the currency's smallest unit.",
    "cell.negative": "This must not be below zero.",
    "cell.time": "This is not a time; write 2026-03-31T15:00:00+02:00, or say time_format in the mapping.",
    "cell.flag": "This is neither yes nor no.",
    "cell.choice": "This is none of the words this column takes.",
    "cell.currency": "This is not a currency; write three capital letters, such as USD.",
    "time.future": "This lies in the future; a clock was wrong.",
    "time.past": "This lies before 1990; a clock was wrong, or the time is missing.",
    "quantity.zero": "Nothing was sold and nothing given back.",
    "sku.unknown": "No variant has this sku; import products first, or map it.",
    "category.unknown": "No variant is of this category.",
    "promotion.goods": "Name a sku or a category, not both.",
    "promotion.place": "Name a location or a channel, not both.",
    "promotion.value": "Say either how many percent are taken off, 1 to 100, or what one unit costs.",
    "promotion.backwards": "It ends before it begins.",
    "promotion.double": "The same goods have another promotion at the same place on some of these days.",
    "lane.itself": "A location to itself says in packs how many it handles a day, and nothing else.",
    "lane.double": "This lane stands above already.",
    "pack.double": "This sku stands above already.",
    "pack.empty": "A pack holds at least one unit.",
    "stock.negative": "A count below zero; count the shelf.",
    "stock.kept": "A platform counts this location's stock; import it from there.",
    "location.unknown": "No location has this code; add it to locations.toml, or map it.",
    "customer.nobody": "No identifier of the customer can be read.",
    "payload.malformed": "The platform's telling is not understood.",
    "cursor.gap": "The platform says that it has these versions and did not give them; import once more.",
    "payment.card_number": "A card number stands where an identifier belongs; take it out.",
}
_OTHER: Final = "This row is not understood."


def reason(code: str) -> str:
    """The sentence for a code."""
    return REASONS.get(code, _OTHER)


class RejectFile:
    """The rejected rows of one import, beside its file; written on from where an import was cut off.

    Args:
        file: Where; nothing is written before the first rejected row.
        size: Bytes that were in it at the place the import goes on from; what was written after is written again.

    Raises:
        Misconfigured: It cannot be written.
    """

    def __init__(self, file: Path, size: int) -> None:
        self._file = file
        self._size = size
        self._out: IO[str] | None = None

    @property
    def file(self) -> Path:
        """Where it is."""
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()

    def add(self, line: int, bad_column: str, code: str) -> None:
        """Write one down."""
        if self._out is None:
            self._out = self._opened()
        csv.writer(self._out, lineterminator="\n").writerow((line, bad_column, code, reason(code)))

    def settled(self) -> int:
        """Have everything on disk; returns how many bytes that is."""
        if self._out is not None:
            self._out.flush()
            os.fsync(self._out.fileno())
            self._size = self._out.tell()
        return self._size

    def _opened(self) -> IO[str]:
        if not self._file.exists():
            self._size = 0
        try:
            out = self._file.open("r+" if self._size else "w", encoding="utf-8", newline="")
        except OSError as error:
            raise Misconfigured(
                f"{self._file} cannot be written, and rows were rejected.",
                code="import.rejects",
                hint="Say --rejects FILE.",
            ) from error
        out.seek(self._size)
        out.truncate()
        if not self._size:
            out.write("line,column,code,reason\n")
        return out
