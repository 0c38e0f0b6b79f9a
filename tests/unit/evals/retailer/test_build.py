"""A built world promises: its size and places, the sample's customer and goods, and one world for one seed."""

from collections import Counter

import pytest

from evals.retailer.build import build_world
from evals.retailer.world import World
from tests.unit.evals.retailer.conftest import START


def _parts(world: World) -> tuple[object, ...]:
    return (
        world.places,
        world.variants,
        world.people,
        world.levels,
        world.orders,
        world.discounts,
        world.views,
        world.version,
        world.serials,
    )


def test_the_same_seed_builds_the_same_world_and_another_seed_another():
    first, second, other = (
        build_world(seed=seed, start=START, variants=200, customers=300, history_days=7)[0] for seed in (5, 5, 6)
    )
    assert _parts(first) == _parts(second)
    assert first.orders != other.orders
    assert first.people != other.people
    assert first.levels != other.levels


def test_a_world_does_not_change_while_nobody_acts(chain: World):
    assert chain.now() == START
    assert max(order.occurred_at for order in chain.orders.values()) < START


def test_the_chain_has_the_places_the_issue_asks_for(chain: World):
    kinds = Counter((place.platform, place.kind) for place in chain.places.values())
    assert kinds["shopify", "warehouse"] == 1
    assert kinds["shopify", "shop"] == 4
    assert kinds["shopify", "online"] == 1
    assert kinds["lightspeed", "shop"] == 2


def test_the_default_world_has_at_least_2000_variants_and_20000_customers(chain: World):
    assert len(chain.variants) == 2_000
    assert len([person for person in chain.people.values() if person.same_as is None]) == 20_000


def test_the_samples_tee_and_customer_exist_and_are_in_the_shop(chain: World):
    tee, person = chain.variants["PROD_001"], chain.people[1]
    assert (tee.product_title, tee.price) == ("Organic Cotton T-Shirt", 2999)
    assert tee.cost is not None
    assert (person.loyalty_id, person.phone) == ("CUST_456", "+15551234567")
    assert person.orders > 0
    assert chain.levels["PROD_001", "STORE_123"].available > 10


def test_some_costs_were_never_recorded_and_all_others_are_below_the_price(chain: World):
    costs = [variant.cost for variant in chain.variants.values()]
    assert 0.02 < costs.count(None) / len(costs) < 0.06
    assert all(0 < (variant.cost or 1) < variant.price for variant in chain.variants.values())


def test_every_id_of_a_platform_is_given_once(chain: World):
    for ids in (
        [variant.shopify_variant_id for variant in chain.variants.values()],
        [variant.shopify_item_id for variant in chain.variants.values()],
        [variant.lightspeed_product_id for variant in chain.variants.values()],
        [person.shopify_id for person in chain.people.values() if person.shopify_id],
        [person.lightspeed_id for person in chain.people.values() if person.lightspeed_id],
        [order.id for order in chain.orders.values()],
        [line.id for order in chain.orders.values() for line in order.lines],
    ):
        assert len(set(ids)) == len(ids)


def test_open_orders_are_what_is_committed(chain: World):
    committed: Counter[tuple[str, str]] = Counter()
    for order in chain.orders.values():
        if order.fulfilled_at is None:
            for line in order.lines:
                committed[line.sku, order.pickup_place or "WAREHOUSE"] += line.quantity
    assert committed
    assert dict(committed) == {key: level.committed for key, level in chain.levels.items() if level.committed}
    assert all(level.available >= 0 for level in chain.levels.values())


def test_customers_totals_are_the_sums_of_their_orders(chain: World):
    spent: Counter[int] = Counter()
    for order in chain.orders.values():
        if order.customer is not None:
            spent[order.customer] += order.total - sum(refund.amount for refund in order.refunds)
    assert {key: person.spent for key, person in chain.people.items() if person.spent} == {
        key: cents for key, cents in spent.items() if cents
    }


@pytest.mark.parametrize(("variants", "customers"), [(29, 10), (30, 0)])
def test_a_world_too_small_for_the_samples_is_refused(variants: int, customers: int):
    with pytest.raises(ValueError, match="at least"):
        build_world(seed=1, start=START, variants=variants, customers=customers)


def test_the_smallest_world_builds_with_its_history():
    world, _ = build_world(seed=1, start=START, variants=30, customers=1, history_days=3)
    assert len(world.variants) == 30
    assert world.orders
