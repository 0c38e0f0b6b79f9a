"""What is in a promotion where and when, to which price, and what is kept from discounts because of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from knowledge.offers.calendar import Calendar, Promotion, Reduced, Untold
from tests.unit.agents.shop import PLACES

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
SHOP, OTHER, ONLINE = (PLACES.get(name) for name in ("STORE_1", "STORE_2", "ONLINE"))


@dataclass
class Tee:
    category: str = "Shirts"
    price: int = 3_000
    currency: str = "USD"


def promotion(  # noqa: PLR0913  # the columns of a calendar
    *,
    sku: str = "TEE",
    category: str = "",
    location: str = "",
    channel: str = "",
    days: tuple[str, str] = ("2026-03-10", "2026-03-10"),
    percent: int | None = 20,
    price: int | None = None,
    currency: str = "USD",
) -> Promotion:
    first, last = map(date.fromisoformat, days)
    return Promotion(sku, category, location, channel, first, last, percent, price, currency)


@pytest.mark.parametrize(
    ("one", "here", "next_door", "online"),
    [
        (promotion(), True, True, True),
        (promotion(location="STORE_1"), True, False, False),
        (promotion(channel="pos"), True, True, False),
        (promotion(channel="online"), False, False, True),
        (promotion(sku="", category="Shirts"), True, True, True),
        (promotion(sku="", category="Knits"), False, False, False),
        (promotion(sku=""), True, True, True),
        (promotion(sku="HAT"), False, False, False),
    ],
)
def test_a_promotion_runs_where_and_on_what_the_calendar_says(
    one: Promotion, here: bool, next_door: bool, online: bool
):
    runs = [Calendar([one]).at(place, NOON).running("TEE", Tee()) is not None for place in (SHOP, OTHER, ONLINE)]
    assert runs == [here, next_door, online]


@pytest.mark.parametrize(
    ("at", "runs"),
    [
        ("2026-03-10T03:59:59", False),  # still the 9th in New York
        ("2026-03-10T04:00:00", True),
        ("2026-03-11T03:59:59", True),
        ("2026-03-11T04:00:00", False),
    ],
)
def test_its_days_are_the_places_own_both_ends_included(at: str, runs: bool):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (Calendar([promotion()]).at(SHOP, moment).running("TEE", Tee()) is not None) is runs


def test_of_several_that_overlap_the_cheapest_counts():
    three = [promotion(percent=10), promotion(sku="", percent=25), promotion(percent=None, price=2_400)]
    assert Calendar(three).at(SHOP, NOON).running("TEE", Tee()) == Reduced(2_250)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (promotion(percent=None, price=2_400), Reduced(2_400)),
        (promotion(percent=None, price=3_500), Reduced(3_000)),  # the catalog is below it already
        (promotion(percent=None, price=2_400, currency="EUR"), Reduced(3_000, Untold.CURRENCY)),
        (promotion(percent=100), Reduced(3_000, Untold.NOTHING_LEFT)),
    ],
)
def test_a_price_nobody_can_tell_is_named_and_still_keeps_other_discounts_off(one: Promotion, told: Reduced):
    calendar = Calendar([one]).at(SHOP, NOON)
    assert calendar.running("TEE", Tee()) == told
    assert calendar.bars("TEE", Tee())


@pytest.mark.parametrize(("ahead", "barred"), [(0, False), (1, False), (2, True)])
def test_what_is_about_to_be_reduced_for_everybody_is_kept_from_discounts(ahead: int, barred: bool):
    soon = promotion(days=("2026-03-12", "2026-03-14"))
    calendar = Calendar([soon]).at(SHOP, NOON, ahead_days=ahead)
    assert (calendar.running("TEE", Tee()), calendar.bars("TEE", Tee())) == (None, barred)


def test_one_that_ends_before_it_begins_never_runs():
    back = promotion(days=("2026-03-11", "2026-03-09"))
    assert Calendar([back]).at(SHOP, NOON).running("TEE", Tee()) is None
