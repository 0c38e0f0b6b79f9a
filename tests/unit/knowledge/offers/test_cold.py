"""What hardly anybody bought yet is found by its title, and never said to be bought with what it is called like."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import text

from knowledge.offers.calibration import HELD_OUT_DAYS, calibrate_titles
from knowledge.offers.candidates import Why, wanted
from knowledge.offers.cold import KIN, MOST, nothing, shelve
from knowledge.offers.companions import CompanionTable, count_companions
from knowledge.offers.history import Past
from knowledge.offers.lacking import learn_lacking, learn_next_items
from knowledge.offers.next_item import learn
from knowledge.store.session import Database
from tests.unit.knowledge.offers.test_next_item import NOW, baskets, sell

KNOWN = ("tea", "cup", "paint")
TITLES = {
    "tea": "Set of Earl Grey Tea",
    "cup": "Set of Porcelain Cups",
    "paint": "Set of Oil Paints",
    "tin": "Earl Grey Tea Tin",
    "chair": "Garden Chair",
    "set": "Set of Spoons",
}


def test_a_variant_is_like_what_shares_its_rare_words_and_not_its_common_ones():
    shelf = shelve(KNOWN, TITLES)
    assert shelf.skus == ("tin",)
    scores = shelf.scores([0, 1])
    assert scores[0] > 0
    assert shelf.because(0, [1, 0]) == 0
    assert shelf.scores([1, 2])[0] == 0


def test_the_same_title_in_a_larger_basket_says_less():
    shelf = shelve(KNOWN, TITLES)
    assert shelf.scores([0])[0] > shelf.scores([0, 1])[0] > shelf.scores([0, 1, 2])[0]


@pytest.mark.parametrize(
    "titles", [{}, {"tea": "", "tin": "  "}, {"tin": "Tea"}, dict.fromkeys(("tea", "tin"), "same")]
)
def test_titles_that_say_nothing_put_nothing_on_the_shelf(titles: dict[str, str]):
    shelf = shelve(KNOWN, titles)
    assert shelf.skus == ()
    assert shelf.kin.shape == (0, KIN)
    assert len(shelf.scores([0])) == 0
    assert len(nothing(3).scores([0, 2])) == 0


def test_the_shelf_has_an_end_and_every_kin_a_row_that_exists():
    titles = {"tea": "alpha", "cup": "beta", **{f"new-{number:06d}": "alpha gamma" for number in range(MOST + 1)}}
    shelf = shelve(("tea", "cup"), titles)
    assert len(shelf.skus) == MOST
    assert shelf.kin.max() < 2
    assert np.all(shelf.alike[:, 1:] == 0)


@pytest.mark.parametrize(("bought", "least", "most"), [(0, 0.0, 0.01), (60, 0.08, 0.12)])
def test_a_title_is_worth_what_such_titles_came_to(bought: int, least: float, most: float):
    model = learn([(1.0, ["cup", "tea"])] * 40)
    assert model is not None
    shelf = shelve(model.skus, {"tea": "Earl Grey Tea", "tin": "Earl Grey Tea Tin", "cup": "Cup"})
    assert shelf.skus == ("tin",)
    lately = [["tea", "tin"] if number < bought else ["cup", "tea"] for number in range(600)]
    curve = calibrate_titles(model, shelf, lately)
    assert curve is not None
    score = float(shelf.scores([model.skus.index("tea")])[0])
    assert least <= curve.chance(score) <= most


def test_titles_whose_worth_nobody_could_measure_name_nothing():
    titles = {"tea": "Earl Grey Tea", "new": "Earl Grey Tea Tin", "cup": "Cup"}
    told = [(float(number % 45), ["cup", "tea"] if number % 2 else ["cup", "paint"]) for number in range(2_700)]
    seldom = [(age, [sku for sku in skus if sku != "tea"] if age < HELD_OUT_DAYS else skus) for age, skus in told]
    more = [(2.0, ["cup", "paint"])] * 200
    measured, unmeasured = learn_lacking([*told, *more], titles), learn_lacking([*seldom, *more], titles)
    assert measured is not None
    assert unmeasured is not None
    assert measured.cold.skus == ("new",)
    assert unmeasured.cold.skus == ()
    assert "new" not in {each.sku for each in unmeasured.lacking(["tea"], 5)}


@pytest.mark.anyio
async def test_a_new_product_is_a_candidate_once_the_night_has_read_its_title(database: Database):
    await sell(database, baskets(6_000))
    async with database.transaction() as connection:
        for sku, title in (("tea", "Earl Grey Tea"), ("tin", "Earl Grey Tea Tin"), ("rake", "Garden Rake")):
            await connection.execute(
                text(
                    "INSERT INTO variant (sku, title, product, price, currency, observed_at)"
                    " VALUES (:sku, :title, :sku, 1, 'USD', :at)"
                ),
                {"sku": sku, "title": title, "at": datetime(2026, 1, 1, tzinfo=UTC)},
            )
    await learn_next_items(database, until=NOW)
    await count_companions(database, until=NOW)
    table = CompanionTable()
    await table.keep_fresh(database)
    found = {each.sku: each for each in wanted(["tea"], Past(), table)}
    assert (found["tin"].why, found["tin"].because, found["tin"].together) == (Why.AKIN, "tea", 0)
    assert 0 <= found["tin"].chance < found["cup"].chance
    assert "rake" not in found
    assert "tin" not in {each.sku for each in wanted(["tea", "tin"], Past(), table)}
