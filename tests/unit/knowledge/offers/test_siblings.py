"""Another size or color is a candidate as far as such were bought, and for who looked at one that may be gone."""

from typing import Any

import pytest
from sqlalchemy import text

from agents.specialists.offers import OffersSpecialist
from knowledge.events.event import Topic
from knowledge.offers.calibration import chance_of_another
from knowledge.offers.candidates import Why, wanted
from knowledge.offers.companions import CompanionTable, count_companions
from knowledge.offers.history import Past
from knowledge.offers.lacking import learn_next_items
from knowledge.offers.siblings import MOST, NO_SIBLINGS, Siblings
from knowledge.store.session import Database
from policies.actions.discount import Discount
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef
from tests.unit.agents.shop import NOW as SHOP_NOW
from tests.unit.agents.shop import PLACES, SECRET, goes_with, happened, looked, open_shop, stock
from tests.unit.knowledge.offers.test_next_item import NOW, baskets, sell


def test_a_variants_siblings_are_the_others_of_its_product():
    siblings = Siblings([["S", "M", "L"], ["RED", "BLUE"]])
    assert siblings.of("M") == ["S", "L"]
    assert siblings.of("RED") == ["BLUE"]
    assert NO_SIBLINGS.of("M") == []


@pytest.mark.parametrize(("both", "least", "most"), [(0, 0.0, 0.001), (300, 0.6, 0.7)])
def test_how_often_another_is_bought_beside_one_is_measured(both: int, least: float, most: float):
    shown = [["S", "M"] if number < both else ["S", "HAT"] for number in range(600)]
    measured = chance_of_another(Siblings([["S", "M"]]), shown)
    assert least <= measured <= most


def test_what_too_few_could_have_bought_has_no_chance():
    assert chance_of_another(Siblings([["S", "M"]]), [["S", "M"]] * 40) == 0.0
    assert chance_of_another(NO_SIBLINGS, [["S", "M"]] * 400) == 0.0


async def catalog(database: Database, products: dict[str, str]) -> None:
    async with database.transaction() as connection:
        for sku, product in products.items():
            await connection.execute(
                text(
                    "INSERT INTO variant (sku, title, product, price, currency, observed_at)"
                    " VALUES (:sku, :sku, :product, 1000, 'USD', now())"
                ),
                {"sku": sku, "product": product},
            )


@pytest.mark.anyio
@pytest.mark.parametrize("bought", [True, False])
async def test_another_color_goes_with_a_basket_only_where_such_are_bought(database: Database, bought: bool):
    colors = [f"mug-{number}" for number in range(12)]
    await catalog(database, dict.fromkeys(colors, "Mug"))
    sold = [
        (age, [*skus, *({colors[place % 12], colors[(place // 12) % 12]} if bought else {colors[place % 12]})])
        for place, (age, skus) in enumerate(baskets(3_000))
    ]
    await sell(database, sold)
    await learn_next_items(database, until=NOW)
    await count_companions(database, until=NOW)
    table = CompanionTable()
    await table.keep_fresh(database)
    named = [one for one in wanted(["mug-3"], Past(), table) if one.why is Why.ANOTHER]
    assert (table.another > 0.02) is bought
    assert len(table.siblings("mug-3")) == MOST
    assert {one.because for one in named} == ({"mug-3"} if bought else set())
    assert all(one.sku != "mug-3" and one.chance == table.another for one in named)


@pytest.mark.anyio
async def test_who_looked_at_a_size_that_is_gone_is_offered_another_one(database: Database):
    await open_shop(database)
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE variant SET product = 'Set of Clothes', vendor = 'Corva' WHERE sku IN ('JEANS', 'TEE')")
        )
        await stock(connection, "TEE", "STORE_1", 5)
        await stock(connection, "JEANS", "STORE_1", 0)
        await looked(connection, "c_ada", "JEANS")
        await goes_with(connection, "SOCKS", "TEE", together=1)
    offers = OffersSpecialist(database, PLACES, Limits.read(), secret=SECRET, now=lambda: SHOP_NOW)
    facts: dict[str, Any] = {"location": "STORE_1", "customer": [], "by": "app", "opted_in": True}
    event = happened("hello", Topic.CHECK_IN, facts)
    (proposal,) = (await offers.consider([event], {event.id: CustomerRef("c_ada")})).proposals
    assert isinstance(proposal.action, Discount)
    assert (proposal.action.skus, proposal.evidence["reason"], proposal.evidence["because"]) == (
        ("TEE",),
        "another",
        "JEANS",
    )
    assert proposal.evidence["message"].startswith("There is Cotton Tee as well: ")
