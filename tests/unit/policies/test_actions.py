"""Actions are exact, survive storage, and know what undoes them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.actions.action import Effect
from policies.actions.any_action import KINDS, AnyAction, read_action
from policies.actions.discount import Discount, EndDiscount
from policies.actions.forecast_override import CancelForecastOverride, ForecastOverride
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import CancelReorder, OrderLine, Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.stock_sync import StockSync
from policies.actions.transfer import CancelTransfer, Transfer, TransferLine
from policies.errors import Refused
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent

S1, S2 = LocationId("S1"), LocationId("S2")
UNTIL = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def discount(base: int = 10_000, share: int = 1_000, **more: Any) -> Discount:
    money = Money(base, "USD")
    amount = more.pop("amount", money.share(Percent(share)))
    return Discount(
        store=S1,
        customer=CustomerRef("c_1"),
        transaction="T1",
        code="TH-123456",
        percent=Percent(share),
        skus=(Sku("A"),),
        base=money,
        amount=amount,
        valid_until=UNTIL,
        **more,
    )


def transfer(*skus: str, destination: LocationId = S2) -> Transfer:
    lines = tuple(TransferLine(sku=Sku(sku), units=2) for sku in skus)
    return Transfer(origin=S1, destination=destination, lines=lines, value=Money(500, "USD"), reference="tillhand-1")


def sync(after: int = 8) -> StockSync:
    value = Money(1_500, "USD") * abs(after - 9)
    return StockSync(store=S1, sku=Sku("A"), before=9, after=after, value=value, reference="sync-1")


def adjustment(delta: int, reference: str = "tillhand-1") -> StockAdjustment:
    return StockAdjustment(
        store=S1, sku=Sku("A"), delta=delta, expected=7, value=Money(500, "USD"), reference=reference
    )


def order(*skus: str, **more: Any) -> Reorder:
    lines = tuple(OrderLine(sku=Sku(sku), units=12, unit_cost=200) for sku in skus)
    told: dict[str, Any] = {"value": Money(2_400 * len(skus), "USD"), **more}
    return Reorder(vendor="Loom", store=S1, lines=lines, reference="tillhand-1", **told)


def override(**more: Any) -> ForecastOverride:
    told: dict[str, Any] = {"percent": 10, "first": date(2026, 11, 23), "last": date(2026, 11, 29), **more}
    told |= {"cause": "local_event", "words": "street fair", "value": Money(900, "USD"), "reference": "tillhand-1"}
    return ForecastOverride(store=S1, sku=Sku("A"), **told)


def message(**more: Any) -> Message:
    told: dict[str, Any] = {"channel": "sms", "purpose": "marketing", "text": "Come in. Reply STOP to stop."}
    told |= {"worth": Money(0, "USD"), **more}
    return Message(store=S1, customer=CustomerRef("c_1"), **told)


def link(says: Literal["link", "apart"] = "link") -> ProfileLink:
    return ProfileLink(store=S1, one=CustomerRef("c_1"), other=CustomerRef("c_2"), says=says, currency="USD")


ACTIONS: list[AnyAction] = [
    discount(),
    EndDiscount(store=S1, code="TH-123456", reference="gid://1", amount=Money(1_000, "USD")),
    transfer("A", "B"),
    CancelTransfer(origin=S1, destination=S2, reference="gid://2", value=Money(500, "USD")),
    adjustment(-3),
    sync(),
    message(),
    link(),
    order("A", "B"),
    CancelReorder(vendor="Loom", store=S1, reference="tillhand-1.csv", value=Money(4_800, "USD")),
    override(),
    CancelForecastOverride(store=S1, sku=Sku("A"), reference="action-1", currency="USD"),
]


@pytest.mark.parametrize("action", ACTIONS, ids=[action.kind for action in ACTIONS])
def test_an_action_read_back_from_storage_is_the_same(action: AnyAction):
    assert read_action(action.facts()) == action
    assert read_action(action.facts()).facts() == action.facts()


def test_every_kind_of_action_is_told_apart():
    assert tuple(action.kind for action in ACTIONS) == KINDS
    with pytest.raises(ValidationError):
        read_action({"kind": "refund"})
    with pytest.raises(ValidationError):
        read_action({**discount().facts(), "extra": 1})


@pytest.mark.parametrize("action", ACTIONS, ids=[action.kind for action in ACTIONS])
def test_what_has_an_inverse_is_a_write_and_what_has_none_is_irreversible(action: AnyAction):
    assert (action.inverse("gid://1") is not None) == (action.effect is Effect.WRITE)


def test_each_inverse_takes_back_exactly_what_was_done():
    ended = discount().inverse("gid://9")
    assert (ended.code, ended.reference, ended.money_at_stake) == ("TH-123456", "gid://9", Money(0, "USD"))
    cancelled = transfer("A").inverse("gid://9")
    assert (cancelled.reference, cancelled.location, cancelled.money_at_stake) == ("gid://9", S2, Money(0, "USD"))
    back = adjustment(-3).inverse("gid://9")
    assert (back.delta, back.expected, back.sku, back.reference) == (3, None, "A", "undo-tillhand-1")
    assert link().inverse("") == link("apart")
    assert link("apart").inverse("") == link()


def test_an_order_is_worth_its_lines_names_each_sku_once_and_says_what_it_asks_for():
    assert order("A", "B").sentence() == "Order 12 x A, 12 x B from Loom for S1 (48.00 USD)."
    withdrawn = order("A").inverse("gid://9")
    assert (withdrawn.vendor, withdrawn.reference, withdrawn.money_at_stake) == ("Loom", "gid://9", Money(0, "USD"))
    for wrong in (Money(2_399, "USD"), Money(2_401, "USD")):
        with pytest.raises(Refused, match="what its lines are"):
            order("A", value=wrong)
    with pytest.raises(Refused, match="each sku once"):
        order("A", "A")


def test_an_override_changes_at_most_thirty_percent_for_at_most_four_weeks_and_some_days():
    first = date(2026, 11, 23)
    for percent in (-30, -1, 1, 30):
        assert override(percent=percent).percent == percent
    assert override(last=first).days == 1
    assert override(last=first + timedelta(days=27)).days == 28
    for wrong in ({"percent": 31}, {"percent": -31}):
        with pytest.raises(ValidationError):
            override(**wrong)
    for wrong, said in (
        ({"percent": 0}, "at least 1 percent"),
        ({"last": first + timedelta(days=28)}, "28 days at most"),
        ({"last": first - timedelta(days=1)}, "ends before it begins"),
    ):
        with pytest.raises(Refused, match=said):
            override(**wrong)
    ended = override().inverse("action-7")
    assert (ended.reference, ended.money_at_stake) == ("action-7", Money(0, "USD"))


def test_the_name_of_an_undone_adjustment_fits_however_long_the_first_one_was():
    back = adjustment(1, reference="r" * 64).inverse("")
    assert read_action(back.facts()) == back


@given(st.integers(1, 10**9), st.integers(1, 10_000), st.integers(-2, 2))
def test_money_off_is_exactly_the_percentage_or_it_is_no_discount(base: int, share: int, beside: int):
    right = Money(base, "USD").share(Percent(share))
    offered = Money(right.minor + beside, "USD")
    if beside == 0 and right.minor > 0:
        assert discount(base, share, amount=offered).money_at_stake == right
    else:
        with pytest.raises(Refused):
            discount(base, share, amount=offered)


@pytest.mark.parametrize("field", ["code", "transaction"])
@pytest.mark.parametrize("value", ["", "x" * 129, "th lower"])
def test_codes_a_register_could_not_read_are_refused(field: str, value: str):
    told = discount().facts() | {field: value}
    if (field, value) == ("transaction", "th lower"):
        assert read_action(told)
    else:
        with pytest.raises(ValidationError):
            read_action(told)


def test_a_code_without_a_time_zone_is_refused():
    with pytest.raises(ValidationError):
        read_action(discount().facts() | {"valid_until": "2026-11-20T15:30:00"})


def test_a_transfer_leads_somewhere_else_and_names_each_sku_once():
    for build in (lambda: transfer("A", destination=S1), lambda: transfer("A", "A")):
        with pytest.raises(Refused):
            build()
    for build in (transfer, lambda: transfer(*(f"S{number}" for number in range(101)))):
        with pytest.raises(ValidationError):
            build()


def test_an_adjustment_changes_something_and_not_everything():
    with pytest.raises(Refused):
        adjustment(0)
    for delta in (-10_001, 10_001):
        with pytest.raises(ValidationError):
            adjustment(delta)
    assert adjustment(10_000).delta == 10_000


def test_each_action_is_one_sentence_for_the_person_who_is_asked():
    assert [action.sentence() for action in ACTIONS] == [
        "Give 10% off (10.00 USD at most) with code TH-123456 at S1.",
        "End code TH-123456 at S1.",
        "Move 2 x A, 2 x B from S1 to S2 (5.00 USD).",
        "Cancel transfer gid://2 from S1 to S2.",
        "Change the count of A at S1 by -3 (5.00 USD).",
        "Tell S1 that it has 8 of A, not 9.",
        'Text one customer of S1 (marketing): "Come in. Reply STOP to stop."',
        "Treat c_1 and c_2 as one person.",
        "Order 12 x A, 12 x B from Loom for S1 (48.00 USD).",
        "Cancel order tillhand-1.csv to Loom for S1.",
        "Plan with 10 % more of A at S1 from 2026-11-23 to 2026-11-29 (local event: street fair).",
        "End override action-1 of A at S1.",
    ]
    assert (
        transfer("A", "B", "C", "D", "E").sentence() == "Move 2 x A, 2 x B, 2 x C and 2 more from S1 to S2 (5.00 USD)."
    )


def test_a_discounts_facts_are_json_and_come_back_the_same():
    action = discount()
    assert json.loads(json.dumps(action.facts())) == action.facts()
    assert read_action(action.facts()) == action


@pytest.mark.parametrize(
    ("lines", "goods"),
    [
        (3, "1 x A, 2 x B, 3 x C"),
        (4, "1 x A, 2 x B, 3 x C and 1 more"),
        (5, "1 x A, 2 x B, 3 x C and 2 more"),
    ],
)
def test_a_transfers_sentence_names_three_goods_and_counts_the_rest(lines: int, goods: str):
    move = Transfer(
        origin=S2,
        destination=S1,
        lines=tuple(TransferLine(sku=Sku(sku), units=units) for units, sku in enumerate("ABCDE"[:lines], 1)),
        value=Money(1_000, "USD"),
        reference="move-1",
    )
    assert move.sentence() == f"Move {goods} from S2 to S1 (10.00 USD)."


MONEY = {"code": "TH-ABCDEFGHIJKL", "worth": Money(500, "USD")}


def test_a_message_cannot_be_taken_back_and_is_worth_the_discount_it_carries():
    plain, priced = message(), message(text="Show TH-ABCDEFGHIJKL. Reply STOP to stop.", **MONEY)
    assert (plain.effect, plain.inverse("SM1"), plain.location) == (Effect.IRREVERSIBLE, None, S1)
    assert (plain.money_at_stake, priced.money_at_stake) == (Money(0, "USD"), Money(500, "USD"))


def test_whoever_is_asked_reads_what_the_customer_will():
    mail = message(channel="email", subject="A coat", text="Yours is here.", purpose="service")
    assert message().sentence() == 'Text one customer of S1 (marketing): "Come in. Reply STOP to stop."'
    assert mail.sentence() == 'E-mail one customer of S1 (service): "A coat: Yours is here."'
    assert "c_1" not in message().sentence() + mail.sentence()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"subject": "A coat"}, "message.subject"),
        ({"channel": "email"}, "message.subject"),
        ({"text": "Come in.\nNow."}, "message.plain"),
        ({"text": "Come\u202ein."}, "message.plain"),
        ({"text": "   "}, "message.plain"),
        ({"text": "Write to ada@example.com"}, "message.contact"),
        ({"text": "Call 212 555 0142"}, "message.contact"),
        ({"text": "Call 2125550"}, "message.contact"),
        ({"channel": "email", "subject": "Call 212 555 0142"}, "message.contact"),
        ({"worth": Money(1, "USD")}, "message.worth"),
        ({"code": "TH-ABCDEFGHIJKL"}, "message.worth"),
        ({"worth": Money(-1, "USD"), "code": "TH-ABCDEFGHIJKL"}, "message.worth"),
    ],
)
def test_a_message_that_is_not_one_is_refused(more: dict[str, Any], code: str):
    with pytest.raises(Refused) as refusal:
        message(**more)
    assert refusal.value.code == code


def test_figures_of_a_message_that_are_no_number_to_call_are_let_through():
    assert message(text="Order 104212 is here until 19:30.").text
    assert message(text="Show CODE-1234567.", code="CODE-1234567", worth=Money(1, "USD")).code


@pytest.mark.parametrize(("length", "fits"), [(480, True), (481, False), (0, False)])
def test_a_message_is_three_texts_long_at_most(length: int, *, fits: bool):
    if fits:
        assert len(message(text="x" * length).text) == length
    else:
        with pytest.raises(ValidationError):
            message(text="x" * length)
