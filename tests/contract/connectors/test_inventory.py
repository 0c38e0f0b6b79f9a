"""The port of counts and transfers: read as of now, moved once per action, compared with what the proposer saw."""

from datetime import timedelta
from typing import Any

import pytest

from evals.retailer.transfers import move_transfer
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer, TransferLine
from policies.errors import NotFound, Refused, Unavailable
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tests.contract.connectors.chains import Chain, context

pytestmark = pytest.mark.anyio
DRAFT = {"shopify": "DRAFT", "lightspeed": "OPEN"}
ON_THE_WAY = {"shopify": ("READY_TO_SHIP", "IN_PROGRESS"), "lightspeed": ("SENT",)}


def five_units(chain: Chain, **changed: Any) -> Transfer:
    facts: dict[str, Any] = {
        "origin": chain.other_shop,
        "destination": chain.shop,
        "lines": (TransferLine(sku=chain.sku, units=5),),
        "value": Money(5_000, "USD"),
        "reference": "tr-0001",
    }
    return Transfer(**{**facts, **changed})


def two_less(chain: Chain, **changed: Any) -> StockAdjustment:
    facts: dict[str, Any] = {
        "store": chain.shop,
        "sku": chain.sku,
        "delta": -2,
        "expected": 20,
        "value": Money(2_000, "USD"),
        "reference": "adj-0001",
    }
    return StockAdjustment(**{**facts, **changed})


async def test_levels_are_the_counts_of_the_asked_skus_at_the_asked_locations(chain: Chain):
    chain.level().on_hand = 13
    levels = await chain.platform.inventory.levels([chain.sku], [chain.shop])
    assert [(one.sku, one.location, one.available) for one in levels] == [(chain.sku, chain.shop, 13)]
    assert levels[0].item.startswith(f"{chain.name}:")
    assert levels[0].observed_at == chain.clock.now()


async def test_levels_leave_out_what_the_platform_does_not_keep(chain: Chain):
    levels = await chain.platform.inventory.levels([chain.sku, Sku("NO_SUCH")], [chain.shop, chain.foreign_shop])
    assert {(one.sku, one.location) for one in levels} == {(chain.sku, chain.shop)}


async def test_levels_of_many_skus_come_whole(chain: Chain):
    skus = [Sku(sku) for sku in chain.world.variants]
    levels = await chain.platform.inventory.levels(skus, [chain.shop, chain.other_shop])
    expected = {
        (sku, place): level.available
        for (sku, place), level in chain.world.levels.items()
        if place in {chain.shop, chain.other_shop}
    }
    assert {(one.sku, one.location): one.available for one in levels} == expected


async def test_a_drafted_transfer_moves_no_stock(chain: Chain):
    receipt = await chain.platform.inventory.draft_transfer(five_units(chain), context())
    (transfer,) = chain.world.transfers.values()
    assert (transfer.status, transfer.lines, transfer.reference) == (DRAFT[chain.name], {chain.sku: 5}, "tr-0001")
    assert (transfer.origin, transfer.destination) == (chain.other_shop, chain.shop)
    assert (chain.level().available, chain.level(chain.other_shop).available) == (20, 20)
    assert (receipt.replayed, receipt.undo) == (False, "cancel_transfer")
    assert transfer.id in receipt.reference


async def test_the_same_transfer_again_finds_its_draft(chain: Chain):
    first = await chain.platform.inventory.draft_transfer(five_units(chain), context())
    again = await chain.platform.inventory.draft_transfer(five_units(chain), context())
    assert again.replayed
    assert again.reference == first.reference
    assert len(chain.world.transfers) == 1


@pytest.mark.parametrize("lost", [1, 2])
async def test_lost_answers_leave_one_whole_draft(chain: Chain, lost: int):
    await chain.platform.health()
    chain.faults.lose_answer_next = lost
    await chain.platform.inventory.draft_transfer(five_units(chain), context())
    (transfer,) = chain.world.transfers.values()
    assert transfer.lines == {chain.sku: 5}


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_a_draft_an_earlier_try_left_empty_is_completed(chain: Chain):
    await chain.platform.inventory.levels([chain.sku], [chain.shop])
    chain.faults.lose_answer_next = 1
    await chain.platform.inventory.draft_transfer(five_units(chain), context())
    (transfer,) = chain.world.transfers.values()
    transfer.lines = {}
    again = await chain.platform.inventory.draft_transfer(five_units(chain), context())
    assert again.replayed
    assert transfer.lines == {chain.sku: 5}


async def test_a_transfer_of_an_unknown_sku_is_not_drafted(chain: Chain):
    unknown = five_units(chain, lines=(TransferLine(sku=Sku("NO_SUCH"), units=1),))
    with pytest.raises(NotFound) as caught:
        await chain.platform.inventory.draft_transfer(unknown, context())
    assert caught.value.code == "sku.unknown"
    assert chain.world.transfers == {}


async def test_a_transfer_to_the_other_platform_is_refused(chain: Chain):
    with pytest.raises(Refused) as caught:
        await chain.platform.inventory.draft_transfer(five_units(chain, origin=chain.foreign_shop), context())
    assert caught.value.code == "location.other_platform"


async def test_a_dry_run_drafts_nothing(chain: Chain):
    receipt = await chain.platform.inventory.draft_transfer(five_units(chain), context(dry_run=True))
    assert receipt.dry_run
    assert chain.world.transfers == {}


