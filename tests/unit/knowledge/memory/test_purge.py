"""What is taken out of LanceDB is gone from its files: letters, numbers of vectors, older versions and indexes."""

from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pytest

from knowledge.memory.purge import purge

CANARY = "jane.canary@example.org"
ROWS = 600

pytestmark = pytest.mark.filterwarnings("ignore")  # LanceDB warns of what it deprecates in itself


def filled(folder: Path) -> tuple[Any, bytes]:
    """A table with one customer in it, in a fragment of hundreds of rows, and the bytes of their vector."""
    numbers = np.random.default_rng(7)
    rows = [
        {"id": number, "text": f"row {number} word{number % 37}", "vector": numbers.normal(size=16).astype(np.float32)}
        for number in range(ROWS)
    ]
    rows[300]["text"] = f"please write to Jane.Canary@Example.org, {CANARY}"
    table = lancedb.connect(str(folder)).create_table("told", rows)
    table.create_fts_index("text", use_tantivy=False)
    vector: Any = rows[300]["vector"]
    return table, vector.tobytes()


def holding(folder: Path, *needles: bytes) -> list[str]:
    return [
        file.name
        for file in folder.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    ]


def test_rows_versions_and_bytes_of_a_customer_are_gone_and_everybody_else_is_there(tmp_path: Path):
    table, vector = filled(tmp_path / "memory")
    table.add([{"id": -1, "text": "later", "vector": np.zeros(16, dtype=np.float32)}])
    assert holding(tmp_path, vector)

    done = purge(tmp_path, [CANARY])

    assert (done.tables, done.rows, done.left) == (1, 1, [])
    assert not holding(tmp_path, vector, vector[:16], CANARY.encode(), b"Canary", b"canary")
    again = lancedb.connect(str(tmp_path / "memory")).open_table("told")
    assert again.count_rows() == ROWS
    assert len(again.list_versions()) == 1


def test_a_row_that_was_only_hidden_is_found_in_an_older_version_and_purged(tmp_path: Path):
    table, vector = filled(tmp_path)
    table.delete("id = 300")
    assert holding(tmp_path, vector), "a deleted row's bytes stay: that is why there is a purge"

    done = purge(tmp_path, [CANARY.upper()])

    assert (done.rows, done.left) == (1, [])
    assert not holding(tmp_path, vector, vector[:16])


def test_where_nothing_is_held_nothing_is_written(tmp_path: Path):
    table, _ = filled(tmp_path)
    before = len(table.list_versions())
    done = purge(tmp_path, ["nobody@example.com", "abc", ""])
    assert (done.rows, done.left) == (0, [])
    table.checkout_latest()
    assert len(table.list_versions()) == before
    assert purge(tmp_path / "none", [CANARY]).tables == 0
