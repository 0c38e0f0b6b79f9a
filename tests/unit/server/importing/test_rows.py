"""Files as retailers have them: what is broken costs itself, and what cannot be meant is told before it starts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import Misconfigured
from server.importing.columns import Kind
from server.importing.opening import open_rows
from server.importing.ways import FileWays

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
STOCK = "sku,location,available,counted_at\n"


def read(file: Path, kind: Kind = Kind.STOCK, place: int = 0, **ways: Any) -> list[tuple[int, Any]]:
    rows = open_rows(file, kind, FileWays(**ways))
    return [(row.number, row.broken or row.cells) for row in rows.after(place)]


def skus(file: Path, **ways: Any) -> list[tuple[int, str]]:
    return [(number, cells if isinstance(cells, str) else cells["sku"]) for number, cells in read(file, **ways)]


def saved(folder: Path, text: str | bytes) -> Path:
    file = folder / "rows.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_delimiter_is_found_and_a_mark_in_front_is_no_letter(tmp_path: Path, delimiter: str, ending: str):
    text = (STOCK + 'A,"S,1",3,2026-01-01\n').replace(",", delimiter).replace("\n", ending)
    ((number, cells),) = read(saved(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert (number, cells["sku"], cells["location"]) == (2, "A", f"S{delimiter}1")


def test_a_broken_row_costs_itself_and_nothing_behind_it(tmp_path: Path):
    text = STOCK + (
        "A,S1,1,2026-01-01\n"
        'B"x,S1,1,2026-01-01\n'  # 3: a mark where none may stand
        "C,S1,1\n"  # 4: a cell too few
        'D,"S1,1,2026-01-01\n'  # 5: opened and never closed
        "E,S1,1,2026-01-01\n"
        "sku,location,available,counted_at\n"  # 7: two files in one
        "\n"
        '"F ""x""\nline",S1,1,2026-01-01\n'  # 9 and 10: one cell over two lines
        "G,S1,1,2026-01-01"
    )
    assert skus(saved(tmp_path, text)) == [
        (2, "A"), (3, "row.quoting"), (4, "row.columns"), (5, "row.quoting"), (6, "E"), (7, "row.header"),
        (9, 'F "x"\nline'), (11, "G"),
    ]  # fmt: skip


@given(st.lists(st.text(alphabet=st.sampled_from('ab,"\n;'), max_size=12), max_size=12), st.integers(0, 12))
def test_reading_goes_on_at_any_row_as_if_it_had_never_stopped(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], place: int
):
    file = saved(tmp_path_factory.mktemp("rows"), STOCK + "\n".join(lines))
    whole = read(file)
    assert read(file, place=place) == whole[place:]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "import.file", "empty"),
        ("sku:location:available:counted_at\nA:S1:1:2026-01-01\n", "import.column", "delimiter is another one"),
        ("sku,location,available\nA,S1,1\n", "import.column", "no column counted_at"),
        ("sku,sku,location,available,counted_at\n", "import.header", "2 times"),
        (STOCK.encode() + b"Caf\xe9,S1,1,2026-01-01\n", "import.encoding", "line 2"),
        (STOCK.encode("utf-16"), "import.encoding", "UTF-16"),
        (b"PK\x03\x04rest", "import.encoding", "Excel"),
        (STOCK + "A" * (2 << 20), "import.file", "Line 2"),
    ],
)
def test_what_cannot_be_meant_is_told_before_a_row_is_taken(tmp_path: Path, text: str | bytes, code: str, says: str):
    with pytest.raises(Misconfigured, match=says) as told:
        read(saved(tmp_path, text))
    assert told.value.code == code


def test_latin_1_is_read_when_it_is_said(tmp_path: Path):
    file = saved(tmp_path, STOCK.encode() + b"Caf\xe9,S1,1,2026-01-01\n")
    assert skus(file, encoding="latin-1") == [(2, "Café")]


def table(**columns: Any) -> Any:
    told: dict[str, Any] = {
        "sku": ["A", "B", "C"], "location": ["S1"] * 3, "available": [1, 2, 3], "counted_at": [NEW_YEAR] * 3,
    }  # fmt: skip
    arrow: Any = pa
    return arrow.table(told | columns)


def test_parquet_goes_on_at_any_row_across_its_groups(tmp_path: Path):
    file = tmp_path / "rows.parquet"
    pq.write_table(table(), file, row_group_size=2)
    whole = read(file)
    assert [number for number, _ in whole] == [1, 2, 3]
    assert [read(file, place=place) for place in range(4)] == [whole[place:] for place in range(4)]


def test_a_parquet_column_of_a_wrong_type_is_told_by_name(tmp_path: Path):
    file = tmp_path / "rows.parquet"
    pq.write_table(table(available=[[1], [2], [3]]), file)
    with pytest.raises(Misconfigured, match=r"available holds list<.*has to be a number") as told:
        read(file)
    assert told.value.code == "import.type"


def test_a_truncated_parquet_file_is_told(tmp_path: Path):
    file = tmp_path / "rows.parquet"
    pq.write_table(table(), file)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Misconfigured, match="not a whole Parquet file"):
        read(file)
