"""Code, message and discount say the same, however the message writes its figures."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.actions.discount import Discount
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.figures_said import Figure, figures
from tools.words_agree import agree


def discount(
    basis_points: int = 1_500, *, base: int = 10_000, code: str = "THABCDEFGH23", sku: str = "JEANS"
) -> Discount:
    percent, price = Percent(basis_points), Money(base, "USD")
    return Discount(
        store=LocationId("S1"),
        customer=None,
        transaction="T1",
        code=code,
        percent=percent,
        skus=(Sku(sku),),
        base=price,
        amount=price.share(percent),
        valid_until=datetime(2026, 11, 20, tzinfo=UTC),
    )


FIFTEEN = discount()  # 15 % of $100.00: $15.00

TRUE = [
    None,
    "",
    "A little something for you.",
    "15% off",
    "15 % off",
    "15\u00a0% off",
    "15.0 % off",
    "15,0 % off",
    "fifteen percent off",
    "Fifteen per cent off!",
    "fifteen-percent off",
    "15 pct off",
    "１５％ off",  # noqa: RUF001  # as a Japanese keyboard types it
    "1\u200b5% off",
    "٢٥ reasons to take 15% off",
    "$15 off",
    "$15.00 off",
    "15 dollars off",
    "fifteen dollars less",
    "USD 15 off",
    "15.00 USD off",
    "15 bucks off",
    "1500 cents off",
    "15 off with code THABCDEFGH23",
    "Save 15 with code: THABCDEFGH23",
    "Save fifteen",
    "Levi 501 jeans: 15% off",
    "2 shirts, 15% off",
    "Only 5 left, 15% off",
    "Open until 20:00, 15% off",
]
FALSE = [
    "10% off",
    "10 % off",
    "ten percent off",
    "Twenty-five percent off",
    "twenty percent off",
    "one hundred percent off",
    "one hundred and fifteen percent off",
    "a hundred per cent off",
    "115% off",
    "1.5% off",
    "15.5% off",
    "150% off",
    "10 off",
    "Save 20",
    "save twenty",
    "$10 off",
    "$1,500 off",
    "$1500 off",
    "€10 off",
    "10 dollars off",
    "ten dollars off",
    "10 euros off",
    "15 cents off",
    "half price",
    "Half off!",
    "½ price",
    "a third off",
    "a quarter off",
    "free",
    "Two for one",
    "BOGO",
    "15% off, plus an extra 5%",
    "10% to 15% off",
    "10-15% off",
    "15–20% off",  # noqa: RUF001
    "10 or 15 percent off",
    "1O% off",
    "some % off",
    "percent off",
    "$ off",
    "٢٠٪ off",
    "٢٠ percent off",
    "zehn prozent 10 prozent",
    "Use code SAVE20 for 15% off",
    "15% off with code WELCOME15",
    "code: welcome10",
    "15% off with THABCDEFGH24",
]


@pytest.mark.parametrize("message", TRUE)
def test_what_is_true_may_be_said_in_any_form(message: str | None):
    assert agree(message, FIFTEEN)


@pytest.mark.parametrize("message", FALSE)
def test_another_percentage_amount_or_code_may_not(message: str):
    assert not agree(message, FIFTEEN)


@pytest.mark.parametrize("message", [5, True, ["15% off"], {"text": "15% off"}])
def test_what_is_no_text_agrees_with_nothing(message: object):
    assert not agree(message, FIFTEEN)


def test_the_requests_own_contradiction_is_refused():
    assert not agree("Welcome back! Enjoy 15% off.", discount(1_000, code="WELCOME10"))
    assert not agree("Welcome back! Enjoy 15% off.", discount(1_500, code="WELCOME10"))
    assert agree("Welcome back! Enjoy 10% off.", discount(1_000, code="WELCOME10"))


@pytest.mark.parametrize(("code", "agrees"), [("SAVE15", True), ("SAVE-15", True), ("SAVE10", False), ("SAVE", True)])
def test_a_code_that_says_a_figure_itself_says_the_right_one(code: str, agrees: bool):
    assert agree(None, discount(code=code)) is agrees
    assert agree(None, discount(1_000, code=code)) is (code in {"SAVE10", "SAVE"})


@pytest.mark.parametrize("code", ["THABCDEFGH23", "TH-ABCDEFGHIJ24", "TH-000010", "SUMMER2026"])
def test_a_code_that_was_drawn_or_holds_a_longer_number_says_none(code: str):
    assert agree(None, discount(code=code))


def test_goods_may_be_named_whatever_their_names_hold_unless_the_name_promises():
    assert agree("MACBOOK16 at 15% off", FIFTEEN, ["MACBOOK16"])
    assert not agree("MACBOOK16 at 15% off", FIFTEEN)
    assert not agree("50% Wool Scarf", FIFTEEN, ["50% Wool Scarf"])
    assert agree("PANTS30 for you", discount(sku="PANTS30"))


def test_the_percentage_may_be_finer_than_whole():
    fine = discount(1_250)
    assert agree("12.5% off", fine)
    assert agree("12,5 % off", fine)
    assert not agree("12% off", fine)


@given(st.integers(1, 100), st.integers(1, 100), st.sampled_from(["{}% off", "{} % off", "{} percent off", "save {}%"]))
def test_exactly_its_own_percentage_agrees(real: int, said: int, form: str):
    assert agree(form.format(said), discount(real * 100, base=1_000_000)) is (real == said)


@given(st.text(max_size=40))
def test_any_text_at_all_gets_an_answer(text: str):
    assert agree(text, FIFTEEN) in {True, False}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("15% and $3", ["share", "amount"]),
        ("ninety-nine cents", ["amount"]),
        ("5 off", ["bare"]),
        ("%", ["unreadable"]),
    ],
)
def test_figures_are_told_by_their_kind(text: str, kinds: list[str]):
    assert [figure.kind for figure in figures(text)] == kinds
    assert all(isinstance(figure, Figure) for figure in figures(text))
