"""The routing table knows every kind of event."""

import pytest

from agents.routing import INVENTORY, OFFERS, TABLE, topics_of
from knowledge.events.event import Topic


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_has_a_row_even_if_it_concerns_nobody(topic: Topic):
    assert topic in TABLE


def test_sales_and_returns_reach_the_inventory_specialist():
    assert {Topic.ORDER_CREATED, Topic.RETURN_CREATED, Topic.INVENTORY_UPDATED} <= topics_of(INVENTORY)


def test_interest_reaches_the_offers_specialist_alone():
    assert TABLE[Topic.PRODUCT_VIEWED] == TABLE[Topic.CART_UPDATED] == (OFFERS,)


def test_parked_events_reach_nobody():
    assert TABLE[Topic.UNKNOWN] == ()
