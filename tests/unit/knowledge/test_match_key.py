"""Identifiers meet when they are equal, and cannot be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.card import looks_like_card
from knowledge.identity.match_key import MatchKeys
from policies.errors import Refused

KEYS = MatchKeys(b"0" * 32)
CARD = "4242 4242 4242 4242"  # a published test number


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Ada@Example.com", " ada@example.com"),
        ("phone", "+1 (212) 555-0100", "2125550100"),
        ("loyalty", "cust_456", "CUST_456 "),
    ],
)
def test_ways_of_writing_one_identifier_make_one_key(kind: str, one: str, other: str):
    assert KEYS.key(kind, one) == KEYS.key(kind, other) is not None  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("masked", ["[email protected]", "", "   ", "ada", "ada@", "a@b"])
def test_what_is_no_address_counts_as_missing(masked: str):
    assert KEYS.key("email", masked) is None


def test_the_same_text_of_another_kind_or_key_is_another_key():
    assert KEYS.key("loyalty", "5550100999") != KEYS.key("phone", "+15550100999")
    assert KEYS.key("loyalty", "X1") != MatchKeys(b"1" * 32).key("loyalty", "X1")


def test_a_card_number_is_refused_and_a_token_is_not():
    with pytest.raises(Refused, match="card number") as refusal:
        KEYS.key("payment", CARD)
    assert CARD not in str(refusal.value)
    assert KEYS.key("payment", "tok_1N3T00LkdIwHu7ix") is not None


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_exactly_one_check_digit_makes_a_card_number(body: str):
    assert sum(looks_like_card(body + digit) for digit in "0123456789") == 1


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        MatchKeys(b"short")
