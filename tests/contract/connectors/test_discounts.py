"""The port of single-use codes: one code per action, whatever is lost, and no code that takes off too much."""

from datetime import timedelta
from typing import Any

import pytest

from evals.retailer.codes import price_code
from evals.retailer.refusals import CodeRefused
from policies.actions.discount import Discount, EndDiscount
from policies.errors import NotFound, Refused, Unavailable
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tests.contract.connectors.chains import START, Chain, context

pytestmark = pytest.mark.anyio


def fifteen_percent(chain: Chain, **changed: Any) -> Discount:
    base = Money(chain.variant.price, "USD")
    facts: dict[str, Any] = {
        "store": chain.shop,
        "customer": None,
        "transaction": "TXN_1",
        "code": "TH-AB12CD",
        "percent": Percent.whole(15),
        "skus": (chain.sku,),
        "base": base,
        "amount": base.share(Percent.whole(15)),
        "valid_until": chain.clock.now() + timedelta(minutes=30),
    }
    return Discount(**{**facts, **changed})


def off(chain: Chain, units: int = 1) -> int:
    """Cents the code takes off this many, asked of the retailer itself."""
    return sum(price_code(chain.world, "TH-AB12CD", [(chain.sku, units)], None, chain.clock.now()))


async def test_a_created_code_takes_off_the_decided_amount_once(chain: Chain):
    discount = fifteen_percent(chain)
    receipt = await chain.platform.discounts.create(discount, context())
    assert off(chain) == discount.amount.minor
    assert chain.world.discounts["TH-AB12CD"].usage_limit == 1
    assert (receipt.platform, receipt.replayed, receipt.undo) == (chain.name, False, "end_discount")
    assert receipt.reference
    assert len(receipt.digest) == 64
    assert receipt.call.startswith("POST ")


async def test_a_code_is_over_when_its_time_is(chain: Chain):
    discount = fifteen_percent(chain)
    await chain.platform.discounts.create(discount, context())
    chain.clock.advance_to(discount.valid_until)
    with pytest.raises(CodeRefused):
        off(chain)


async def test_the_same_action_again_finds_its_code(chain: Chain):
    first = await chain.platform.discounts.create(fifteen_percent(chain), context())
    again = await chain.platform.discounts.create(fifteen_percent(chain), context())
    assert again.replayed
    assert again.reference == first.reference
    assert len(chain.made("discount.created")) == 1


async def test_a_lost_answer_leaves_one_code(chain: Chain):
    await chain.platform.health()  # so that the lost answer is not a token's
    chain.faults.lose_answer_next = 1
    receipt = await chain.platform.discounts.create(fifteen_percent(chain), context())
    assert receipt.replayed
    assert len(chain.made("discount.created")) == 1
    assert off(chain) == fifteen_percent(chain).amount.minor


async def test_a_code_of_somebody_else_is_not_taken_for_ours(chain: Chain):
    await chain.platform.discounts.create(fifteen_percent(chain), context("act-1"))
    with pytest.raises(Refused) as caught:
        await chain.platform.discounts.create(fifteen_percent(chain), context("act-2"))
    assert caught.value.code == "discount.code_taken"


async def test_an_unknown_sku_makes_no_code(chain: Chain):
    with pytest.raises(NotFound) as caught:
        await chain.platform.discounts.create(fifteen_percent(chain, skus=(Sku("NO_SUCH"),)), context())
    assert caught.value.code == "sku.unknown"
    assert chain.made("discount.created") == []


async def test_an_offer_that_is_over_makes_no_code(chain: Chain):
    with pytest.raises(Refused) as caught:
        await chain.platform.discounts.create(fifteen_percent(chain, valid_until=chain.clock.now()), context())
    assert caught.value.code == "discount.expired"


async def test_a_code_made_in_time_is_found_after_its_time(chain: Chain):
    discount = fifteen_percent(chain)
    first = await chain.platform.discounts.create(discount, context())
    chain.clock.advance_to(discount.valid_until + timedelta(minutes=1))
    again = await chain.platform.discounts.create(discount, context())
    assert (again.replayed, again.reference) == (True, first.reference)


async def test_a_dry_run_changes_nothing(chain: Chain):
    receipt = await chain.platform.discounts.create(fifteen_percent(chain), context(dry_run=True))
    assert receipt.dry_run
    assert chain.made("discount.created") == []


