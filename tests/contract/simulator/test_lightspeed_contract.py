"""Every exchange with the simulated Lightspeed is checked against the platform's own OpenAPI documents."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from evals.retailer.lightspeed.operations import OPERATIONS
from tests.contract.simulator.openapi_contract import SPECS, Contract, OpenApi
from tests.contract.simulator.small_lightspeed import BASE, SmallLightspeed, small_lightspeed

SUBSET = SPECS / "lightspeed" / "xseries_2026-07_subset.openapi.yaml"
API_2 = SPECS / "lightspeed" / "xseries_api_2.0_openapi.json"
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not (SUBSET.exists() and API_2.exists()), reason="the OpenAPI documents are not beside us"),
]
NOT_IN_THE_DOCUMENTS = {
    ("GET", "/inventory"),  # the list of 2.0
    # Of the official 2026-07 Inventory document, which the condensed one beside us leaves out:
    ("POST", "/inventory"),
    ("GET", "/custom_inventory_adjustment_reasons"),
    ("POST", "/custom_inventory_adjustment_reasons"),
    ("PUT", "/custom_inventory_adjustment_reasons/{custom_reason_id}"),
}


@pytest.fixture(scope="module")
def documents() -> tuple[OpenApi, OpenApi]:
    return OpenApi(SUBSET, BASE), OpenApi(API_2, BASE)


@pytest.fixture
def contract(documents: tuple[OpenApi, OpenApi]) -> Contract:
    return Contract(*documents)


@pytest.fixture
async def shop(contract: Contract) -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed(contract.see) as running:
        yield running


def test_every_operation_is_in_a_document(documents: tuple[OpenApi, OpenApi]) -> None:
    unknown = {
        (one.method, one.path)
        for one in OPERATIONS
        if not any(document.operation(one.method, f"{BASE}{one.path}") for document in documents)
    }
    assert unknown <= NOT_IN_THE_DOCUMENTS


async def test_the_check_notices_a_wrong_request_and_a_wrong_answer(shop: SmallLightspeed, contract: Contract) -> None:
    shop.person.city = 5  # pyright: ignore[reportAttributeAccessIssue] - wrong on purpose
    await shop.call("GET", f"/customers/{shop.person.lightspeed_id}")
    await shop.call("POST", "/webhooks", 422, json={"type": "sale.update", "url": "http://127.0.0.1:1/w"})
    assert any("answer $.data.physical_city" in error for error in contract.errors)
    assert any("request $: 'active' is a required property" in error for error in contract.errors)


async def test_customers_products_and_places_are_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    person, variant = shop.person, shop.variant()
    await shop.call("GET", "/customers", params={"page_size": 5})
    await shop.call("GET", f"/customers/{person.lightspeed_id}")
    await shop.call(
        "PUT", f"/customers/{person.lightspeed_id}", json={"first_name": "Ada", "last_name": "L", "phone": None}
    )
    await shop.call("GET", "/search", params={"type": "customers", "email": person.email})
    await shop.call("GET", "/search", params={"type": "products", "sku": variant.sku.lower()})
    await shop.call("GET", "/products", params={"page_size": 5})
    await shop.call("GET", "/products", params={"sku": variant.sku})
    await shop.call("GET", "/products", params={"after": 1 << 40})
    await shop.call("GET", f"/products/{variant.lightspeed_product_id}")
    await shop.call("GET", "/suppliers")
    await shop.call("GET", "/outlets")
    await shop.call("GET", f"/outlets/{shop.seattle.outlet_id}")
    await shop.call("GET", "/registers")
    await shop.call("GET", "/retailer")
    assert contract.errors == []


async def test_stock_is_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    variant = shop.variant()
    entry = {
        "product_id": variant.lightspeed_product_id,
        "outlet_id": shop.seattle.outlet_id,
        "quantity": "-2",
        "reason": "DAMAGE",
    }
    await shop.call("POST", "/stock_adjustments", 201, json={"stock_adjustments": [entry]})
    await shop.call("GET", "/stock_adjustments")
    await shop.call("GET", "/stock_adjustments", params={"after": 1 << 40})
    await shop.call("POST", "/inventory_levels", json={"product_ids": [variant.lightspeed_product_id], "size": 10})
    await shop.call("GET", f"/inventory/{variant.lightspeed_product_id}")
    await shop.call("GET", "/inventory")
    assert contract.errors == []


async def test_consignments_are_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    variant = shop.variant()
    outlet = {
        "name": "Refill",
        "type": "OUTLET",
        "status": "OPEN",
        "outlet_id": shop.seattle.outlet_id,
        "source_outlet_id": shop.backroom.outlet_id,
        "reference": "t-1",
    }
    made = await shop.call("POST", "/consignments", 201, json=outlet)
    path = f"/consignments/{made['data']['id']}"
    products = [{"product_id": variant.lightspeed_product_id, "count": "3"}]
    await shop.call("POST", f"{path}/bulk", json=products)
    await shop.call("GET", f"{path}/products")
    await shop.call("PUT", path, json={**outlet, "status": "SENT"})
    await shop.call("PUT", path, json={**outlet, "status": "RECEIVED"})
    await shop.call("GET", path)
    order = {"name": "Order", "type": "SUPPLIER", "status": "OPEN", "outlet_id": shop.seattle.outlet_id}
    supplier = await shop.call("POST", "/consignments", 201, json=order)
    await shop.call("GET", "/consignments", params={"type": "SUPPLIER"})
    await shop.call("DELETE", f"/consignments/{supplier['data']['id']}", 204)
    assert contract.errors == []


async def test_sales_are_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    variant = shop.variant()
    sale = {
        "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        "state": "closed",
        "source": {"author_id": shop.account.user_id, "register_id": shop.seattle.register_id, "id": "TXN_1"},
        "customer_id": shop.person.lightspeed_id,
        "line_items": [
            {
                "product": {"id": variant.lightspeed_product_id},
                "quantity": 2,
                "pricing": {"price": variant.price / 100, "discount": 1.5},
                "tax": {"id": "6f9619ff-8b86-4d01-b42d-00cf4fc964fe", "amount": 0},
            }
        ],
    }
    await shop.call("POST", "/sales", json=sale)
    await shop.call("POST", "/sales", json={**sale, "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964fd", "state": "parked"})
    await shop.call("GET", f"/sales/{sale['id']}")
    await shop.call("GET", "/sales", params={"page_size": 1000})
    await shop.call("GET", "/sales", params={"after": 1 << 40})
    await shop.call("GET", "/search", params={"type": "sales", "customer_id": shop.person.lightspeed_id})
    assert contract.errors == []


async def test_promotions_are_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    variant = shop.variant()
    promotion = {
        "name": "Offer",
        "start_time": "2026-11-23T14:00:00",
        "end_time": "2026-11-24T14:00:00",
        "use_promo_code": True,
        "add_promo_code": [{"code": "OFFER-1", "limit": 1}],
        "condition": {"type": "product_set"},
        "action": {"type": "basic_percent_discount", "value": 12.5},
    }
    made = await shop.call("POST", "/promotions", 201, json=promotion)
    path = f"/promotions/{made['data']['id']}"
    await shop.call("GET", path)
    codes = await shop.call("GET", f"{path}/promocodes")
    await shop.call("GET", "/promotions")
    line: dict[str, Any] = {
        "handle": "h",
        "product_id": variant.lightspeed_product_id,
        "product_brand_id": "",
        "product_supplier_id": "",
        "product_type_id": "",
        "product_tag_ids": [],
        "quantity": 2,
        "unit_price": variant.price / 100,
        "unit_tax_discount": 0,
    }
    sale = {"line_items": [line], "sale_date": "2026-11-23", "total_price": 1, "total_tax": 0}
    asked = {"channel": "Register", "customer": {}, "outlet_id": shop.seattle.outlet_id, "sale": sale}
    await shop.call("POST", "/discount", json={**asked, "promo_code": "OFFER-1"})
    await shop.call("PUT", path, json={**promotion, "end_time": "2026-11-23T14:59:59", "add_promo_code": []})
    await shop.call("DELETE", "/promocode/bulk", json=[codes["data"]["promo_codes"][0]["id"]])
    assert contract.errors == []


async def test_webhooks_and_rules_are_as_documented(shop: SmallLightspeed, contract: Contract) -> None:
    hook = await shop.call(
        "POST", "/webhooks", 201, json={"active": True, "type": "sale.update", "url": "http://127.0.0.1:1/w"}
    )
    await shop.call("GET", "/webhooks")
    await shop.call("DELETE", f"/webhooks/{hook['data']['id']}")
    remote = await shop.call("POST", "/workflows/remote_rules", json={"url": "http://127.0.0.1:1/r"})
    rule = await shop.call(
        "POST",
        "/workflows/rules",
        json={"event_type": "sale.customer.changed", "remote_rule_id": remote["data"]["id"]},
    )
    await shop.call("GET", "/workflows/remote_rules")
    await shop.call("GET", "/workflows/rules")
    await shop.call("DELETE", f"/workflows/rules/{rule['data']['id']}", 204)
    await shop.call("DELETE", f"/workflows/remote_rules/{remote['data']['id']}", 204)
    assert contract.errors == []
