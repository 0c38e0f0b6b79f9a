"""A discount code is made once, for whom it is meant, within Shopify's bounds, and can be taken back."""

from datetime import timedelta
from typing import Any

import pytest

from evals.retailer import actions
from evals.retailer.world import CodeDiscount
from tests.contract.simulator.small_shop import SKU, START, SmallShop, open_shop

pytestmark = pytest.mark.anyio

CREATE = """mutation C($offer: DiscountCodeBasicInput!) { discountCodeBasicCreate(basicCodeDiscount: $offer) {
  codeDiscountNode { id codeDiscount { ... on DiscountCodeBasic { title status usageLimit summary discountClasses
    codes(first: 1) { nodes { code } } } } } userErrors { field code } } }"""
BY_CODE = """query B($code: String!) { codeDiscountNodeByCode(code: $code) { id codeDiscount {
  ... on DiscountCodeBasic { status asyncUsageCount endsAt } } } }"""
DEACTIVATE = """mutation D($id: ID!) { discountCodeDeactivate(id: $id) {
  codeDiscountNode { codeDiscount { ... on DiscountCodeBasic { status } } } userErrors { code } } }"""
DELETE = "mutation D($id: ID!) { discountCodeDelete(id: $id) { deletedCodeDiscountId userErrors { code } } }"
ACTIVE = '{ discountNodes(first: 50, query: "status:active") { nodes { id } } }'


def offer(shop: SmallShop, **changes: Any) -> dict[str, Any]:
    wanted = {
        "title": "Ten off",
        "code": "TEN-OFF",
        "startsAt": "2026-11-23T15:00:00Z",
        "endsAt": "2026-11-24T15:00:00Z",
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"customers": {"add": [shop.customer]}},
        "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
    }
    return wanted | changes


async def create(shop: SmallShop, **changes: Any) -> dict[str, Any]:
    return (await shop.admin(CREATE, offer=offer(shop, **changes)))["discountCodeBasicCreate"]


async def refusal(shop: SmallShop, **changes: Any) -> tuple[str, str]:
    payload = await create(shop, **changes)
    assert payload["codeDiscountNode"] is None
    (error,) = payload["userErrors"]
    return error["code"], error["field"][-1]


def gets(**value: Any) -> dict[str, Any]:
    return {"customerGets": {"value": value, "items": {"all": True}}}


async def test_a_code_is_kept_for_its_one_customer_and_one_use():
    async with open_shop() as shop:
        payload = await create(shop)
        kept = shop.world.discounts["TEN-OFF"]
        assert payload["userErrors"] == []
        assert payload["codeDiscountNode"]["codeDiscount"] == {
            "title": "Ten off",
            "status": "ACTIVE",
            "usageLimit": 1,
            "summary": "10% off entire order",
            "discountClasses": ["ORDER"],
            "codes": {"nodes": [{"code": "TEN-OFF"}]},
        }
    assert kept == CodeDiscount(
        id=kept.id,
        platform="shopify",
        code="TEN-OFF",
        title="Ten off",
        basis_points=1000,
        amount=0,
        skus=(),
        customer=shop.person.key,
        starts_at=START,
        ends_at=START + timedelta(days=1),
        usage_limit=1,
        extra=kept.extra,
    )


async def test_a_code_that_exists_is_taken_in_any_case_of_letters():
    async with open_shop() as shop:
        await create(shop)
        assert await refusal(shop, code="ten-off") == ("TAKEN", "code")
        found = await shop.admin(BY_CODE, code="Ten-Off")
    assert found["codeDiscountNodeByCode"]["codeDiscount"]["status"] == "ACTIVE"


async def test_a_used_code_counts_its_use_and_refuses_the_next():
    async with open_shop() as shop:
        await create(shop)
        sale: dict[str, Any] = {"place": "STORE_123", "customer_key": shop.person.key, "lines": [(SKU, 1)]}
        moment: dict[str, Any] = {"channel": "pos", "occurred_at": shop.clock.now(), "codes": ("TEN-OFF",)}
        assert actions.sell(shop.world, **sale, **moment).total == 2699
        with pytest.raises(actions.CodeRefused):
            actions.sell(shop.world, **sale, **moment)
        found = await shop.admin(BY_CODE, code="TEN-OFF")
    assert found["codeDiscountNodeByCode"]["codeDiscount"]["asyncUsageCount"] == 1


@pytest.mark.parametrize(("percentage", "basis_points"), [(0.0001, 1), (0.125, 1250), (1.0, 10_000)])
async def test_a_share_up_to_the_whole_price_is_kept_exactly(percentage: float, basis_points: int):
    async with open_shop() as shop:
        assert (await create(shop, **gets(percentage=percentage)))["userErrors"] == []
        assert shop.world.discounts["TEN-OFF"].basis_points == basis_points


