"""CSV as retailers' systems write it: another delimiter, a mark in front, a broken row in the middle.

A broken row costs itself and nothing else: quotation marks are read line by line, and a text that does not end within
a few lines is given up where it began.
"""

import codecs
import csv
import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from policies.errors import Misconfigured
from server.importing.columns import COLUMNS, Kind
from server.importing.rows import Row
from server.importing.ways import FileWays

_CHUNK: Final = 1 << 20
_LONGEST: Final = 1 << 20  # characters of a line; a file without lines is no CSV, and must not fill the memory
_TEXT_LINES: Final = 20  # lines one quoted text may go on for
_DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", b"PK\x03\x04": "an Excel file"}


class CsvRows:
    """A CSV file.

    Raises:
        Misconfigured: It is no text in this encoding, has no header, or its columns do not fit.
    """

    def __init__(self, file: Path, kind: Kind, ways: FileWays) -> None:
        self._file = file
        self._encoding = "utf-8-sig" if ways.encoding == "utf-8" else ways.encoding
        self.digest, self.total = self._looked_through()
        with self._opened() as stream:
            first = stream.readline(_LONGEST)
        if not first.strip():
            raise Misconfigured(f"{file} is empty.", code="import.file", hint="It begins with a header.")
        self._delimiter = ways.delimiter or _delimiter_of(first, kind, ways)
        self._header = [cell.strip() for cell in next(csv.reader([first], delimiter=self._delimiter))]
        self._places = tuple(ways.columns_of(kind, self._header).items())

    def after(self, place: int) -> Iterator[Row]:
        """The rows, but for so many at the beginning; empty lines are none."""
        with self._opened() as stream:
            stream.readline(_LONGEST)
            for passed, (number, cells) in enumerate(self._records(stream)):
                if passed >= place:
                    yield self._row(number, cells)

    def _row(self, number: int, cells: list[str] | None) -> Row:
        if cells is None:
            return Row(number, None, "row.quoting")
        if len(cells) != len(self._header):
            return Row(number, None, "row.columns")
        if [cell.strip() for cell in cells] == self._header:
            return Row(number, None, "row.header")
        return Row(number, {name: cells[at] for name, at in self._places})

    def _records(self, stream: IO[str]) -> Iterator[tuple[int, list[str] | None]]:
        """Each record with the line it begins on; `None` for one whose quotation marks are broken."""
        number, waiting = 1, deque[str]()
        while line := waiting.popleft() if waiting else self._line(stream, number + 1):
            number += 1
            if '"' not in line:
                if text := line.rstrip("\r\n"):
                    yield number, text.split(self._delimiter)
                continue
            taken = [line]
            while sum(each.count('"') for each in taken) % 2 and len(taken) < _TEXT_LINES:
                more = waiting.popleft() if waiting else self._line(stream, number + len(taken))
                if not more:
                    break
                taken.append(more)
            cells = self._quoted(taken)
            if cells is None or (len(taken) > 1 and len(cells) != len(self._header)):
                waiting.extendleft(reversed(taken[1:]))
                yield number, None
            else:
                yield number, cells
                number += len(taken) - 1

    def _quoted(self, lines: list[str]) -> list[str] | None:
        try:
            found = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return found[0] if len(found) == 1 else None

    def _line(self, stream: IO[str], number: int) -> str:
        line = stream.readline(_LONGEST)
        if len(line) == _LONGEST and not line.endswith("\n"):
            raise Misconfigured(
                f"Line {number} of {self._file} is longer than any row can be.",
                code="import.file",
                hint="It is not a CSV file, or its line endings were lost.",
            )
        return line

    def _opened(self) -> IO[str]:
        # a line ends where any system ends one, and cells keep what they hold
        return self._file.open(encoding=self._encoding, newline="")

    def _looked_through(self) -> tuple[str, int]:
        """The digest and the number of lines after the header; the whole text is known to be readable then."""
        seen, lines, decoder = hashlib.sha256(), 0, codecs.getincrementaldecoder(self._encoding)()
        last = b"\n"
        with self._file.open("rb") as stream:
            begins = stream.read(4)
            for mark, name in _MARKS.items():
                if begins.startswith(mark):
                    raise Misconfigured(
                        f"{self._file} is {name}.", code="import.encoding", hint="Save it as CSV in UTF-8."
                    )
            stream.seek(0)
            piece = b""
            try:
                while piece := stream.read(_CHUNK):
                    seen.update(piece)
                    decoder.decode(piece)
                    lines += piece.count(b"\n")
                    last = piece[-1:]
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                line = lines + piece[: error.start].count(b"\n") + 1
                raise Misconfigured(
                    f"{self._file} is not UTF-8: line {line} has a letter of another encoding.",
                    code="import.encoding",
                    hint="It is probably Latin-1: say --encoding latin-1, or save it as UTF-8.",
                ) from error
        return seen.hexdigest(), max(lines - (last == b"\n"), 0)


def _delimiter_of(header: str, kind: Kind, ways: FileWays) -> str:
    """The delimiter under which most of our columns are found; of equals, the one that cuts most."""
    known = {ways.name_in_file(column.name) for column in COLUMNS[kind]}

    def fits(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip() for cell in next(csv.reader([header], delimiter=delimiter))]
        return len(known.intersection(cells)), len(cells)

    return max(_DELIMITERS, key=fits)
