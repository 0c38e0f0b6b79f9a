"""The port of products: every variant under its sku and the platform's own names, with exact money."""

import pytest

from knowledge.events.event import Topic
from knowledge.events.families import ProductFacts, VariantFacts
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tests.contract.connectors.chains import Chain

pytestmark = pytest.mark.anyio


async def variants(chain: Chain) -> dict[str, VariantFacts]:
    told = [event async for event in chain.platform.catalog.products()]
    assert {event.topic for event in told} == {Topic.PRODUCT_UPDATED}
    return {one.sku: one for event in told for one in ProductFacts.model_validate(event.facts).variants}


async def test_every_variant_is_told_with_its_price_in_cents(chain: Chain):
    told = await variants(chain)
    assert {sku: one.price for sku, one in told.items()} == {
        sku: variant.price for sku, variant in chain.world.variants.items()
    }


async def test_a_cost_nobody_recorded_stays_unknown(chain: Chain):
    told = await variants(chain)
    assert {sku: one.unit_cost for sku, one in told.items()} == {
        sku: variant.cost for sku, variant in chain.world.variants.items()
    }
    assert None in {one.unit_cost for one in told.values()}


async def test_a_variant_carries_the_platforms_own_names(chain: Chain):
    one, real = (await variants(chain))[chain.sku], chain.variant
    assert (one.title, one.product, one.vendor, one.category) == (
        real.title,
        real.product_title,
        real.vendor,
        real.category,
    )
    assert set(one.tags) == set(real.tags)
    if chain.name == "shopify":
        assert one.item == f"shopify:InventoryItem:{real.shopify_item_id}"
        assert one.variant == f"shopify:ProductVariant:{real.shopify_variant_id}"
    else:
        assert one.item == f"lightspeed:product:{real.lightspeed_product_id}"
        assert one.description == real.description


async def test_a_few_prices_are_told_as_of_now(chain: Chain):
    await variants(chain)
    chain.variant.price += 125
    others = [Sku(sku) for sku in chain.world.variants if sku != chain.sku][:2]
    at = chain.clock.now()
    told = await chain.platform.catalog.prices([chain.sku, *others, Sku("NEVER_HEARD_OF"), chain.sku])
    assert {price.sku: price.price for price in told} == {
        sku: Money(chain.world.variants[sku].price, "USD") for sku in (chain.sku, *others)
    }
    assert {price.observed_at for price in told} == {at}
    assert await chain.platform.catalog.prices([]) == []