async def test_a_withdrawn_transfer_is_gone_and_withdrawing_it_again_succeeds(chain: Chain):
    transfer = five_units(chain)
    made = await chain.platform.inventory.draft_transfer(transfer, context())
    cancel = transfer.inverse(made.reference)
    assert not (await chain.platform.inventory.cancel_transfer(cancel, context("act-2"))).replayed
    assert all(one.status in {"CANCELED", "CANCELLED"} for one in chain.world.transfers.values())
    assert (await chain.platform.inventory.cancel_transfer(cancel, context("act-2"))).replayed


async def test_a_lost_answer_to_withdrawing_withdraws_once(chain: Chain):
    transfer = five_units(chain)
    made = await chain.platform.inventory.draft_transfer(transfer, context())
    chain.faults.lose_answer_next = 1
    await chain.platform.inventory.cancel_transfer(transfer.inverse(made.reference), context("act-2"))
    assert all(one.status in {"CANCELED", "CANCELLED"} for one in chain.world.transfers.values())


async def test_a_transfer_on_its_way_is_not_withdrawn(chain: Chain):
    transfer = five_units(chain)
    made = await chain.platform.inventory.draft_transfer(transfer, context())
    (moving,) = chain.world.transfers.values()
    for status in ON_THE_WAY[chain.name]:
        move_transfer(chain.world, moving, status)
    with pytest.raises(Refused) as caught:
        await chain.platform.inventory.cancel_transfer(transfer.inverse(made.reference), context("act-2"))
    assert caught.value.code == "transfer.moving"


async def test_an_adjustment_changes_the_count_once_per_key(chain: Chain):
    first = await chain.platform.inventory.adjust(two_less(chain), context())
    again = await chain.platform.inventory.adjust(two_less(chain), context())
    assert chain.level().on_hand == 18
    assert again.reference == first.reference
    assert first.undo == "stock_adjustment"


async def test_two_actions_with_the_same_facts_both_count(chain: Chain):
    await chain.platform.inventory.adjust(two_less(chain, expected=None), context("act-1"))
    await chain.platform.inventory.adjust(two_less(chain, expected=None), context("act-2"))
    assert chain.level().on_hand == 16


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_lost_answers_adjust_once(chain: Chain, lost: int):
    await chain.platform.health()
    chain.faults.lose_answer_next = lost
    try:
        await chain.platform.inventory.adjust(two_less(chain), context())
    except Unavailable:  # more answers were lost than one call puts up with: the executor comes back
        await chain.platform.inventory.adjust(two_less(chain), context())
    assert chain.level().on_hand == 18


async def test_a_stale_count_is_refused(chain: Chain):
    chain.level().on_hand = 19
    with pytest.raises(Refused) as caught:
        await chain.platform.inventory.adjust(two_less(chain), context())
    assert caught.value.code == "stock.changed"
    assert chain.level().on_hand == 19


async def test_the_inverse_puts_the_count_back(chain: Chain):
    adjustment = two_less(chain)
    made = await chain.platform.inventory.adjust(adjustment, context())
    await chain.platform.inventory.adjust(adjustment.inverse(made.reference), context("act-2"))
    assert chain.level().on_hand == 20


async def test_a_dry_run_adjusts_nothing_and_sees_a_stale_count(chain: Chain):
    assert (await chain.platform.inventory.adjust(two_less(chain), context(dry_run=True))).dry_run
    chain.level().on_hand = 19
    with pytest.raises(Refused) as caught:
        await chain.platform.inventory.adjust(two_less(chain), context(dry_run=True))
    assert caught.value.code == "stock.changed"


async def test_an_adjustment_of_an_unknown_sku_is_refused(chain: Chain):
    with pytest.raises(NotFound) as caught:
        await chain.platform.inventory.adjust(two_less(chain, sku=Sku("NO_SUCH")), context())
    assert caught.value.code == "sku.unknown"


@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_a_key_used_for_another_adjustment_is_refused_by_shopify(chain: Chain):
    await chain.platform.inventory.adjust(two_less(chain), context())
    with pytest.raises(Refused) as caught:
        await chain.platform.inventory.adjust(two_less(chain, delta=-7, expected=None), context())
    assert caught.value.code == "idempotency.key_reused"
    assert chain.level().on_hand == 18


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_a_key_used_for_another_adjustment_has_no_second_effect_on_lightspeed(chain: Chain):
    await chain.platform.inventory.adjust(two_less(chain), context())
    assert (await chain.platform.inventory.adjust(two_less(chain, delta=-7, expected=None), context())).replayed
    assert chain.level().on_hand == 18


async def test_when_the_platform_is_down_nothing_is_adjusted(chain: Chain):
    chain.faults.down = True
    with pytest.raises(Unavailable):
        await chain.platform.inventory.adjust(two_less(chain), context())
    assert chain.level().on_hand == 20


@pytest.mark.parametrize("chain", ["lightspeed"], indirect=True)
async def test_the_reason_of_an_adjustment_cannot_be_picked_by_hand(chain: Chain):
    await chain.platform.inventory.adjust(two_less(chain), context())
    (reason,) = chain.state.adjustment_reasons.values()
    assert not reason.enabled
    assert reason.name.startswith("Tillhand ")


async def test_a_second_worker_finds_what_the_first_did(chain: Chain):
    """Another process comes with the same key, and with nothing in memory."""
    await chain.platform.inventory.draft_transfer(five_units(chain), context("act-1"))
    await chain.platform.inventory.adjust(two_less(chain), context("act-2"))
    other = chain.connect()
    chain.clock.advance_to(chain.clock.now() + timedelta(hours=2))
    assert (await other.inventory.draft_transfer(five_units(chain), context("act-1"))).replayed
    await other.inventory.adjust(two_less(chain), context("act-2"))
    assert chain.level().on_hand == 18
    assert len(chain.world.transfers) == 1
