"""Take somebody out of the memory, bytes and not only rows, and look afterwards whether anything is left.

LanceDB hides a deleted row: its bytes stay in the fragment, and an older version still shows it. What removes them is
to write every row anew and then drop all older versions. Whether it did is not believed but looked at: for the texts,
and for the very bytes of the vectors, since long texts are compressed and would pass a search for letters.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = "*.lance"
_SHORTEST: Final = 5  # characters of a needle; less is found anywhere
_PIECE: Final = 16  # bytes of a vector that are looked for: four numbers that nobody else has in this order
_AT_ONCE: Final = 400  # ids in one condition


@dataclass(slots=True)
class Purged:
    """What became of it.

    Attributes:
        tables: How many were looked through.
        rows: How many rows held something, in the present version or an older one.
        left: Files that still hold something, by their path under the folder; empty when all is gone.
    """

    tables: int = 0
    rows: int = 0
    left: list[str] = field(default_factory=list[str])


def purge(folder: Path, needles: Sequence[str]) -> Purged:
    """Remove every row that holds one of these texts, in every table under a folder, and prove it.

    Takes seconds for tens of thousands of rows; readers of older versions fail meanwhile and open the table again.

    Args:
        folder: Where LanceDB keeps its tables, in folders of its own or below.
        needles: Identifiers, names and addresses; compared without regard to capitals. Short ones are left out.
    """
    wanted = sorted({needle.casefold() for needle in needles if len(needle) >= _SHORTEST})
    done = Purged()
    if not wanted or not folder.exists():
        return done
    import lancedb  # noqa: PLC0415  # takes seconds

    lance: Any = lancedb
    for place in sorted({found.parent for found in folder.rglob(_FOLDER) if found.is_dir()}):
        database = lance.connect(str(place))
        for found in sorted(place.glob(_FOLDER)):
            done.tables += 1
            table = database.open_table(found.stem)
            rows, vectors = _hits(table, wanted)
            if rows:
                done.rows += rows
                _rewrite(table, wanted)
            done.left += [str(file.relative_to(folder)) for file in _holding(found, wanted, vectors)]
    return done


def _hits(table: Any, wanted: Sequence[str]) -> tuple[int, set[bytes]]:
    """How many rows of any version hold a needle, and the vectors of those rows."""
    found: set[tuple[str, ...]] = set()
    vectors: set[bytes] = set()
    try:
        for version in reversed(table.list_versions()):
            table.checkout(version["version"])
            for texts, vector in _rows(table.to_arrow()):
                if _holds(texts, wanted):
                    found.add(texts)
                    vectors.update(vector)
    finally:
        table.checkout_latest()
    return len(found), vectors


def _rows(arrow: Any) -> Iterator[tuple[tuple[str, ...], list[bytes]]]:
    types: Any = importlib.import_module("pyarrow.types")
    worded = [name for name in arrow.column_names if types.is_string(arrow.schema.field(name).type)]
    worded += [name for name in arrow.column_names if types.is_large_string(arrow.schema.field(name).type)]
    measured = [name for name in arrow.column_names if types.is_fixed_size_list(arrow.schema.field(name).type)]
    texts = [arrow.column(name).to_pylist() for name in worded]
    vectors = [arrow.column(name) for name in measured]
    for place in range(arrow.num_rows):
        said = tuple(str(column[place] or "") for column in texts)
        yield said, [piece for column in vectors if (piece := _bytes_of(column[place]))]


def _bytes_of(vector: Any) -> bytes:
    """The beginning of a vector as it lies in a file."""
    if not vector.is_valid:
        return b""
    numbers: Any = importlib.import_module("numpy")
    found: Any = vector.values.to_numpy(zero_copy_only=False)
    return bytes(numbers.ascontiguousarray(found).tobytes())[:_PIECE]


def _holds(texts: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(needle in text.casefold() for text in texts for needle in wanted)


def _rewrite(table: Any, wanted: Sequence[str]) -> None:
    """Delete, write every row anew, and drop every older version with all it points to."""
    types: Any = importlib.import_module("pyarrow.types")
    schema = table.schema
    for column in schema:
        if types.is_string(column.type) or types.is_large_string(column.type):
            for start in range(0, len(wanted), _AT_ONCE):
                said = [needle.replace("'", "''") for needle in wanted[start : start + _AT_ONCE]]
                table.delete(" OR ".join(f"contains(lower({column.name}), '{needle}')" for needle in said))
    first = schema.names[0]
    indexes = table.list_indices()
    for index in indexes:  # they hold words and vectors too, and forget nothing by themselves
        table.drop_index(index.name)
    table.update(where="true", values_sql={first: first})
    table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


def _holding(dataset: Path, wanted: Sequence[str], vectors: set[bytes]) -> Iterator[Path]:
    needles = [needle.encode() for needle in wanted]
    for file in sorted(dataset.rglob("*")):
        if file.is_file():
            held = file.read_bytes()
            lowered = held.lower()
            if any(needle in lowered for needle in needles) or any(vector in held for vector in vectors):
                yield file
