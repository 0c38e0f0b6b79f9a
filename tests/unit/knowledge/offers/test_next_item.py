"""What is learned from baskets: company beyond popularity, chances that were measured, guesses not all alike."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from sqlalchemy import text

from knowledge.offers.calibration import LEAST_BASKETS, Curve, calibrate
from knowledge.offers.candidates import Why, wanted
from knowledge.offers.cold import nothing
from knowledge.offers.companions import CompanionTable, count_companions
from knowledge.offers.history import Past
from knowledge.offers.lacking import NEVER, NextItems, learn_next_items, read_next_items
from knowledge.offers.next_basket import next_basket
from knowledge.offers.next_item import LEAST, MOST_BASKET, NextItemModel, learn
from knowledge.store.session import Database

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def baskets(count: int = 1_500, *, age: float = 40.0) -> list[tuple[float, list[str]]]:
    """Everybody buys a bag; tea goes with a cup, paint with a brush, and the rest is chance."""
    chance = Random(5)
    found: list[tuple[float, list[str]]] = []
    for number in range(count):
        held = {"bag"} if chance.random() < 0.6 else set[str]()
        held |= {f"odd-{chance.randrange(40)}"}
        for one, other in (("tea", "cup"), ("paint", "brush")):
            if chance.random() < 0.2:
                held |= {one, other} if chance.random() < 0.7 else {one}
        found.append((age * number / count, sorted(held)))
    return found


def learned(told: list[tuple[float, list[str]]] | None = None) -> NextItemModel:
    model = learn(told or baskets())
    assert model is not None
    return model


def told(model: NextItemModel, curve: Curve) -> NextItems:
    rows = {sku: place for place, sku in enumerate(model.skus)}
    return NextItems(model, curve, rows, nothing(len(model.skus)), NEVER)


def best(model: NextItemModel, *held: str) -> str:
    rows = [model.skus.index(sku) for sku in held]
    scores = model.scores(rows)
    scores[rows] = -np.inf
    return model.skus[int(scores.argmax())]


def test_company_counts_and_not_what_everybody_buys():
    model = learned()
    assert best(model, "tea") == "cup"
    assert best(model, "paint", "bag") == "brush"


def test_a_variant_sold_too_seldom_has_no_row_and_one_at_the_bound_has():
    rare = [(1.0, ["tea", "seldom"])] * (LEAST - 1) + [(1.0, ["tea", "enough"])] * LEAST
    model = learned([*baskets(200), *rare])
    assert "seldom" not in model.skus
    assert "enough" in model.skus


def test_a_resellers_restock_is_not_learned_from():
    restock = [(1.0, [f"all-{number}" for number in range(MOST_BASKET + 1)])] * 20
    assert learn(restock) is None
    assert learn([]) is None


def test_new_company_outweighs_old():
    old = [(300.0, ["cup", "tea"])] * 60
    new = [(1.0, ["cup", "cocoa"])] * 40
    other = [(100.0, ["tea", "odd"]), (100.0, ["cocoa", "odd"])] * 30
    assert best(learned([*old, *new, *other]), "cup") == "cocoa"


def test_a_chance_is_what_such_scores_came_to():
    curve = calibrate(learned(), [skus for _, skus in baskets(600)])
    assert curve is not None
    model = learned()
    found = told(model, curve).lacking(["tea"], 5)
    assert found[0].sku == "cup"
    assert found[0].chance == pytest.approx(0.7, abs=0.25)  # one in seven of ten who buy tea
    assert found[0].because == "tea"
    assert found[0].together > 100
    assert found[0].lift > 20_000
    assert all(0 <= each.chance <= 1 for each in found)
    assert [each.chance for each in found] == sorted((each.chance for each in found), reverse=True)


def test_what_only_chance_put_beside_a_variant_is_not_said_to_go_with_it():
    model = learned()
    curve = calibrate(model, [skus for _, skus in baskets(600)])
    assert curve is not None
    found = told(model, curve).lacking(["tea"], 40)
    assert [each.sku for each in found] == ["cup"]


def test_too_few_baskets_to_measure_chances_make_no_curve():
    shown = [skus for _, skus in baskets(2 * LEAST_BASKETS) if len(skus) > 1]
    assert calibrate(learned(), shown[: LEAST_BASKETS - 1]) is None
    assert calibrate(learned(), shown[:LEAST_BASKETS]) is not None


def test_a_returning_customer_gets_what_they_buy_and_what_goes_with_it():
    model = learned()
    found = [sku for sku, _ in next_basket(model, [(20.0, ["paint"]), (50.0, ["paint"])], most=4)]
    assert found[0] in {"paint", "brush"}
    assert {"paint", "brush"} <= {*found[:3]}
    assert next_basket(model, []) == []
    assert next_basket(model, [(3.0, ["never sold"])]) == []


def test_baskets_of_one_thing_lower_every_chance_as_they_should():
    model, shown = learned(), [skus for _, skus in baskets(600)]
    few, many = calibrate(model, shown), calibrate(model, [*shown, *([["tea"]] * 400)])
    assert few is not None
    assert many is not None
    top = float(few.scores.max())
    assert many.chance(top) < 0.7 * few.chance(top)


def test_a_curve_rises_and_tells_as_many_purchases_as_there_were():
    model, chance = learned(), Random(3)
    shown = [[f"odd-{chance.randrange(40)}", f"odd-{chance.randrange(40)}"] for _ in range(600)]
    curve = calibrate(model, shown)
    assert curve is not None
    assert np.all(np.diff(curve.chances) >= 0)
    # by chance alone one in forty-odd is right, and the luckiest bin does not speak for those above it
    assert float(curve.chances.max()) < 0.08


@pytest.mark.anyio
async def test_what_is_learned_from_orders_is_what_the_register_reads(database: Database):
    await sell(database, baskets(2_000))
    assert await learn_next_items(database, until=NOW) == 2_000
    await count_companions(database, until=NOW)
    table = CompanionTable()
    await table.keep_fresh(database)
    (first, *_) = wanted(["tea"], Past(), table)
    assert (first.sku, first.why, first.because) == ("cup", Why.COMPANION, "tea")
    assert "cup" not in {each.sku for each in wanted(["tea"], Past(bought=("cup",)), table)}
    async with database.reading() as connection:
        kept = await read_next_items(connection)
    assert kept is not None
    assert kept[0] == NOW


@pytest.mark.anyio
async def test_too_little_history_leaves_counted_pairs(database: Database):
    await sell(database, [(1.0, ["jeans", "tee"])] * 60 + [(1.0, ["hat"])] * 140)
    assert await learn_next_items(database, until=NOW) == 0
    await count_companions(database, until=NOW)
    table = CompanionTable()
    await table.keep_fresh(database)
    assert table.learned is None
    assert [each.sku for each in wanted(["tee"], Past(), table)] == ["jeans"]


async def sell(database: Database, told: list[tuple[float, list[str]]]) -> None:
    rows = [(f"o{number}", NOW - timedelta(days=age, minutes=1), skus) for number, (age, skus) in enumerate(told)]
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO purchase (id, channel, location_id, occurred_at, received_at, total, currency)"
                " SELECT id, 'pos', 'S', at, at, 1, 'USD' FROM unnest(CAST(:ids AS text[]), CAST(:ats AS"
                " timestamptz[])) AS row(id, at)"
            ),
            {"ids": [name for name, _, _ in rows], "ats": [at for _, at, _ in rows]},
        )
        lines = [(name, sku) for name, _, skus in rows for sku in skus]
        await connection.execute(
            text(
                "INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price)"
                " SELECT id, sku, 1, 1 FROM unnest(CAST(:ids AS text[]), CAST(:skus AS text[])) AS row(id, sku)"
            ),
            {"ids": [name for name, _ in lines], "skus": [sku for _, sku in lines]},
        )
