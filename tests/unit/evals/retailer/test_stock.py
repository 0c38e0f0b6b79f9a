"""Counts promise: a stale compare-and-swap changes nothing, and what a place does not carry is not counted there."""

import pytest

from evals.retailer import actions
from evals.retailer.world import Change, World

TEE, SHOP = "PROD_001", "STORE_123"


def test_a_correction_with_a_stale_count_is_refused_and_changes_nothing(world: World):
    heard: list[Change] = []
    world.listeners.append(heard.append)
    before = world.levels[TEE, SHOP].on_hand
    with pytest.raises(actions.StaleQuantity) as refused:
        actions.adjust(world, TEE, SHOP, 5, expected=before - 1)
    assert refused.value.actual == before
    assert world.levels[TEE, SHOP].on_hand == before
    assert not heard


def test_a_correction_with_the_right_count_or_none_is_made(world: World):
    before = world.levels[TEE, SHOP].on_hand
    assert actions.adjust(world, TEE, SHOP, 5, expected=before) == before + 5
    assert actions.adjust(world, TEE, SHOP, -2, expected=None) == before + 3


def test_a_correction_may_be_compared_with_what_is_available(world: World):
    level = world.levels[TEE, "WAREHOUSE"]
    actions.sell(
        world,
        place="ONLINE",
        customer_key=1,
        lines=[(TEE, 2)],
        channel="online",
        occurred_at=world.now(),
    )
    with pytest.raises(actions.StaleQuantity):
        actions.adjust(world, TEE, "WAREHOUSE", 1, expected=level.on_hand, against="available")
    before = level.on_hand
    assert actions.adjust(world, TEE, "WAREHOUSE", 1, expected=level.available, against="available") == before + 1


def test_every_correction_is_announced_by_the_platform_of_the_place(world: World):
    heard: list[Change] = []
    world.listeners.append(heard.append)
    actions.adjust(world, TEE, SHOP, 1, expected=None)
    actions.adjust(world, TEE, "STORE_SEA", 1, expected=None)
    assert [(change.topic, change.platform, change.subject) for change in heard] == [
        ("inventory.updated", "shopify", (TEE, SHOP)),
        ("inventory.updated", "lightspeed", (TEE, "STORE_SEA")),
    ]


def test_each_change_at_lightspeed_has_a_higher_version(world: World):
    actions.adjust(world, TEE, "STORE_SEA", 1, expected=None)
    first = world.levels[TEE, "STORE_SEA"].version
    actions.adjust(world, TEE, "STORE_PDX", 1, expected=None)
    assert world.levels[TEE, "STORE_PDX"].version > first


def test_the_online_shop_holds_no_goods(world: World):
    with pytest.raises(actions.Unknown):
        actions.activate(world, TEE, "ONLINE")
    with pytest.raises(actions.Unknown):
        actions.adjust(world, TEE, "ONLINE", 1, expected=None)
