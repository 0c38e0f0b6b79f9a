"""Draws are as good as random, the same every time, and nobody foresees them without the secret."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.offers.lottery import NO_LOTTERY, WHOLE, Lottery
from policies.vocabulary.ids import CustomerRef

CUSTOMERS = [CustomerRef(f"c_{number}") for number in range(20_000)]


def test_one_customer_in_twenty_is_held_out_and_the_same_ones_every_time():
    lottery, again = Lottery(b"secret", 500), Lottery(b"secret", 500)
    out = [one for one in CUSTOMERS if lottery.holds_out("SPRING", one)]
    assert abs(len(out) / len(CUSTOMERS) - 0.05) < 0.005
    assert out == [one for one in CUSTOMERS if again.holds_out("SPRING", one)]


def test_campaigns_hold_out_different_customers_and_so_do_other_secrets():
    lottery, other = Lottery(b"secret", 5_000), Lottery(b"another", 5_000)
    spring = [lottery.holds_out("SPRING", one) for one in CUSTOMERS]
    for rest in (
        [lottery.holds_out("SUMMER", one) for one in CUSTOMERS],
        [other.holds_out("SPRING", one) for one in CUSTOMERS],
    ):
        alike = sum(one == two for one, two in zip(spring, rest, strict=True)) / len(CUSTOMERS)
        assert abs(alike - 0.5) < 0.02


def test_a_larger_share_holds_out_the_same_customers_and_more():
    few, many = Lottery(b"s", 500), Lottery(b"s", 1_000)
    assert all(many.holds_out("", one) for one in CUSTOMERS if few.holds_out("", one))


def test_a_share_of_nothing_holds_out_nobody_and_a_stranger_never_is():
    assert not any(NO_LOTTERY.holds_out("", one) for one in CUSTOMERS[:1_000])
    assert not Lottery(b"s", WHOLE).holds_out("", None)


def test_numbers_fill_their_range_evenly():
    lottery = Lottery(b"secret")
    numbers = [lottery.number(f"occasion-{place}") for place in range(20_000)]
    tenths = [sum(number // 1_000 == tenth for number in numbers) / len(numbers) for tenth in range(10)]
    assert all(abs(share - 0.1) < 0.01 for share in tenths)


@given(st.text(), st.binary())
def test_a_number_is_one_of_ten_thousand_and_drawn_alike_again(occasion: str, secret: bytes):
    number = Lottery(secret).number(occasion)
    assert 0 <= number < WHOLE
    assert number == Lottery(secret).number(occasion)
