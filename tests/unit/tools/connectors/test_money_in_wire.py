"""Money on the wire becomes whole minor units, to the cent, without ever being a float."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Place, Places
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import LocationId
from tools.connectors.amounts import exact, nearest, read_json, wire_number
from tools.connectors.lightspeed.events import to_event as from_lightspeed
from tools.connectors.moments import read_moment, version_of
from tools.connectors.shopify.events import to_event as from_shopify

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SHOP = LocationId("STORE_1")
PLACES = Places(
    Place(LocationId(name), name, platform, number, kind, "NY", "America/New_York", LocationId(stock))
    for name, platform, number, kind, stock in (
        ("STORE_1", "shopify", "11", "shop", "STORE_1"),
        ("ONLINE", "shopify", "11", "online", "STORE_1"),
        ("STORE_2", "lightspeed", "out-1", "shop", "STORE_2"),
    )
)
COMMON: dict[str, Any] = {
    "delivery": "d-1",
    "received_at": NOW,
    "places": PLACES,
    "keys": MatchKeys(b"k" * 32),
    "currency": "USD",
}


def shopify_order(**changed: Any) -> dict[str, Any]:
    body = {
        "id": 1001,
        "created_at": "2026-11-23T09:59:00-05:00",
        "updated_at": "2026-11-23T10:00:00-05:00",
        "processed_at": "2026-11-23T09:58:30-05:00",
        "source_name": "pos",
        "location_id": 11,
        "currency": "USD",
        "current_total_price": "84.97",
        "email": "ada@example.com",
        "line_items": [
            {"sku": "A-1", "quantity": 3, "price": "29.99", "discount_allocations": [{"amount": "5.00"}]},
            {"sku": "", "quantity": 1, "price": "0.00"},
        ],
    }
    return {**body, **changed}


def lightspeed_sale(**changed: Any) -> dict[str, Any]:
    body = {
        "id": "9d5e0d2f-8f1b-4a11-9d5e-0d2f8f1b7a11",
        "outlet_id": "out-1",
        "status": "CLOSED",
        "created_at": "2026-11-23 15:00:00",
        "updated_at": "2026-11-23 15:00:01",
        "sale_date": "2026-11-23 14:58:30",
        "totals": {"total_price": "78.67593", "total_tax": "6.29407"},
        "register_sale_products": [
            {"product_id": "p-1", "sku": "A-1", "quantity": "3.00000", "price": "27.89200", "discount_total": "5.00000"}
        ],
        "version": 4284638488,
    }
    return {**body, **changed}


@given(st.integers(-(10**9), 10**9), st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_written_in_decimals_comes_back_to_the_minor_unit(minor: int, currency: str):
    places = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    text = f"{Decimal(minor).scaleb(-places):f}"
    assert exact(text, currency) == nearest(Decimal(text), currency) == minor
    assert exact(read_json(f'{{"amount": {text}}}')["amount"], currency) == minor


def test_json_numbers_never_become_floats():
    parsed = read_json(b'{"price": 0.1, "total": 0.30000000000000004}')
    assert parsed == {"price": Decimal("0.1"), "total": Decimal("0.30000000000000004")}
    assert not any(isinstance(value, float) for value in parsed.values())


def test_an_amount_finer_than_a_cent_is_refused_where_cents_were_promised():
    with pytest.raises(Refused) as caught:
        exact("29.995", "USD")
    assert caught.value.code == "money.amount"


@pytest.mark.parametrize(("amount", "cents"), [("0.125", 12), ("0.135", 14), ("2.63158", 263), ("-0.125", -12)])
def test_an_amount_finer_than_a_cent_is_rounded_half_to_even_where_it_may_be(amount: str, cents: int):
    assert nearest(Decimal(amount), "USD") == cents


def test_a_share_is_a_json_number_and_whole_where_it_can_be():
    assert json.dumps([wire_number(Decimal(15)), wire_number(Decimal("12.5"))]) == "[15, 12.5]"


def test_a_shopify_order_is_told_in_cents():
    event = from_shopify("orders/create", shopify_order(), **COMMON)
    assert event.facts["total"] == 8497
    assert event.facts["lines"] == [{"sku": "A-1", "quantity": 3, "unit_price": 2999, "discount": 500, "returned": 0}]


def test_a_lightspeed_sale_is_told_in_cents_with_its_tax():
    event = from_lightspeed("sale.update", lightspeed_sale(), **COMMON)
    assert event.facts["total"] == 8497
    assert event.facts["lines"][0]["unit_price"] == 2789
    assert event.version == "00000000004284638488"


def test_shopify_tells_what_each_code_took_off_and_a_poll_only_names_them():
    codes = [{"code": "TH1", "amount": "6.00", "type": "fixed_amount"}, {"code": "SUMMER"}]
    facts = from_shopify("orders/create", shopify_order(discount_codes=codes), **COMMON).facts
    assert (facts["codes"], facts["taken"]) == (["TH1", "SUMMER"], {"TH1": 600})


def test_lightspeed_tells_what_each_code_took_off_line_by_line():
    line = lightspeed_sale()["register_sale_products"][0]
    promotions = [{"promo_code": "TH1", "amount": "3.00000"}, {"promo_code": "SUMMER"}, {"amount": "1.00000"}]
    sale = lightspeed_sale(register_sale_products=[{**line, "promotions": promotions}] * 2)
    facts = from_lightspeed("sale.update", sale, **COMMON).facts
    assert (facts["codes"], facts["taken"]) == (["TH1", "SUMMER"], {"TH1": 600})


def test_moments_of_every_zone_become_one_fixed_width_version():
    event = from_shopify("orders/create", shopify_order(), **COMMON)
    assert event.version == "2026-11-23T15:00:00.000000Z"
    assert event.occurred_at == datetime(2026, 11, 23, 14, 58, 30, tzinfo=UTC)
    assert read_moment("2026-11-23 15:00:00") == NOW
    assert version_of(NOW) == "2026-11-23T15:00:00.000000Z"


def test_an_online_order_belongs_to_the_online_shop():
    event = from_shopify("orders/create", shopify_order(source_name="web", location_id=None), **COMMON)
    assert (event.lane, event.facts["channel"]) == ("ONLINE", "online")


@pytest.mark.parametrize(
    "body", [shopify_order(location_id=99), {**shopify_order(), "source_name": "pos", "location_id": 99}]
)
def test_a_location_nobody_listed_is_named_as_the_trouble(body: dict[str, Any]):
    with pytest.raises(NotFound) as caught:
        from_shopify("orders/create", body, **COMMON)
    assert caught.value.code == "location.unknown"


def test_a_malformed_body_is_refused_without_quoting_it():
    with pytest.raises(Refused) as caught:
        from_shopify("orders/create", {**shopify_order(), "line_items": [{"sku": "ada@example.com"}]}, **COMMON)
    assert caught.value.code == "payload.malformed"
    cause = caught.value.__cause__
    assert cause is not None
    assert "ada@example.com" not in f"{caught.value} {cause}"


def test_a_topic_nobody_knows_is_left_to_be_parked():
    for translate, topic in ((from_shopify, "themes/update"), (from_lightspeed, "quote.update")):
        with pytest.raises(NotFound) as caught:
            translate(topic, {}, **COMMON)
        assert caught.value.code == "topic.unknown"


def test_no_identifier_survives_in_the_facts():
    event = from_shopify("orders/create", shopify_order(phone="+15551234567"), **COMMON)
    text = json.dumps(event.facts)
    assert "ada@example.com" not in text
    assert "5551234567" not in text
    assert [key["kind"] for key in event.facts["customer"]] == ["phone", "email"]


def test_the_same_delivery_is_the_same_event_and_one_order_is_one_story():
    first = from_shopify("orders/create", shopify_order(), **COMMON)
    again = from_shopify("orders/create", shopify_order(), **COMMON)
    common: dict[str, Any] = {**COMMON, "delivery": "d-2"}
    later = from_shopify("orders/updated", shopify_order(), **common)
    assert first == again
    assert first.id != later.id
    assert first.correlation == later.correlation


@pytest.mark.parametrize(
    ("changed", "topic"),
    [
        ({}, "order.created"),
        ({"updated_at": "2026-11-23 16:30:00"}, "order.updated"),
        ({"status": "VOIDED"}, "order.cancelled"),
        ({"return_for": "9d5e0d2f-8f1b-4a11-9d5e-0d2f8f1b7a12"}, "return.created"),
        ({"status": "SAVED"}, "checkout.started"),
    ],
)
def test_a_sale_update_is_what_its_status_says(changed: dict[str, Any], topic: str):
    assert from_lightspeed("sale.update", lightspeed_sale(**changed), **COMMON).topic == topic


def test_part_of_a_unit_cannot_be_promised():
    payload = {"product_id": "p-1", "outlet_id": "out-1", "count": "7.80000", "version": 5}
    assert from_lightspeed("inventory.update", payload, **COMMON).facts["available"] == 7


def test_a_closed_register_and_a_received_consignment_are_told():
    closure = {"id": "c", "outlet_id": "out-1", "register_id": "r", "register_close_time": "2026-11-23 23:00:00"}
    event = from_lightspeed("register_closure.create", closure, **COMMON)
    assert (event.topic, event.lane) == ("register.closed", "STORE_2")
    consignment = {"id": "t", "outlet_id": "out-1", "status": "RECEIVED", "reference": "tr-1", "version": 9}
    event = from_lightspeed("consignment.receive", consignment, **COMMON)
    assert event.facts == {"transfer": "t", "reference": "tr-1", "status": "RECEIVED"}


def test_carts_and_checkouts_of_the_online_shop_are_told():
    lines = [{"sku": "A-1", "quantity": 2, "price": "10.00"}]
    cart = from_shopify(
        "carts/update", {"token": "t1", "updated_at": "2026-11-23T15:00:00Z", "line_items": lines}, **COMMON
    )
    assert (cart.topic, cart.lane, cart.facts["skus"]) == ("cart.updated", "ONLINE", ["A-1"])
    body = {"token": "t1", "created_at": "2026-11-23T15:00:00Z", "line_items": lines, "total_price": "20.00"}
    checkout = from_shopify("checkouts/create", body, **COMMON)
    assert (checkout.topic, checkout.facts["total"], checkout.facts["transaction"]) == ("checkout.started", 2000, "t1")
