"""Every name an event is called by."""

import pytest

from knowledge.events.event import Topic
from server.webhooks.aliases import topic_of


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("order.created", Topic.ORDER_CREATED),
        ("sale.create", Topic.ORDER_CREATED),
        ("orders/create", Topic.ORDER_CREATED),
        ("bopis.reserved", Topic.ORDER_CREATED),
        ("online_order.fulfilled", Topic.ORDER_FULFILLED),
        ("customer.updated", Topic.CUSTOMER_UPDATED),
        ("cart/update", Topic.CART_UPDATED),
        ("inventory_level", Topic.INVENTORY_UPDATED),
        ("checkout.started", Topic.CHECKOUT_STARTED),
        ("check-in", Topic.CHECK_IN),
        ("wifi.check_in", Topic.CHECK_IN),
        ("app.check_in", Topic.CHECK_IN),
        ("loyalty.lookup", Topic.LOYALTY_SCANNED),
        ("phone.lookup", Topic.LOYALTY_SCANNED),
        ("in-store.return", Topic.RETURN_CREATED),
        ("CART/Update", Topic.CART_UPDATED),
    ],
)
def test_every_name_in_use_is_understood(name: str, topic: Topic):
    assert topic_of(name) is topic


@pytest.mark.parametrize("name", ["chargeback", "", "order", "checkout.started.twice"])
def test_a_name_nobody_knows_is_unknown_and_not_guessed(name: str):
    assert topic_of(name) is Topic.UNKNOWN
