"""Pairs and goods sent home are worth what they earn beyond silence, within the same limits as all offers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from knowledge.offers.arms import ANOTHER, LEAD, Asked, offerable, turn_of
from knowledge.offers.candidates import Candidate, Wanted, Why
from knowledge.offers.forms import ASSUMED, bundles, homes, terms_of
from knowledge.offers.goods import Goods
from knowledge.offers.learned import AT_FULL_PRICE, PRIORS, SAID_NOTHING, Cell, learned_of
from knowledge.offers.lottery import WHOLE, Lottery
from knowledge.offers.possible import Found, possible
from knowledge.offers.uplift import PERCENTS, all_terms
from policies.limits import Limits
from policies.vocabulary.ids import Sku

PLACE = Limits.read().place("", "")
LIMITS = PLACE.discount
AT = datetime(2026, 3, 10, tzinfo=UTC)
WANT = Wanted("JEANS", 0.3, Why.COMPANION, "TEE")


def goods(sku: str, price: int = 8_000, cost: int | None = 3_000, available: int = 5) -> Goods:
    return Goods(Sku(sku), sku.title(), "", price, "USD", cost, available, AT)


def single(chance: float = 0.3, **more: int) -> Candidate:
    response = PRIORS.response("new")
    want = replace(WANT, chance=chance)
    return offerable([want], {"JEANS": goods("JEANS", **more)}, LIMITS, response, currency="USD", unknown_costs=False)[
        0
    ]


def pair(partner: Goods, **more: int) -> list[Candidate]:
    return bundles([single(**more)], {"TEE": partner}, LIMITS, PRIORS.response("new"))


def sent(online: Goods, here: Goods | None = None, *, sending: int = 600) -> list[Candidate]:
    shelf = {} if here is None else {"JEANS": here}
    told = {"sending": sending, "currency": "USD"}
    return homes([WANT], shelf, {"JEANS": online}, LIMITS, PRIORS.of("home").response("new"), **told)  # pyright: ignore[reportArgumentType]


def test_a_pairs_percentage_is_taken_off_both_and_only_what_the_basket_lacks_is_won_by_it():
    (bundle,) = pair(goods("TEE", 3_000, 1_000))
    terms = {each.percent_bp: each for each in terms_of(bundle, PRIORS.response("new"), LIMITS)}
    alone = {each.percent_bp: each for each in all_terms(8_000, 3_000, 0.3, LIMITS, PRIORS.response("new"))}
    for percent in PERCENTS:
        assert terms[percent].amount == 11_000 * percent // WHOLE
        assert terms[percent].chance == alone[percent].chance
        dearer = (terms[percent].amount - alone[percent].amount) * terms[percent].chance
        assert abs(alone[percent].gain - terms[percent].gain - dearer) <= 1


def test_goods_with_little_margin_are_told_of_at_full_price_and_the_shelfs_own_never():
    (one,) = sent(goods("JEANS", 8_000, 6_000))
    terms = {each.percent_bp: each for each in terms_of(one, PRIORS.of("home").response("new"), LIMITS)}
    assert (one.terms.percent_bp, one.terms.amount) == (0, 0)
    assert one.terms.gain > terms[500].gain
    # told 0.5 of 0.3 at a margin of 1400 after the parcel, untold 0.15 of 0.3 at one of 2000, a cent of attention
    assert one.terms.gain == 210 - 90 - 1
    assert 0 not in {each.percent_bp for each in terms_of(single(cost=6_000), PRIORS.response("new"), LIMITS)}


def test_what_was_told_at_full_price_is_learned_by_itself_and_is_not_silence():
    kind = "new"
    told = Cell(400, 80.0, 8)
    cells = {(kind, AT_FULL_PRICE, 2): told, **{(kind, percent, 2): Cell(400, 80.0, 60) for percent in PERCENTS}}
    waits = learned_of({"home": cells}, AT).of("home")
    assert waits.response(kind).told[0] < 0.7 * waits.response(kind).told[2_000]
    assert waits.response(kind).unaided == pytest.approx(ASSUMED["home"].unaided)
    alike = {(kind, percent, 2): Cell(400, 80.0, 60) for percent in (AT_FULL_PRICE, *PERCENTS)}
    flat = learned_of({"home": alike}, AT).of("home").response(kind)
    assert flat.told[0] > 0.8 * flat.told[2_000]


def test_a_pair_keeps_its_floor_together_to_the_cent():
    # at 5 % off the pair, 10 % of what is paid remain over both costs, or one cent less does
    paid = 11_000 - 550
    for more, expected in ((0, 4), (1, 3)):
        partner = goods("TEE", 3_000, paid - paid // 10 - 3_000 + more)
        found = all_terms(
            8_000, 3_000, 0.3, LIMITS, PRIORS.response("new"), with_price=3_000, with_cost=partner.unit_cost or 0
        )
        assert (500 in {each.percent_bp for each in found}) is (expected == 4)


def test_a_pair_needs_what_is_in_the_basket_and_both_costs():
    assert len(pair(goods("TEE"))) == 1
    assert pair(goods("TEE", cost=None)) == []
    assert bundles([single()], {"HAT": goods("HAT")}, LIMITS, PRIORS.response("new")) == []
    euros = replace(goods("TEE"), currency="EUR")
    assert pair(euros) == []
    looked_at = replace(single(), wanted=replace(WANT, why=Why.VIEWED))
    assert bundles([looked_at], {"TEE": goods("TEE")}, LIMITS, PRIORS.response("new")) == []


def test_only_what_is_not_on_the_shelf_and_is_in_stock_online_is_sent_home():
    assert len(sent(goods("JEANS"))) == 1
    assert len(sent(goods("JEANS"), goods("JEANS", available=0))) == 1
    assert sent(goods("JEANS"), goods("JEANS", available=1)) == []
    assert sent(goods("JEANS", available=0)) == []
    assert sent(goods("JEANS", cost=None)) == []
    assert sent(replace(goods("JEANS"), currency="EUR")) == []


def test_a_parcel_costs_what_it_costs_in_gain_and_floor():
    free, dear = (sent(goods("JEANS"), sending=each)[0] for each in (0, 600))
    assert dear.terms.gain < free.terms.gain
    # 8000 - 400 - 3840 leave 3760, of which a tenth of 7600 has to stay: a parcel of 3000 is the dearest
    for sending, expected in ((3_000, True), (3_001, False)):
        found = sent(goods("JEANS", cost=3_840), sending=sending)
        assert (500 in {each.percent_bp for one in found for each in terms_of(one, ONLY, LIMITS)}) is expected


ONLY = PRIORS.of("home").response("new")


def test_without_counts_every_form_has_its_own_priors():
    assert PRIORS.of("bundle").response("new") == ASSUMED["bundle"].response()
    assert PRIORS.of("home").response("new") == ASSUMED["home"].response()
    assert PRIORS.of("home").response("new").unaided < PRIORS.response("new").unaided


def test_what_is_learned_of_one_form_does_not_move_another():
    told = {("new", percent, 2): Cell(4_000, 800.0, 2_400) for percent in PERCENTS}
    learned = learned_of({"bundle": told}, AT)
    assert learned.of("bundle").response("new").told[1_000] > 2
    assert learned.response("new").told == PRIORS.response("new").told
    assert learned.of("home").response("new") == PRIORS.of("home").response("new")


def test_silence_over_goods_on_the_shelf_teaches_single_offers_and_pairs_alike():
    silence = {("new", SAID_NOTHING, 2): Cell(4_000, 800.0, 780)}
    learned = learned_of({"bundle": silence}, AT)
    assert learned.response("new").unaided > 0.9
    both = learned_of({"single": silence, "bundle": {("new", 500, 2): Cell(1, 0.2, 0)}}, AT)
    assert both.of("bundle").response("new").unaided > 0.9


def test_another_form_gets_its_floor_beside_the_lead():
    found = possible(
        [WANT],
        Found({"JEANS": goods("JEANS")}, {"TEE": goods("TEE", 3_000, 1_000)}),
        PLACE,
        None,
        PRIORS,
        kind="new",
        currency="USD",
        unknown_costs=False,
    )
    assert [one.form for one in found] == ["single", "bundle"]
    turn = turn_of(found, PRIORS, LIMITS, Lottery(b"s", 0, 500), Asked("o", None, "new"))
    assert turn is not None
    arms = {arm.name: arm for arm in turn.arms}
    assert (arms[ANOTHER].bp, arms[ANOTHER].offers[0].form) == (500, "bundle")
    assert {one.form for one in arms[LEAD].offers} == {"single"}
    assert sum(arm.bp for arm in turn.arms) == WHOLE
