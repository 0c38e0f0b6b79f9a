"""A person may have less of what was proposed, never more, and everything else stays as it was."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount, EndDiscount
from policies.actions.forecast_override import ForecastOverride
from policies.actions.lower import Edit, lowered
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer, TransferLine
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent

S1, WAREHOUSE = LocationId("S1"), LocationId("WH")
OFFER = Discount(
    store=S1,
    customer=None,
    transaction="T1",
    code="TH-0001",
    percent=Percent(2_000),
    base=Money(9_999, "USD"),
    amount=Money(2_000, "USD"),
    valid_until=datetime(2026, 11, 20, tzinfo=UTC),
)
MOVE = Transfer(
    origin=WAREHOUSE,
    destination=S1,
    lines=(TransferLine(sku=Sku("A"), units=3), TransferLine(sku=Sku("B"), units=4)),
    value=Money(1_000, "USD"),
    reference="move-1",
)
COUNT = StockAdjustment(store=S1, sku=Sku("A"), delta=-5, expected=None, value=Money(500, "USD"), reference="count-1")
END = EndDiscount(store=S1, code="TH-0001", reference="r", amount=Money(1, "USD"))


def test_a_discount_is_lowered_with_its_money_and_keeps_its_code():
    less = lowered(OFFER, Edit(percent=Percent(1_000)))
    assert isinstance(less, Discount)
    assert less.facts() == {**OFFER.facts(), "percent": less.facts()["percent"], "amount": less.facts()["amount"]}
    assert (less.percent, less.amount) == (Percent(1_000), Money(1_000, "USD"))


def test_a_transfer_is_cut_from_its_last_line_on():
    kept = {units: [(line.sku, line.units) for line in _cut(units).lines] for units in (6, 3, 1)}
    assert kept == {6: [("A", 3), ("B", 3)], 3: [("A", 3)], 1: [("A", 1)]}
    assert [_cut(units).value.minor for units in (6, 3, 1)] == [858, 429, 143]


def test_an_adjustment_keeps_its_direction():
    less = lowered(COUNT, Edit(units=2))
    assert isinstance(less, StockAdjustment)
    assert (less.delta, less.value) == (-2, Money(200, "USD"))
    more = COUNT.model_copy(update={"delta": 5})
    assert lowered(more, Edit(units=1)) == more.model_copy(update={"delta": 1, "value": Money(100, "USD")})


def test_a_change_of_a_forecast_keeps_its_direction_and_whole_percents():
    first = date(2026, 3, 1)
    change = ForecastOverride(
        store=S1, sku=Sku("A"), percent=-20, first=first, last=first, cause="weather", words="Rain.",
        value=Money(1_000, "USD"), reference="change-1",
    )  # fmt: skip
    less = lowered(change, Edit(percent=Percent(700)))
    assert isinstance(less, ForecastOverride)
    assert (less.percent, less.value) == (-7, Money(350, "USD"))
    for percent, code in ((2_000, "edit.not_less"), (0, "edit.not_less"), (750, "edit.number")):
        with pytest.raises(Refused) as refused:
            lowered(change, Edit(percent=Percent(percent)))
        assert refused.value.code == code
    settling = StockAdjustment.model_validate({**dict(COUNT), "settles": "d-000000000000"})
    with pytest.raises(Refused, match="no less"):
        lowered(settling, Edit(units=1))


def test_nothing_edited_is_the_same_action():
    assert all(lowered(action, Edit()) == action for action in (OFFER, MOVE, COUNT, END))


@pytest.mark.parametrize(
    ("action", "edit", "code"),
    [
        (OFFER, Edit(percent=Percent(2_000)), "edit.not_less"),
        (OFFER, Edit(percent=Percent(2_001)), "edit.not_less"),
        (OFFER, Edit(percent=Percent(0)), "edit.not_less"),
        (OFFER, Edit(units=1), "edit.kind"),
        (OFFER, Edit(percent=Percent(100), units=1), "edit.kind"),
        (MOVE, Edit(units=7), "edit.not_less"),
        (MOVE, Edit(units=0), "edit.not_less"),
        (MOVE, Edit(percent=Percent(100)), "edit.kind"),
        (COUNT, Edit(units=5), "edit.not_less"),
        (COUNT, Edit(units=-1), "edit.not_less"),
        (END, Edit(percent=Percent(100)), "edit.kind"),
    ],
)
def test_more_the_same_or_nothing_is_refused(action: AnyAction, edit: Edit, code: str):
    with pytest.raises(Refused) as refusal:
        lowered(action, edit)
    assert refusal.value.code == code


@given(st.integers(1, 6))
def test_less_units_are_never_worth_more_and_never_too_little(units: int):
    less = _cut(units)
    assert sum(line.units for line in less.lines) == units
    assert MOVE.value.minor * units <= less.value.minor * 7 < MOVE.value.minor * units + 7


def _cut(units: int) -> Transfer:
    less: Any = lowered(MOVE, Edit(units=units))
    assert isinstance(less, Transfer)
    return less
