"""What is a slip and what is another value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.likeness import (
    ALIKE,
    CLOSE,
    OTHER,
    SAME,
    code_likeness,
    date_likeness,
    given_likeness,
    jaro_winkler,
    mail_likeness,
    text_likeness,
)

WORDS = st.text("abcdefghij ", max_size=12)


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [("martha", "marhta", 0.9611), ("dwayne", "duane", 0.84), ("dixon", "dicksonx", 0.8133), ("abc", "xyz", 0.0)],
)
def test_jaro_winkler_is_what_its_authors_published(one: str, other: str, score: float):
    assert jaro_winkler(one, other) == pytest.approx(score, abs=0.0001)


@given(WORDS, WORDS)
def test_jaro_winkler_is_a_share_and_one_for_equals_only(one: str, other: str):
    score = jaro_winkler(one, other)
    assert 0 <= score <= 1
    assert (score == 1) == (one == other)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("robert", "robert", SAME),
        ("robert", "bob", CLOSE),
        ("robert", "r", ALIKE),
        ("robert", "roberta", CLOSE),
        ("olivia", "oliver", ALIKE),
        ("marigold", "margold", CLOSE),
        ("robert", "edward", OTHER),
    ],
)
def test_given_names_know_short_forms_and_initials(one: str, other: str, level: int):
    assert given_likeness(one, other) == given_likeness(other, one) == level


def test_spaces_in_a_street_are_a_slip():
    assert text_likeness("milne cove", "milnecove") == CLOSE


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("2602", "2602", SAME),
        ("2602", "2603", CLOSE),
        ("2602", "2620", CLOSE),
        ("2602", "6202", CLOSE),
        ("1234", "4321", ALIKE),
        ("5", "6", OTHER),
        ("2602", "4818", OTHER),
    ],
)
def test_codes_forgive_one_slip(one: str, other: str, level: int):
    assert code_likeness(one, other) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("19800102", "19800102", SAME),
        ("19800102", "19800201", CLOSE),  # day and month exchanged
        ("19800102", "19800103", CLOSE),
        ("19800102", "19800117", ALIKE),
        ("19800102", "19550617", OTHER),
    ],
)
def test_dates_forgive_one_slip_or_an_exchange(one: str, other: str, level: int):
    assert date_likeness(one, other) == level


def test_the_same_name_at_another_provider_is_close():
    assert mail_likeness("ada@example.com", "ada@example.org") == CLOSE
    assert mail_likeness("ada@example.com", "charles@example.com") == OTHER
