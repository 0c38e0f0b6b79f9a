"""Parquet, a few thousand rows at a time, its types checked before the first row is read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from policies.errors import Misconfigured
from server.importing.columns import COLUMNS, Form, Kind
from server.importing.rows import Row, digest_of
from server.importing.ways import FileWays

_ROWS: Final = 5_000
_types: Final[Any] = pa.types  # ships no types of its own
Test = Callable[[Any], bool]


def _is_text(kind: Any) -> bool:
    if _types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(_types.is_string(kind) or _types.is_large_string(kind) or _types.is_null(kind))


def _is_whole(kind: Any) -> bool:
    return bool(_types.is_integer(kind))


def _is_number(kind: Any) -> bool:
    return bool(_types.is_integer(kind) or _types.is_floating(kind) or _types.is_decimal(kind))


def _is_time(kind: Any) -> bool:
    return bool(_types.is_timestamp(kind) or _types.is_date(kind))


_TAKEN: Final[dict[Form, tuple[tuple[Test, ...], str]]] = {
    Form.TEXT: ((_is_text, _is_whole), "text"),
    Form.AMOUNT: ((_is_text, _is_number), "a number"),
    Form.COUNT: ((_is_text, _is_number), "a number"),
    Form.MOMENT: ((_is_text, _is_time), "a time"),
    Form.DAY: ((_is_text, _is_time), "a time"),
    Form.FLAG: ((_is_text, _is_whole, lambda kind: bool(_types.is_boolean(kind))), "yes or no"),
}


class ParquetRows:
    """A Parquet file.

    Raises:
        Misconfigured: It is none, it was cut off, its columns do not fit, or one has a type that cannot be meant.
    """

    def __init__(self, file: Path, kind: Kind, ways: FileWays) -> None:
        self._file = file
        try:
            opened: Any = pq.ParquetFile(file)
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"{file} is not a whole Parquet file.",
                code="import.file",
                hint="It may have been cut off: copy it again.",
            ) from error
        with opened:
            schema = opened.schema_arrow
            places = ways.columns_of(kind, list(schema.names))
            forms = {column.name: column.form for column in COLUMNS[kind]}
            for name, place in places.items():
                tests, meant = _TAKEN[forms[name]]
                found = schema.field(place).type
                if not any(test(found) for test in tests):
                    raise Misconfigured(
                        f"The column {schema.names[place]} holds {found}; {name} has to be {meant}.",
                        code="import.type",
                        hint="Map another column, or write the file anew with the right type.",
                    )
            self.total = int(opened.metadata.num_rows)
        self._names = {name: str(schema.names[place]) for name, place in places.items()}
        self.digest = digest_of(file)

    def after(self, place: int) -> Iterator[Row]:
        """The rows, but for so many at the beginning."""
        number = 0
        try:
            with pq.ParquetFile(self._file, memory_map=False) as opened:
                source: Any = opened
                groups, passed = _groups_from(source.metadata, place)
                number = passed
                theirs = sorted(set(self._names.values()))
                batches = source.iter_batches(batch_size=_ROWS, row_groups=groups, columns=theirs)
                for batch in batches:
                    if number + len(batch) <= place:
                        number += len(batch)
                        continue
                    for told in batch.to_pylist():
                        number += 1
                        if number > place:
                            yield Row(number, {ours: told[name] for ours, name in self._names.items()})
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"{self._file} breaks off after row {number}; what came before was taken.",
                code="import.file",
                hint="Copy the file again and import it again: what is known is not counted twice.",
            ) from error


def _groups_from(metadata: Any, place: int) -> tuple[list[int], int]:
    """The row groups that hold what comes after so many rows, and how many rows come before them."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = int(metadata.row_group(group).num_rows)
        if before + rows > place:
            return list(range(group, metadata.num_row_groups)), before
        before += rows
    return [], before
