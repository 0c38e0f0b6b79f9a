"""A list reaches PostgreSQL as it is, whatever is in it, and comes back the same."""

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import connect
from psycopg.errors import DataError
from sqlalchemy import text

from knowledge.store.column import ColumnDumper
from knowledge.store.session import Database

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
NASTY = st.sampled_from(['"', "\\", '\\"', "NULL", "null", "", " ", "{}", "a,b", "{a}", "\n", "\u2028", "'"])
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # given one
COLUMNS = {
    "text": st.lists(st.none() | WORDS | NASTY),
    "bigint": st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)),
    "float8": st.lists(st.none() | st.floats(allow_nan=False)),
    "boolean": st.lists(st.none() | st.booleans()),
    "timestamptz": st.lists(st.none() | MOMENTS),
    "date": st.lists(st.none() | st.dates()),
    "bytea": st.lists(st.none() | st.binary(max_size=4)),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_comes_back_as_it_went(kind: str, database_url: str):
    with connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.adapters.register_dumper(list, ColumnDumper)

        @given(COLUMNS[kind])
        def check(column: list[Any]) -> None:
            row = connection.execute(f"SELECT CAST(%s AS {kind}[])".encode(), [column]).fetchone()
            assert row == (column,)

        check()


@pytest.mark.anyio
async def test_what_cannot_be_kept_is_refused_and_not_cut_off(database: Database):
    asked = text("SELECT CAST(:column AS text[]) AS column")
    async with database.reading() as connection:
        with pytest.raises(DataError):
            await connection.execute(asked, {"column": ["kept", "cut\0off"]})


@pytest.mark.anyio
async def test_odd_numbers_and_lists_of_lists_are_spelled_too(database: Database):
    asked = text("SELECT CAST(:odd AS float8[]) AS odd, CAST(:nested AS int[]) AS nested, CAST(:none AS int[]) AS none")
    sent = {"odd": [math.inf, -math.inf, 5e-324], "nested": [[1, 2], [3, 4]], "none": [None, None]}
    async with database.reading() as connection:
        assert dict((await connection.execute(asked, sent)).mappings().one()) == sent


@pytest.mark.anyio
async def test_days_are_compared_as_days(database: Database):
    asked = text("SELECT count(*) FROM unnest(CAST(:days AS date[])) AS day WHERE day = ANY(CAST(:others AS date[]))")
    days = [date(2026, 2, 28), date(2026, 3, 1)]
    async with database.reading() as connection:
        assert (await connection.execute(asked, {"days": days, "others": days[:1]})).scalar_one() == 1