@pytest.mark.parametrize("percentage", [0.0, -0.1, 1.0001])
async def test_a_share_outside_its_range_is_refused(percentage: float):
    async with open_shop() as shop:
        assert await refusal(shop, **gets(percentage=percentage)) == ("VALUE_OUTSIDE_RANGE", "percentage")
        assert "TEN-OFF" not in shop.world.discounts


async def test_an_amount_is_kept_to_the_cent_and_not_finer():
    async with open_shop() as shop:
        assert await refusal(shop, **gets(discountAmount={"amount": "5.001"})) == ("GREATER_THAN", "amount")
        assert await refusal(shop, **gets(discountAmount={"amount": "0.00"})) == ("GREATER_THAN", "amount")
        assert (await create(shop, **gets(discountAmount={"amount": "5.01"})))["userErrors"] == []
        assert shop.world.discounts["TEN-OFF"].amount == 501


async def test_a_code_for_variants_or_products_names_their_skus():
    async with open_shop() as shop:
        variant = f"gid://shopify/ProductVariant/{shop.variant.shopify_variant_id}"
        product = f"gid://shopify/Product/{shop.variant.shopify_product_id}"
        value = {"percentage": 0.1}
        for code, added in (("ONE", {"productVariantsToAdd": [variant]}), ("ALL", {"productsToAdd": [product]})):
            items = {"products": added}
            await create(shop, code=code, customerGets={"value": value, "items": items})
        whole = {v.sku for v in shop.world.variants.values() if v.shopify_product_id == shop.variant.shopify_product_id}
        assert shop.world.discounts["ONE"].skus == (SKU,)
        assert set(shop.world.discounts["ALL"].skus) == whole


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": " "}, ("BLANK", "code")),
        ({"code": "X" * 256}, ("TOO_LONG", "code")),
        ({"title": ""}, ("BLANK", "title")),
        ({"endsAt": "2026-11-23T15:00:00Z"}, ("END_DATE_BEFORE_START_DATE", "endsAt")),
        ({"usageLimit": 0}, ("GREATER_THAN", "usageLimit")),
        ({"context": {"customers": {"add": ["gid://shopify/Customer/1"]}}}, ("INVALID", "add")),
        ({"customerGets": {"items": {"all": True}}}, ("INVALID", "value")),
    ],
)
async def test_an_offer_outside_the_rules_names_the_field_at_fault(changes: dict[str, Any], expected: tuple[str, str]):
    async with open_shop() as shop:
        assert await refusal(shop, **changes) == expected


async def test_a_deactivated_code_has_expired_and_is_no_longer_listed_as_active():
    async with open_shop() as shop:
        node = (await create(shop))["codeDiscountNode"]["id"]
        assert {"id": node} in (await shop.admin(ACTIVE))["discountNodes"]["nodes"]
        for _ in range(2):  # taking back twice is no error
            ended = (await shop.admin(DEACTIVATE, id=node))["discountCodeDeactivate"]
            assert ended == {"codeDiscountNode": {"codeDiscount": {"status": "EXPIRED"}}, "userErrors": []}
        assert {"id": node} not in (await shop.admin(ACTIVE))["discountNodes"]["nodes"]


async def test_a_code_activated_again_runs_without_end():
    async with open_shop() as shop:
        node = (await create(shop))["codeDiscountNode"]["id"]
        await shop.admin(DEACTIVATE, id=node)
        activate = DEACTIVATE.replace("discountCodeDeactivate", "discountCodeActivate")
        again = (await shop.admin(activate, id=node))["discountCodeActivate"]
        found = (await shop.admin(BY_CODE, code="TEN-OFF"))["codeDiscountNodeByCode"]["codeDiscount"]
    assert again["codeDiscountNode"]["codeDiscount"]["status"] == "ACTIVE"
    assert found["endsAt"] is None  # Shopify forgets the end that deactivating overwrote


async def test_a_deleted_code_is_free_again():
    async with open_shop() as shop:
        node = (await create(shop))["codeDiscountNode"]["id"]
        assert (await shop.admin(DELETE, id=node))["discountCodeDelete"]["deletedCodeDiscountId"] == node
        assert (await shop.admin(BY_CODE, code="TEN-OFF"))["codeDiscountNodeByCode"] is None
        assert (await shop.admin(DELETE, id=node))["discountCodeDelete"]["userErrors"] == [{"code": "INVALID"}]
        assert (await create(shop))["userErrors"] == []


async def test_a_code_is_scheduled_active_and_expired_in_turn():
    async with open_shop() as shop:
        await create(shop, startsAt="2026-11-23T15:00:01Z")
        seen: list[str] = []
        for moment in (START, START + timedelta(seconds=1), START + timedelta(days=1)):
            shop.clock.advance_to(moment)
            found = await shop.admin(BY_CODE, code="TEN-OFF")
            seen.append(found["codeDiscountNodeByCode"]["codeDiscount"]["status"])
    assert seen == ["SCHEDULED", "ACTIVE", "EXPIRED"]
