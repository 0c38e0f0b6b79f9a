"""No cent is lost: amounts are exact, shares are rounded once and fairly, currencies never mix."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import Refused
from policies.vocabulary.money import Money, exponent, round_half_even
from policies.vocabulary.percent import Percent
from policies.vocabulary.quantity import Quantity

CENTS = st.integers(-(10**12), 10**12)
SHARES = st.integers(0, 10_000)
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "EUR"])


@given(CENTS, CURRENCIES)
def test_an_amount_read_from_its_own_text_is_the_same(minor: int, currency: str):
    money = Money(minor, currency)
    amount, code = str(money).split(" ")
    assert Money.parse(amount, code) == money


@given(CENTS, CENTS)
def test_adding_and_taking_away_again_changes_nothing(one: int, other: int):
    assert Money(one, "USD") + Money(other, "USD") - Money(other, "USD") == Money(one, "USD")


@given(CENTS, SHARES)
def test_a_share_is_the_exact_one_rounded_half_to_even(minor: int, basis_points: int):
    with localcontext(prec=60):
        exact = Decimal(minor) * basis_points / 10_000
        assert Money(minor, "USD").share(Percent(basis_points)).minor == int(exact.to_integral_value("ROUND_HALF_EVEN"))


@given(st.integers(0, 10**12), SHARES)
def test_a_share_lies_between_nothing_and_everything(minor: int, basis_points: int):
    assert 0 <= Money(minor, "USD").share(Percent(basis_points)).minor <= minor


@pytest.mark.parametrize(("numerator", "rounded"), [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (4, 0), (6, 1)])
def test_half_a_cent_goes_to_the_even_one(numerator: int, rounded: int):
    assert round_half_even(numerator, 10) == rounded


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("29.99", "USD", 2999),
        ("29.990", "USD", 2999),
        ("0", "USD", 0),
        ("-1.5", "USD", -150),
        ("1500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("1E+2", "USD", 10_000),
    ],
)
def test_decimal_amounts_are_read_exactly(amount: str, currency: str, minor: int):
    assert Money.parse(amount, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("29.999", "USD"),
        ("1.5", "JPY"),
        ("1.2345", "KWD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("", "USD"),
        ("ten", "USD"),
        ("1,50", "USD"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(amount: str, currency: str):
    with pytest.raises(Refused) as refusal:
        Money.parse(amount, currency)
    assert refusal.value.code == "money.amount"


@pytest.mark.parametrize("currency", ["", "US", "USDX", "usd", "ÜSD", "U D"])
def test_a_currency_is_three_capital_letters(currency: str):
    with pytest.raises(Refused) as refusal:
        Money(1, currency)
    assert refusal.value.code == "money.currency"


def test_currencies_are_neither_added_nor_compared():
    for mixed in (
        lambda: Money(1, "USD") + Money(1, "EUR"),
        lambda: Money(1, "USD") - Money(1, "EUR"),
        lambda: Money(1, "USD") < Money(1, "EUR"),
        lambda: Money(1, "USD") <= Money(1, "EUR"),
    ):
        with pytest.raises(Refused) as refusal:
            mixed()
        assert refusal.value.code == "money.mixed_currencies"


def test_a_computed_sum_is_rounded_at_the_minor_unit():
    assert Money.round(Decimal("1.005"), "USD") == Money(100, "USD")
    assert Money.round(Decimal("1.015"), "USD") == Money(102, "USD")
    assert Money.round(Decimal("10.5"), "JPY") == Money(10, "JPY")


def test_money_compares_multiplies_and_turns_around():
    assert Money(1, "USD") < Money(2, "USD") <= Money(2, "USD")
    assert not Money(2, "USD") < Money(2, "USD")
    assert (Money(3, "USD") * 4, -Money(3, "USD")) == (Money(12, "USD"), Money(-3, "USD"))
    assert [exponent(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]


@pytest.mark.parametrize(("basis_points", "text"), [(0, "0%"), (1000, "10%"), (1250, "12.5%"), (1, "0.01%")])
def test_a_percentage_reads_as_a_person_writes_it(basis_points: int, text: str):
    assert str(Percent(basis_points)) == text


def test_a_percentage_lies_between_none_and_all():
    assert Percent.whole(100) == Percent(10_000)
    assert Percent(0) < Percent(1)
    for beyond in (-1, 10_001):
        with pytest.raises(Refused):
            Percent(beyond)


def test_a_quantity_never_becomes_negative():
    assert Quantity(2) + Quantity(3) - Quantity(5) == Quantity(0)
    with pytest.raises(Refused):
        _ = Quantity(2) - Quantity(3)
