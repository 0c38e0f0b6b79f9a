"""What a forecast promises: weekdays, shares, stockouts, known events, new goods, and silence where history is thin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from knowledge.demand.history import History, KnownEvent, history_of
from knowledge.demand.likeness import Likeness
from knowledge.demand.model import HORIZON, LEAST_DAYS, learn
from knowledge.demand.outline import outline
from knowledge.demand.tuning import TUNED
from policies.errors import Refused

MONDAY = date(2026, 1, 5)
DAYS = 112


def chain(units: Any, *, places: int = 1, had: Any = None, events: Sequence[KnownEvent] = ()) -> History:
    """A history of as many skus as rows allow; spots are ordered by sku, then place."""
    sold = np.asarray(units, np.float32)
    skus = len(sold) // places
    return History(
        sold,
        np.repeat(np.arange(skus, dtype=np.int32), places),
        np.tile(np.arange(places, dtype=np.int32), skus),
        [f"SKU{at}" for at in range(skus)],
        [f"SHOP{at}" for at in range(places)],
        MONDAY,
        np.zeros(skus, np.int32),
        had,
        events,
    )


def steady(rows: int, mean: float = 4.0, seed: int = 1) -> Any:
    return np.random.default_rng(seed).poisson(mean, (rows, DAYS))


def test_steady_sales_are_foretold_as_they_were():
    forecast = learn(chain(steady(40))).forecast(chain(steady(40)))
    assert forecast.mean.shape == (40, HORIZON)
    assert forecast.expected(0, 7).mean() == pytest.approx(28, rel=0.1)


def test_weekdays_are_told_apart():
    weekday = np.arange(DAYS) % 7
    history = chain(np.random.default_rng(2).poisson(np.where(weekday == 5, 12.0, 2.0), (40, DAYS)))
    mean = learn(history).forecast(history).mean.mean(0)
    assert mean[5] > 4 * mean[0], "the day after the history is a Monday, so the sixth is a Saturday"


def test_quantiles_cover_what_they_say():
    sold = np.random.default_rng(5).negative_binomial(2, 2 / (2 + 3.0), (400, DAYS + 7))
    history = chain(sold[:, :DAYS])
    forecast = learn(history).forecast(history)
    coming = sold[:, DAYS:].sum(1)
    for share in (0.5, 0.8, 0.9, 0.95):
        assert (coming <= forecast.quantile(share, 0, 7)).mean() == pytest.approx(share, abs=0.06)


def test_a_decision_never_gets_less_than_the_chance_it_asked_for():
    history = chain(steady(40))
    forecast = learn(history).forecast(history)
    assert (forecast.at_least(0.9, 0, 7) >= forecast.quantile(0.9, 0, 7)).all()


def test_a_stockout_is_no_lack_of_demand():
    sold = steady(20, 6.0)
    had = np.ones(sold.shape, np.bool_)
    had[0, -28:] = False
    sold[0, -28:] = 0
    known = outline(chain(sold, had=had), TUNED).level[0]
    taken_at_its_word = outline(chain(sold), TUNED).level[0]
    assert known == pytest.approx(6, rel=0.15)
    assert taken_at_its_word < 0.8 * known


def test_days_on_which_nobody_sold_were_closed():
    sold = steady(20, 6.0)
    sold[:, -20:-6] = 0
    assert outline(chain(sold), TUNED).level.mean() == pytest.approx(6, rel=0.1)


def test_a_past_promotion_does_not_raise_the_level_and_a_coming_one_raises_its_days():
    sold = steady(20, 5.0)
    sold[0, -14:-7] = 15
    past = KnownEvent("SKU0", "", MONDAY + timedelta(days=DAYS - 14), MONDAY + timedelta(days=DAYS - 8), 3.0)
    first = MONDAY + timedelta(days=DAYS + 2)
    coming = KnownEvent("SKU0", "SHOP0", first, first + timedelta(days=1), 2.0)
    plain = learn(chain(sold, events=[past])).forecast(chain(sold, events=[past]))
    told = learn(chain(sold, events=[past])).forecast(chain(sold, events=[past, coming]))
    assert plain.outline.level[0] == pytest.approx(5, rel=0.15)
    assert told.mean[0, 2:4] == pytest.approx(2 * plain.mean[0, 2:4])
    assert told.mean[0, 4] == pytest.approx(plain.mean[0, 4])
    assert told.mean[1] == pytest.approx(plain.mean[1])


def test_a_known_closed_day_sells_nothing():
    day = MONDAY + timedelta(days=DAYS)
    history = chain(steady(20), events=[KnownEvent("", "", day, day, 0.0)])
    forecast = learn(history).forecast(history)
    assert (forecast.mean[:, 0] == 0).all()
    assert (forecast.mean[:, 1] > 0).all()


def test_a_shop_that_sold_none_of_it_still_expects_some():
    units = steady(20, 3.0)
    units[1] = 0  # the first variant's second shop
    forecast = learn(chain(units, places=2)).forecast(chain(units, places=2))
    assert 0 < forecast.expected(0, 7)[1] < forecast.expected(0, 7)[0]


def test_shares_of_a_variant_add_up():
    history = chain(steady(20), places=2)
    share = outline(history, TUNED).share.reshape(-1, 2).sum(1)
    assert share == pytest.approx(np.ones(10), rel=1e-3)


def test_a_new_product_is_expected_to_sell_as_goods_like_it_did():
    rng = np.random.default_rng(4)
    units = np.zeros((30, DAYS))
    known_from = np.zeros(30, np.int32)
    for row in range(29):
        known_from[row] = 20 if row < 20 else 0
        units[row, known_from[row] :] = rng.poisson(20.0 if row < 10 else 1.0, DAYS - known_from[row])
    units[29, -1] = 1
    known_from[29] = DAYS - 1
    history = replace(chain(units), known_from=known_from)
    titles = [*(f"candle holder {at}" for at in range(10)), *(f"paper bag {at}" for at in range(19))]
    likeness = Likeness([*titles, "candle holder rose"], [""] * 30)
    model = learn(history)
    like = likeness.like(history, model.forecast(history).outline.profile)
    assert np.isnan(like[:29]).all()
    assert like[29] > 10
    assert model.forecast(history, like=like).known[29]
    assert not model.forecast(history).known[29]


def test_a_chain_with_too_few_days_is_refused():
    history = chain(steady(5))
    learn(history.until(LEAST_DAYS + HORIZON))
    for days in (LEAST_DAYS - 1, LEAST_DAYS + HORIZON - 1):
        with pytest.raises(Refused) as refused:
            learn(history.until(days))
        assert refused.value.code == "forecast.thin_history"


def test_what_comes_later_does_not_change_a_forecast():
    sold = steady(20)
    changed = sold.copy()
    changed[:, 90:] = 50
    one, other = (learn(chain(rows).until(90)).forecast(chain(rows).until(90)) for rows in (sold, changed))
    assert one.mean == pytest.approx(other.mean)


def test_rows_of_a_store_become_a_history():
    sales = [("HAT", "A", MONDAY, 2), ("HAT", "A", MONDAY, 1), ("HAT", "B", MONDAY + timedelta(days=3), 4)]
    history = history_of(
        [*sales, ("HAT", "A", MONDAY - timedelta(days=1), 9), ("TIE", "A", MONDAY, -1)],
        MONDAY,
        5,
        had=[("HAT", "B", MONDAY)],
    )
    assert history.spots() == [("HAT", "A"), ("HAT", "B")]
    assert history.units.tolist() == [[3, 0, 0, 0, 0], [0, 0, 0, 4, 0]]
    assert history.had is not None
    assert history.had.sum() == 9
    assert history.known_from.tolist() == [0]
