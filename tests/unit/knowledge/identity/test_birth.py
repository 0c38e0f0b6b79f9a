"""A day of birth is one that somebody alive may have been born on, and said so."""

from datetime import date

import pytest

from knowledge.identity.birth import born

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1963-03-03", "19630303"),
        (" 1963-03-03T00:00:00Z ", "19630303"),
        ("2026-03-10", "20260310"),
        ("2026-03-11", ""),  # not yet
        ("1911-12-31", "19111231"),
        ("1910-12-31", ""),  # nobody is so old
        ("1970-01-01", ""),  # written for whoever did not say
        ("0000-00-00", ""),
        ("03/04/1963", ""),  # of which month?
        ("", ""),
    ],
)
def test_only_a_day_somebody_told_is_kept(written: str, expected: str):
    assert born(written, TODAY) == expected