@pytest.mark.parametrize("wrong", [{"skus": (Sku("NO_SUCH"),)}, {"valid_until": START}], ids=["sku", "time"])
async def test_a_dry_run_finds_what_would_be_refused(chain: Chain, wrong: dict[str, Any]):
    with pytest.raises((NotFound, Refused)):
        await chain.platform.discounts.create(fifteen_percent(chain, **wrong), context(dry_run=True))


async def test_an_ended_code_cannot_be_used_and_ending_it_again_succeeds(chain: Chain):
    discount = fifteen_percent(chain)
    made = await chain.platform.discounts.create(discount, context())
    chain.clock.advance_to(chain.clock.now() + timedelta(minutes=1))
    end = discount.inverse(made.reference)
    assert not (await chain.platform.discounts.end(end, context("act-2"))).replayed
    with pytest.raises(CodeRefused):
        off(chain)
    assert (await chain.platform.discounts.end(end, context("act-2"))).replayed


async def test_a_lost_answer_to_ending_ends_it(chain: Chain):
    discount = fifteen_percent(chain)
    made = await chain.platform.discounts.create(discount, context())
    chain.clock.advance_to(chain.clock.now() + timedelta(minutes=1))
    chain.faults.lose_answer_next = 1
    await chain.platform.discounts.end(discount.inverse(made.reference), context("act-2"))
    with pytest.raises(CodeRefused):
        off(chain)


async def test_another_code_than_the_one_named_is_left_alone(chain: Chain):
    made = await chain.platform.discounts.create(fifteen_percent(chain), context())
    await chain.platform.discounts.create(fifteen_percent(chain, code="TH-OTHER"), context("act-2"))
    wrong = EndDiscount(store=chain.shop, code="TH-OTHER", reference=made.reference, amount=Money(1, "USD"))
    with pytest.raises(Refused) as caught:
        await chain.platform.discounts.end(wrong, context("act-3"))
    assert caught.value.code == "discount.other"
    assert off(chain) > 0


async def test_a_code_that_is_gone_counts_as_ended(chain: Chain):
    gone = EndDiscount(
        store=chain.shop, code="TH-GONE", reference="gid://shopify/DiscountCodeNode/1", amount=Money(1, "USD")
    )
    if chain.name == "lightspeed":
        gone = gone.model_copy(update={"reference": "00000000-0000-4000-8000-000000000000"})
    assert (await chain.platform.discounts.end(gone, context())).replayed


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_a_code_for_a_shop_the_platform_does_not_keep_is_refused(chain: Chain):
    with pytest.raises(Refused) as caught:
        await chain.platform.discounts.create(fifteen_percent(chain, store=chain.foreign_shop), context())
    assert caught.value.code == "location.other_platform"


async def test_when_the_platform_is_down_the_action_may_be_tried_again(chain: Chain):
    chain.faults.down = True
    with pytest.raises(Unavailable):
        await chain.platform.discounts.create(fifteen_percent(chain), context())
    chain.faults.down = False
    assert not (await chain.platform.discounts.create(fifteen_percent(chain), context())).replayed


# Lightspeed's money-off actions count per unit, so its codes are shares of the named products.
@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_a_basket_that_grows_gets_no_more_than_was_decided(chain: Chain):
    discount = fifteen_percent(chain)
    await chain.platform.discounts.create(discount, context())
    assert off(chain, units=10) == discount.amount.minor


async def test_a_pairs_code_is_good_for_both_together_and_not_for_one_alone(chain: Chain):
    other = next(one for one in chain.world.variants.values() if one.sku != chain.sku)
    base = Money(chain.variant.price + other.price, "USD")
    pair = fifteen_percent(
        chain,
        form="bundle",
        skus=(chain.sku, Sku(other.sku)),
        base=base,
        amount=base.share(Percent.whole(15)),
    )
    await chain.platform.discounts.create(pair, context())
    now = chain.clock.now()

    def taken(*skus: str) -> int:
        return sum(price_code(chain.world, "TH-AB12CD", [(sku, 1) for sku in skus], None, now))

    assert taken(chain.sku, other.sku) == pair.amount.minor
    for alone in (chain.sku, other.sku):
        with pytest.raises(CodeRefused):
            taken(alone)
    again = await chain.platform.discounts.create(pair, context())
    assert again.replayed
