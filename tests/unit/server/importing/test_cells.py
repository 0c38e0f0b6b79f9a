"""A cell is read exactly or not at all; what may be meant in two ways is refused."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.vocabulary.money import Money
from server.importing.cells import BadRow, Cells, Reading

CENTS = st.integers(min_value=0, max_value=10**11)


def amount(told: object, decimal: str = "", currency: str = "EUR") -> int | None:
    return Cells({"price": told}, Reading(decimal)).amount("price", currency)


def written(minor: int, point: str, group: str) -> str:
    whole, cents = divmod(minor, 100)
    return f"{whole:,}".replace(",", group) + f"{point}{cents:02}"


@given(CENTS)
def test_an_amount_is_read_to_the_cent_with_either_decimal_sign_and_with_or_without_groups(minor: int):
    for point, group in ((",", "."), (",", " "), (",", ""), (".", ","), (".", "'"), (".", "")):
        assert amount(written(minor, point, group), decimal=point) == minor
    assert amount(written(minor, ".", "")) == amount(float(Money(minor, "EUR").decimal())) == minor


@given(CENTS)
def test_an_undecided_amount_is_read_right_or_not_at_all(minor: int):
    for point, group in ((",", "."), (".", ","), (",", ""), (".", "")):
        with suppress(BadRow):
            assert amount(written(minor, point, group)) == minor


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("1,234", "cell.ambiguous"),
        ("12,3,4", "cell.ambiguous"),
        ("1.234.5,6", "cell.number"),
        ("12.345", "cell.fine"),
        ("twelve", "cell.number"),
        ("1e400", "cell.number"),
        ("nan", "cell.number"),
        ("--1", "cell.number"),
    ],
)
def test_what_is_no_amount_is_told_by_its_reason(told: str, code: str):
    with pytest.raises(BadRow) as bad:
        amount(told)
    assert (bad.value.code, bad.value.column) == (code, "price")


def test_a_yen_has_no_decimals_and_a_dinar_three():
    assert amount("1200", currency="JPY") == 1200
    assert amount("1.234", currency="KWD") == 1234
    with pytest.raises(BadRow):
        amount("12.5", currency="JPY")


def test_a_time_without_offset_is_its_locations_and_a_day_is_its_noon():
    berlin = ZoneInfo("Europe/Berlin")
    cells = Cells({"a": "2026-07-01 23:30", "b": "2026-07-01", "c": "2026-07-01T23:30:00Z"}, Reading())
    assert cells.moment("a", berlin) == datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert cells.moment("b", berlin) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert cells.moment("c", berlin) == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    told = Cells({"a": "01.07.2026 23:30"}, Reading(zone=UTC, time_format="%d.%m.%Y %H:%M"))
    assert told.moment("a", berlin) == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("told", ["31.12.2025", "2026-02-30", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_told(told: str):
    with pytest.raises(BadRow, match=r"cell\.time"):
        Cells({"at": told}, Reading()).moment("at")


def test_half_a_unit_is_no_count_and_words_are_read_through_the_files_own():
    with pytest.raises(BadRow, match=r"cell\.whole"):
        Cells({"quantity": "1.5"}, Reading()).count("quantity")
    assert Cells({"quantity": "3.0"}, Reading()).count("quantity") == 3
    own = Cells({"type": "Verkauf", "cancelled": "ja"}, Reading(values={"type": {"Verkauf": "sale"}}))
    assert own.text("type") == "sale"
    with pytest.raises(BadRow, match=r"cell\.flag"):
        own.flag("cancelled")
