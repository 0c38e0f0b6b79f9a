"""What the night notices, both sides of each boundary."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.demand.kept import Kept, Override
from knowledge.demand.spread import Spread
from knowledge.planning.chain import Chain, Goods, Level, Supplier
from knowledge.planning.noticing import BELIEVED, notice
from knowledge.planning.strayed import LEAST, TAIL, followed, strayed

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SPOT = ("TEE", "STORE_1")
PLAIN = Spread(np.log([1.0, 100.0]), np.log([0.05, 0.05]), 0.5, np.array([5.0, 50.0]), np.zeros((3, 2)))


def arrays(*each: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    return tuple(np.array([one]) for one in each)


def side(sold: float, mean: float, dispersion: float = 0.01) -> int:
    return int(strayed(*arrays(sold, mean, dispersion))[0])


def percent(sold: float, mean: float) -> int:
    return int(followed(*arrays(sold, mean, 0.01))[0])


def test_a_week_strays_only_beyond_the_band_and_only_where_enough_sells():
    band = [sold for sold in range(200) if side(sold, 40) == 0]
    assert band == list(range(band[0], band[-1] + 1))
    assert band[0] < 40 < band[-1]
    assert (side(band[0] - 1, 40), side(band[-1] + 1, 40)) == (-1, 1)
    assert (side(60, LEAST), side(60, LEAST - 0.01)) == (1, 0)
    assert TAIL < 0.5


def test_half_of_the_way_down_is_followed_and_none_of_the_way_up():
    assert percent(20, 40) == -25
    assert percent(0, 40) == -30, "thirty percent is the most"
    assert percent(90, 40) == 0
    assert percent(39, 40) == 0


@given(st.integers(0, 5_000), st.floats(0, 2_000), st.floats(0, 3))
def test_no_percentage_leaves_its_bounds(sold: int, mean: float, dispersion: float):
    assert -30 <= int(followed(*arrays(float(sold), mean, dispersion))[0]) <= 0


def kept(units: float, **changed: object) -> Kept:
    one = Kept("TEE", "STORE_1", TODAY, (units,) * 14, units, 1.0, (1.0,) * 7, 1.0, (), None, PLAIN, NOW)
    return replace(one, **changed)  # pyright: ignore[reportArgumentType]  # a test's short hand


def chain(forecast: Kept, available: int = 500) -> Chain:
    goods = {"TEE": Goods("Loom", 3_000, 1_000, "USD")}
    return Chain(TODAY, {SPOT: forecast}, {SPOT: Level(available, 0, NOW)}, goods, {})


async def test_a_shelf_that_fell_is_proposed_to_be_planned_lower_and_one_that_rose_is_told():
    (fell,) = await notice(chain(kept(10)), {SPOT: 7}, frozenset(), {})
    assert (fell.reason, fell.percent, fell.first, fell.last) == (
        "below_band", -30, TODAY, TODAY + timedelta(days=6),
    )  # fmt: skip
    assert fell.figures == {"sold": 7, "expected": 70, "percent": 30, "days": 7}
    (rose,) = await notice(chain(kept(10)), {SPOT: 300}, frozenset(), {})
    assert (rose.reason, rose.percent) == ("above_band", 0)


async def test_what_an_empty_shelf_or_an_override_explains_is_not_noticed():
    assert not await notice(chain(kept(10)), {SPOT: 7}, {SPOT}, {})
    changed = kept(10, override=Override(10, "fair", TODAY, TODAY))
    assert not await notice(chain(changed), {SPOT: 7}, frozenset(), {})
    told = await notice(chain(kept(10), available=0), {SPOT: 7}, frozenset(), {})
    assert not [each for each in told if each.percent]


async def test_a_record_scales_what_is_proposed_and_a_bad_one_silences_it():
    for share, proposed in ((1.0, -30), (0.6, -18), (BELIEVED, -15), (BELIEVED - 0.01, 0)):
        (one,) = await notice(chain(kept(10)), {SPOT: 7}, frozenset(), {"below_band": share})
        assert one.percent == proposed
        assert one.figures["percent"] == abs(proposed)


async def test_only_the_dearest_what_if_is_told():
    stands = chain(kept(10), available=80)
    (more,) = await notice(stands, {SPOT: 70}, frozenset(), {})
    assert (more.reason, more.sku, more.percent, more.figures["percent"]) == ("what_if_more", "", 0, 20)
    supplied = replace(stands, suppliers={"Loom": Supplier("Loom", 12, 7, 1, 0)})
    (late,) = await notice(supplied, {SPOT: 70}, frozenset(), {})
    assert (late.reason, late.figures["days"]) == ("what_if_late", 7)
    assert late.money > more.money
    assert not await notice(chain(kept(10)), {SPOT: 70}, frozenset(), {}), "plenty is there whatever comes"
