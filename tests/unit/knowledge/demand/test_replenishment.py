"""From sales to a reorder point, and from shelves to a refill."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from knowledge.demand.refill import SLOWEST, refill, runs_low
from knowledge.demand.safety_stock import Replenishment
from knowledge.demand.shelf import Shelf
from knowledge.demand.velocity import DAYS, STILL, Velocity, velocities
from knowledge.store.session import Database
from knowledge.store.tables import daily_sale

PLAN = Replenishment()
TODAY = date(2026, 3, 10)
AS_OF = datetime(2026, 3, 10, tzinfo=UTC)


async def sold(database: Database, units: dict[int, int]) -> Velocity:
    async with database.transaction() as connection:
        for age, count in units.items():
            day = (TODAY - timedelta(days=age)).isoformat()
            await connection.execute(insert(daily_sale).values(sku="TEE", location_id="S", day=day, units=count))
        return (await velocities(connection, [("TEE", "S"), ("HAT", "S")], TODAY)).get(("TEE", "S"), STILL)


@pytest.mark.anyio
async def test_steady_sales_give_their_rate_and_no_less_than_a_poissons_variance(database: Database):
    velocity = await sold(database, dict.fromkeys(range(DAYS), 3))
    assert (velocity.mean, velocity.variance) == (pytest.approx(3), pytest.approx(3))


@pytest.mark.anyio
async def test_sales_before_the_window_are_forgotten(database: Database):
    assert await sold(database, {DAYS: 50, DAYS + 1: 50}) == STILL


@pytest.mark.anyio
async def test_recent_sales_weigh_more(database: Database):
    recent = await sold(database, {0: 28})
    assert recent.mean > 1, "28 units in 28 days, all of them today"


@pytest.mark.anyio
async def test_days_whose_sales_were_cancelled_count_as_days_without(database: Database):
    assert await sold(database, {0: 0, 1: -2}) == STILL


def shelf(location: str, available: int, mean: float = 0.0, incoming: int = 0) -> Shelf:
    return Shelf("TEE", location, available, incoming, Velocity(mean, mean), AS_OF)


def test_a_shelf_runs_low_below_its_reorder_point_only():
    point = PLAN.reorder_point(Velocity(2, 2))
    assert not runs_low(shelf("S", point, 2), PLAN)
    assert runs_low(shelf("S", point - 1, 2), PLAN)
    assert not runs_low(shelf("S", point - 1, 2, incoming=1), PLAN)


def test_the_slowest_seller_worth_a_move_is_moved_and_a_slower_one_is_not():
    assert runs_low(shelf("S", 0, SLOWEST), PLAN)
    assert not runs_low(shelf("S", 0, SLOWEST - 0.001), PLAN)


def test_a_tie_goes_to_the_location_named_first():
    found = refill(shelf("S", 0, 1), [(shelf("B", 9), 0), (shelf("A", 9), 0)], PLAN, most=500)
    assert found is not None
    assert found.origin.location == "A"


others = st.lists(
    st.tuples(st.builds(shelf, st.sampled_from("ABC"), st.integers(-5, 200), st.floats(0, 5)), st.integers(0, 20)),
    max_size=4,
)


@given(st.integers(-5, 20), st.floats(SLOWEST, 10), others, st.integers(1, 50))
def test_no_refill_strips_its_origin_or_overfills_the_shelf(
    available: int, mean: float, senders: list[tuple[Shelf, int]], most: int
):
    low = shelf("S", available, mean)
    found = refill(low, senders, PLAN, most=most)
    if found is None:
        return
    assert 1 <= found.units <= most
    assert available + found.units <= PLAN.target(low.velocity)
    held = min(held for sender, held in senders if sender == found.origin)
    assert found.origin.available - found.units >= PLAN.reorder_point(found.origin.velocity) + held


@given(st.floats(0, 100), st.floats(0, 1000))
def test_a_refill_always_reaches_beyond_the_reorder_point(mean: float, variance: float):
    velocity = Velocity(mean, max(variance, mean))
    assert PLAN.target(velocity) >= PLAN.reorder_point(velocity)
