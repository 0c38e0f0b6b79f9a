"""The port of orders to suppliers: drafted once, asking nobody for anything yet, and withdrawn while that is so."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from evals.retailer.lightspeed.purchase_orders import move_purchase_order
from policies.actions.reorder import CancelReorder, OrderLine, Reorder
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tests.contract.connectors.chains import Chain, context, open_chain
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.platform import PurchaseOrders

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain() -> AsyncGenerator[Chain]:
    async with open_chain("lightspeed") as opened:
        opened.stock(20)
        yield opened


def orders(chain: Chain) -> PurchaseOrders:
    assert isinstance(chain.platform, LightspeedPlatform)
    return chain.platform.purchase_orders


def a_dozen(chain: Chain, **changed: Any) -> Reorder:
    facts: dict[str, Any] = {
        "vendor": chain.variant.vendor,
        "store": chain.shop,
        "lines": (OrderLine(sku=chain.sku, units=12, unit_cost=500),),
        "value": Money(6_000, "USD"),
        "reference": "po-0001",
    }
    return Reorder(**{**facts, **changed})


def kept(chain: Chain) -> list[Any]:
    return list(chain.state.purchase_orders.values())


async def test_an_order_is_drafted_with_its_goods_and_its_supplier_and_moves_nothing(chain: Chain):
    before = chain.level().incoming
    receipt = await orders(chain).draft_order(a_dozen(chain), context())
    (draft,) = kept(chain)
    assert (draft.status, draft.reference, dict(draft.lines)) == ("OPEN", "po-0001", {chain.sku: 12})
    assert chain.state.notes[draft.id].supplier_id
    assert (receipt.reference, receipt.undo, receipt.replayed) == (draft.id, "cancel_reorder", False)
    assert chain.level().incoming == before


async def test_an_order_asked_for_again_is_the_first_one_also_by_another_process(chain: Chain):
    first = await orders(chain).draft_order(a_dozen(chain), context())
    other = chain.connect()
    assert isinstance(other, LightspeedPlatform)
    second = await other.purchase_orders.draft_order(a_dozen(chain), context())
    assert (second.reference, second.replayed) == (first.reference, True)
    assert len(kept(chain)) == 1


async def test_a_lost_answer_drafts_no_second_order(chain: Chain):
    chain.faults.lose_answer_next = 1
    receipt = await orders(chain).draft_order(a_dozen(chain), context())
    (draft,) = kept(chain)
    assert (receipt.reference, dict(draft.lines)) == (draft.id, {chain.sku: 12})


async def test_a_dry_run_drafts_nothing(chain: Chain):
    receipt = await orders(chain).draft_order(a_dozen(chain), context(dry_run=True))
    assert (receipt.dry_run, receipt.undo, kept(chain)) == (True, "", [])


async def test_a_draft_is_withdrawn_and_withdrawing_it_again_is_no_error(chain: Chain):
    receipt = await orders(chain).draft_order(a_dozen(chain), context())
    back = CancelReorder(
        vendor=chain.variant.vendor, store=chain.shop, reference=receipt.reference, value=Money(6_000, "USD")
    )
    assert not (await orders(chain).cancel_order(back, context())).replayed
    assert (await orders(chain).cancel_order(back, context())).replayed
    assert kept(chain) == []


async def test_an_order_that_was_sent_to_the_supplier_is_not_withdrawn(chain: Chain):
    order = a_dozen(chain)
    receipt = await orders(chain).draft_order(order, context())
    move_purchase_order(chain.state, kept(chain)[0], "SENT")
    with pytest.raises(Refused):
        await orders(chain).cancel_order(order.inverse(receipt.reference), context())
    assert len(kept(chain)) == 1


async def test_goods_lightspeed_does_not_sell_are_refused_before_anything_is_drafted(chain: Chain):
    with pytest.raises(NotFound):
        await orders(chain).draft_order(
            a_dozen(chain, lines=(OrderLine(sku=Sku("NO_SUCH"), units=12, unit_cost=500),)), context()
        )
    assert kept(chain) == []
