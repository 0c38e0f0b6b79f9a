"""Identifiers at the edge: one way to write each, hashes keyed at once, old secrets still read, cards refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.card import holds_card, refuse_cards
from knowledge.identity.match_key import MatchKeys, key_id
from knowledge.identity.normal import Kind
from policies.errors import Refused

KEYS = MatchKeys(b"0" * 32)
CARDS = ("4242 4242 4242 4242", "5555-5555-5555-4444", "378282246310005", "2223003122003222", "6011.1111.1111.1117")


def test_the_same_digits_are_another_number_in_another_country():
    here, there = KEYS.key("phone", "020 7946 0018", "GB"), KEYS.key("phone", "020 7946 0018", "DE")
    assert here is not None
    assert here == KEYS.key("phone", "+442079460018")
    assert here != there
    assert MatchKeys(b"0" * 32, country="GB").key("phone", "020 7946 0018") == here


def test_an_extension_is_no_part_of_a_number():
    assert KEYS.key("phone", "212-555-0100 ext. 12") == KEYS.key("phone", "+12125550100")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("\uff21\uff44\uff41@example.com", "ada@example.com"),  # full width
        ("ada\u200b@example.com", "ada@example.com"),
    ],
)
def test_addresses_that_read_alike_are_one(one: str, other: str):
    assert KEYS.key("email", one) == KEYS.key("email", other) is not None


@pytest.mark.parametrize("other", ["a.da@example.com", "ada+shop@example.com"])
def test_dots_and_tags_are_left_alone_for_they_may_be_two_people(other: str):
    assert KEYS.key("email", "ada@example.com") != KEYS.key("email", other) is not None


@pytest.mark.parametrize(
    ("kind", "value"),
    [("phone", "12345"), ("phone", "+1 999"), ("phone", "call me"), ("email", "ada@localhost"), ("email", "a b@c.de")],
)
def test_what_is_none_is_not_hashed(kind: Kind, value: str):
    assert KEYS.readings(kind, value) == ()


@pytest.mark.parametrize(
    ("kind", "raw", "normal"),
    [
        ("phone", "(212) 555-0100", "+12125550100"),
        ("email", "Ada@Example.com", "ada@example.com"),
        ("loyalty", "c 1", "C1"),
    ],
)
def test_a_plain_hash_of_a_till_meets_the_identifier_and_is_not_kept(kind: Kind, raw: str, normal: str):
    plain = hashlib.sha256(normal.encode()).hexdigest()
    for told in (plain, f"sha256:{plain.upper()}"):
        key = KEYS.key(kind, told)
        assert key is not None
        assert key == KEYS.key(kind, raw)
        assert key.digest not in plain
        assert KEYS.normal(kind, told) == ""


def test_a_relay_that_holds_the_secret_sends_the_key_itself():
    key = KEYS.key("email", "ada@example.com")
    assert key is not None
    assert KEYS.key("email", f"hmac:{key.digest}") == key
    assert KEYS.key("email", f"hmac:zz.{key.digest}") is None


def test_while_secrets_are_rotated_both_are_read_and_the_present_one_comes_first():
    old = b"0" * 32
    both = MatchKeys(lambda: {"ab12": b"1" * 32, "1": old})

    present, before = both.readings("email", "ada@example.com")

    assert (key_id(present.digest), key_id(before.digest)) == ("ab12", "1")
    assert before == KEYS.key("email", "ada@example.com")
    assert both.key("email", "ada@example.com") == present


def test_strict_takes_hashes_only_and_does_not_repeat_what_it_refuses():
    strict = MatchKeys(b"0" * 32, strict=True)
    strict.refuse_raw("sha256:" + "a" * 64, "customer.email")
    strict.refuse_raw(None, "customer.email")
    with pytest.raises(Refused) as refusal:
        strict.refuse_raw("ada@example.com", "customer.email")
    assert refusal.value.code == "identifier.raw"
    assert "ada" not in f"{refusal.value.message}{refusal.value.hint}"
    KEYS.refuse_raw("ada@example.com", "customer.email")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("kind", ["loyalty", "email", "payment"])
def test_a_card_number_is_no_identifier_of_any_kind(kind: Kind, card: str):
    with pytest.raises(Refused) as refusal:
        KEYS.key(kind, card)
    assert refusal.value.code == "payment.card_number"
    assert card not in f"{refusal.value.message}{refusal.value.hint}"


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_seen_anywhere_in_a_message(card: str):
    with pytest.raises(Refused):
        refuse_cards({"lines": [{"name": f"paid with {card}, thanks"}]})
    with pytest.raises(Refused):
        refuse_cards([card.translate(str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10))))])


@pytest.mark.parametrize(
    "harmless",
    [
        "4242 4242 4242 4243",
        "gid://shopify/Order/4242424242424242",
        "+442079460018",
        "4006381333931",
        "2026-11-23 12:00",
    ],
)
def test_what_is_no_card_is_let_through(harmless: str):
    assert not holds_card(harmless)
    refuse_cards({"id": 4242424242424242, "text": harmless})


@given(st.text(max_size=80), st.sampled_from(CARDS), st.text(alphabet="abc ,:;()\n", max_size=20))
def test_whatever_stands_around_it_a_card_number_is_seen(before: str, card: str, after: str):
    assert holds_card(f"{before} : {card}{after}")
