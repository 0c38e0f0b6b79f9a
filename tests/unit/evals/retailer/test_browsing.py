"""Browsing promises: pages seen are remembered within bounds, and a cart can be filled until it is paid."""

import pytest

from evals.retailer import actions
from evals.retailer.browsing import VIEWS_KEPT
from evals.retailer.world import Change, World

TEE = "PROD_001"


def test_the_latest_pages_a_customer_saw_are_remembered(world: World):
    skus = list(world.variants)
    for number in range(VIEWS_KEPT + 1):
        actions.view(world, 1, skus[number % len(skus)])
    assert [sku for sku, _ in world.views[1]] == skus[1 : VIEWS_KEPT + 1]
    with pytest.raises(actions.Unknown):
        actions.view(world, 1, "NOTHING")


def test_a_cart_is_announced_as_it_is_filled_and_goes_to_checkout(world: World):
    heard: list[Change] = []
    world.listeners.append(heard.append)
    cart = actions.open_cart(world, 1)
    actions.put_in_cart(world, cart, TEE, 2)
    actions.begin_checkout(world, cart)
    assert [(change.topic, change.subject["lines"]) for change in heard] == [
        ("cart.updated", {TEE: 2}),
        ("checkout.created", {TEE: 2}),
    ]
    assert heard[0].subject["token"] == cart.token


def test_an_empty_or_paid_cart_does_not_go_to_checkout(world: World):
    cart = actions.open_cart(world, None)
    actions.put_in_cart(world, cart, TEE, 1)
    actions.put_in_cart(world, cart, TEE, 0)
    with pytest.raises(actions.WrongState):
        actions.begin_checkout(world, cart)
    actions.put_in_cart(world, cart, TEE, 1)
    cart.order = 1
    with pytest.raises(actions.WrongState):
        actions.put_in_cart(world, cart, TEE, 2)
