"""What we send is what the platforms' own documents describe."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import cache

import httpx
import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, parse, validate

from evals.retailer.shopify.admin import admin_schema
from evals.retailer.shopify.cost import MAX_QUERY_COST, plan_of, requested
from tests.contract.connectors.chains import Chain, context, open_chain
from tests.contract.connectors.test_discounts import fifteen_percent
from tests.contract.connectors.test_inventory import five_units, two_less
from tests.contract.simulator.openapi_contract import SPECS, Contract, OpenApi
from tools.connectors.shopify import operations
from tools.connectors.shopify.graphql import Operation
from tools.connectors.shopify.subscriptions import TOPICS

VERSIONS = ("2026-07", "2026-10")
SUBSET = SPECS / "lightspeed" / "xseries_2026-07_subset.openapi.yaml"
API_2 = SPECS / "lightspeed" / "xseries_api_2.0_openapi.json"
# In the official 2026-07 Inventory document, which the condensed one beside us leaves out.
LEFT_OUT = ("/inventory is", "/custom_inventory_adjustment_reasons")


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The official schema, as far as it lies beside us. Shopify's own breaks a rule on deprecated ids."""
    file = SPECS / "shopify" / f"admin_{version}.projection.graphql"
    if not file.exists():
        pytest.skip("the projections of Shopify's schema are not beside us")
    return build_schema(file.read_text("utf-8"), assume_valid=True)


def named(operation: Operation) -> str:
    return operation.text.split("(")[0].split("{")[0].strip()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", operations.ALL, ids=named)
def test_every_operation_is_valid_on(operation: Operation, version: str):
    assert validate(schema_of(version), parse(operation.text)) == []


@pytest.mark.parametrize("operation", operations.ALL, ids=named)
def test_no_operation_costs_more_than_a_query_may(operation: Operation):
    document = parse(operation.text)
    definition = document.definitions[0]
    plans = plan_of(admin_schema(), definition, {})  # pyright: ignore[reportArgumentType] - there is one operation
    most = requested(plans, {"items": 5, "locations": 59})
    assert most <= MAX_QUERY_COST
    assert most <= operation.cost + 10  # the first guess is not far below


@pytest.mark.parametrize("version", VERSIONS)
def test_every_webhook_topic_exists(version: str):
    known = schema_of(version).type_map["WebhookSubscriptionTopic"]
    assert isinstance(known, GraphQLEnumType)
    assert TOPICS.keys() <= known.values.keys()


@pytest.fixture
def contract() -> Contract:
    if not (SUBSET.exists() and API_2.exists()):
        pytest.skip("Lightspeed's OpenAPI documents are not beside us")
    return Contract(OpenApi(SUBSET, "/api/2026-07"), OpenApi(API_2, "/api/2026-07"))


@pytest.fixture
async def watched(contract: Contract) -> AsyncGenerator[Chain]:
    async def see(response: httpx.Response) -> None:
        if response.request.url.path.startswith("/api/2026-07/"):  # the token endpoint is in no document
            await contract.see(response)

    async with open_chain("lightspeed", see=see) as chain:
        chain.stock(20)
        yield chain


@pytest.mark.anyio
async def test_every_request_to_lightspeed_is_as_its_documents_say(watched: Chain, contract: Contract):
    platform, transfer, discount = watched.platform, five_units(watched), fifteen_percent(watched)
    await platform.places()
    await platform.inventory.levels([watched.sku], [watched.shop])
    drafted = await platform.inventory.draft_transfer(transfer, context("act-1"))
    await platform.inventory.draft_transfer(transfer, context("act-1"))
    await platform.inventory.cancel_transfer(transfer.inverse(drafted.reference), context("act-2"))
    await platform.inventory.adjust(two_less(watched), context("act-3"))
    made = await platform.discounts.create(discount, context("act-4"))
    watched.clock.advance_to(watched.clock.now() + timedelta(minutes=1))
    await platform.discounts.end(discount.inverse(made.reference), context("act-5"))
    await platform.customers.find("email", watched.person.email)
    [event async for event in platform.customers.customers()]
    [event async for event in platform.catalog.products()]
    for stream in platform.changes.streams:
        await platform.changes.since(stream, "")
    await platform.orders.get(next(f"lightspeed:order:{one.id}" for one in watched.world.orders.values()))
    await platform.subscriptions.ensure("https://till.example.com")
    wrong = [one for one in contract.errors if "request " in one or "is in no document" in one]
    assert [one for one in wrong if not any(known in one for known in LEFT_OUT)] == []
    assert len(contract.checked) > 15
