"""What is drawn follows from the record alone, keeps every limit, and is silence when nothing clears the bar."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from knowledge.offers.arms import BESIDE, LEAD, SILENCE, TRIED, Asked, Turn, offerable, same_again, turn_of
from knowledge.offers.candidates import Candidate, Wanted, Why
from knowledge.offers.goods import Goods
from knowledge.offers.learned import PRIORS, Cell, Learned
from knowledge.offers.lottery import NO_LOTTERY, WHOLE, Lottery
from knowledge.offers.uplift import DEFAULT, PERCENTS
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef, Sku

LIMITS = Limits.read().place("", "").discount
ADA = CustomerRef("c_ada")
AT = datetime(2026, 3, 10, tzinfo=UTC)
DRAWS = Lottery(b"secret", 500, 500)
SURE_THINGS = Learned({("regular.full_price", percent, 2): Cell(4_000, 800.0, 760) for percent in (0, *PERCENTS)})


def goods(sku: str, price: int = 8_000, cost: int | None = 3_000) -> Goods:
    return Goods(Sku(sku), sku.title(), "", price, "USD", cost, 5, AT)


def offers(chances: dict[str, float], learned: Learned = PRIORS, kind: str = "new", price: int = 8_000):
    wants = [Wanted(sku, chance, Why.COMPANION, "TEE") for sku, chance in chances.items()]
    here = {sku: goods(sku, price) for sku in chances}
    return offerable(wants, here, LIMITS, learned.response(kind), currency="USD", unknown_costs=False)


def draw(
    found: list[Candidate], lottery: Lottery, occasion: str = "o", *, customer: CustomerRef | None = ADA, **more: object
) -> Turn | None:
    kind, learned = str(more.get("kind", "new")), more.get("learned", PRIORS)
    assert isinstance(learned, Learned)
    return turn_of(found, learned, LIMITS, lottery, Asked(occasion, customer, kind))


def test_without_a_lottery_the_best_offer_is_always_made():
    turn = draw(offers({"JEANS": 0.3}), NO_LOTTERY)
    assert turn is not None
    assert (turn.arm.name, turn.arm.bp) == (LEAD, WHOLE)


def test_nothing_is_drawn_where_nothing_is_worth_saying_or_finding_out():
    assert draw(offers({"PIN": 0.01}, price=200), DRAWS) is None
    assert draw([], DRAWS) is None


def test_every_arm_has_its_floor_and_arms_come_as_often_as_they_say():
    found = offers({"JEANS": 0.3, "HAT": 0.1})
    drawn = Counter[str]()
    for place in range(6_000):
        turn = draw(found, DRAWS, f"o{place}", customer=None)
        assert turn is not None
        assert sum(arm.bp for arm in turn.arms) == WHOLE
        assert all(arm.bp >= DRAWS.floor_bp for arm in turn.arms)
        drawn[turn.arm.name] += 1
    assert {name: round(count / 6_000, 1) for name, count in drawn.items()} == {LEAD: 0.9, SILENCE: 0.1, BESIDE: 0.1}
    assert abs(drawn[SILENCE] / 6_000 - 0.05) < 0.01


def test_a_known_customers_silence_is_the_hold_out_and_a_strangers_is_drawn():
    found = offers({"JEANS": 0.3})
    known, stranger = draw(found, DRAWS), draw(found, DRAWS, customer=None)
    assert known is not None
    assert stranger is not None
    assert (known.arms[0].bp, stranger.arms[0].bp) == (0, 500)


def test_a_held_out_customer_gets_silence_whatever_the_number():
    lottery = Lottery(b"secret", 5_000, 500)
    out = next(CustomerRef(f"c_{n}") for n in range(100) if lottery.holds_out("", CustomerRef(f"c_{n}")))
    for place in range(200):
        turn = draw(offers({"JEANS": 0.3}), lottery, f"o{place}", customer=out)
        assert turn is not None
        assert (turn.arm.name, turn.held_out) == (SILENCE, True)


def test_buyers_who_buy_anyway_get_silence_and_now_and_then_a_try_while_it_may_be_wrong():
    kind = "regular.full_price"
    sure = offers({"JEANS": 0.2}, SURE_THINGS, kind)
    assert draw(sure, NO_LOTTERY, kind=kind, learned=SURE_THINGS) is None
    little = Learned({(kind, percent, 2): Cell(40, 8.0, 8) for percent in (0, *PERCENTS)})
    turn = draw(offers({"JEANS": 0.2}, little, kind), DRAWS, kind=kind, learned=little)
    assert turn is not None
    assert [(arm.name, arm.bp) for arm in turn.arms] == [(SILENCE, 9_500), (TRIED, 500)]


def test_silence_tells_of_the_offer_it_stands_for():
    found, lottery = offers({"JEANS": 0.3}), Lottery(b"secret", 0, 500)
    turns = [draw(found, lottery, f"o{place}") for place in range(300)]
    silent = next(turn for turn in turns if turn is not None and turn.arm.name == SILENCE)
    facts = silent.facts(lottery)
    assert (facts["sku"], facts["percent_bp"], facts["chance_ppm"]) == ("JEANS", 0, 300_000)


@given(
    st.dictionaries(st.sampled_from(["A", "B", "C", "D"]), st.floats(0.0, 1.0), min_size=1),
    st.text(max_size=20),
    st.binary(max_size=8),
    st.integers(0, 5_000),
    st.integers(0, 2_500),
    st.none() | st.just(ADA),
)
def test_whatever_is_drawn_comes_out_the_same_from_its_record(  # noqa: PLR0913, PLR0917
    chances: dict[str, float], occasion: str, secret: bytes, holdout: int, floor: int, customer: CustomerRef | None
):
    lottery = Lottery(secret, holdout, floor)
    turn = draw(offers(chances), lottery, occasion, customer=customer)
    if turn is None:
        return
    facts = turn.facts(lottery)
    assert json.loads(json.dumps(facts)) == facts
    assert same_again(facts, lottery, customer)
    other = {LEAD: SILENCE}.get(facts["arm"], LEAD)
    assert not same_again({**facts, "arm": other}, lottery, customer)
    assert not same_again({**facts, "number": (facts["number"] + 1) % WHOLE}, lottery, customer)
    for arm in turn.arms:
        for one in arm.offers:
            assert one.terms.amount <= LIMITS.transaction_max
            assert one.terms.percent_bp <= LIMITS.percent_bp
            assert arm.name == TRIED or one.terms.gain >= DEFAULT.bar


def test_goods_of_an_unknown_cost_are_never_tried():
    kind = "regular.full_price"
    little = Learned({(kind, percent, 2): Cell(40, 8.0, 8) for percent in (0, *PERCENTS)})
    found = [replace(one, goods=replace(one.goods, unit_cost=None)) for one in offers({"JEANS": 0.2}, little, kind)]
    assert draw(found, DRAWS, kind=kind, learned=little) is None
