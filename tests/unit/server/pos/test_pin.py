"""A PIN is kept so that nobody can read it back, and weak ones are not taken."""

import pytest

from policies.errors import Refused
from server.pos.pin import LONGEST, NOBODYS, SHORTEST, is_right, keep_pin

KEY = b"k" * 32


def test_the_right_pin_under_the_same_key_is_right_and_nothing_else_is():
    kept = keep_pin("482913", KEY)
    assert is_right("482913", kept, KEY)
    for pin, key in (("482914", KEY), ("48291", KEY), ("4829130", KEY), ("", KEY), ("482913", b"o" * 32)):
        assert not is_right(pin, kept, key)


def test_two_with_the_same_pin_are_kept_apart_and_neither_holds_its_digits():
    one, two = keep_pin("482913", KEY), keep_pin("482913", KEY)
    assert one.salt != two.salt
    assert one.digest != two.digest
    assert b"482913" not in one.salt + one.digest


@pytest.mark.parametrize(
    "pin",
    [
        "4" * 6,
        "123456",
        "987654",
        "901234",
        "48291",
        "48291348291",
        "48291a",
        "",
        "\uff14\uff18\uff12\uff19\uff11\uff13",
    ],
)
def test_what_anybody_would_try_first_is_not_taken(pin: str):
    with pytest.raises(Refused) as caught:
        keep_pin(pin, KEY)
    assert caught.value.code == "pin.weak"
    assert pin not in caught.value.message or not pin


@pytest.mark.parametrize("digits", [SHORTEST, LONGEST])
def test_as_few_and_as_many_digits_as_may_be_are_taken(digits: int):
    pin = "4829137506"[:digits]
    assert is_right(pin, keep_pin(pin, KEY), KEY)


def test_no_pin_is_nobodys():
    assert not any(is_right(pin, NOBODYS, KEY) for pin in ("", "000000", "482913"))
