"""Only a known, living token with the right scopes opens the Admin API."""

from typing import Any

import jwt
import pytest

from evals.retailer.shopify.settings import ALL_SCOPES
from tests.contract.simulator.small_shop import PHONE, SmallShop, open_shop

pytestmark = pytest.mark.anyio

SHOP = "{ shop { name } }"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


def session(shop: SmallShop, *, key: str = "", **changes: Any) -> str:
    """A session token as Shopify's till gives it to an app's extension."""
    now = int(shop.time.monotonic())
    claims = {
        "iss": f"https://{shop.settings.shop_domain}/admin",
        "dest": f"https://{shop.settings.shop_domain}",
        "aud": shop.settings.client_id,
        "sub": "42",
        "exp": now + 60,
        "nbf": now,
        "iat": now,
    }
    return jwt.encode(claims | changes, key or shop.settings.client_secret, algorithm="HS256")


async def exchange(shop: SmallShop, token: str, wanted: str = OFFLINE, **more: str) -> Any:
    return await shop.token(
        grant_type=EXCHANGE,
        subject_token=token,
        subject_token_type="urn:ietf:params:oauth:token-type:id_token",
        requested_token_type=wanted,
        **more,
    )


async def opens(shop: SmallShop, token: str) -> bool:
    shop.headers["X-Shopify-Access-Token"] = token
    return (await shop.post(SHOP)).status_code == 200


async def test_client_credentials_open_the_shop_until_they_expire():
    async with open_shop() as shop:
        granted = (await shop.token(grant_type="client_credentials")).json()
        assert granted["expires_in"] == shop.settings.access_token_lives
        assert set(granted["scope"].split(",")) == ALL_SCOPES
        shop.time.pass_by(granted["expires_in"] - 1)
        assert await opens(shop, granted["access_token"])
        shop.time.pass_by(1)
        assert not await opens(shop, granted["access_token"])


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"client_id": "wrong", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "made up"}, 400, "invalid_grant"),
    ],
)
async def test_a_bad_grant_is_refused_by_name(form: dict[str, str], status: int, error: str):
    async with open_shop() as shop:
        answer = await shop.token(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("token", ["", "shpat_made_up"])
async def test_an_unknown_token_is_unauthorized(token: str):
    async with open_shop() as shop:
        shop.headers["X-Shopify-Access-Token"] = token
        answer = await shop.post(SHOP)
    assert answer.status_code == 401
    assert "errors" in answer.json()


async def test_an_api_version_that_does_not_exist_is_not_found():
    async with open_shop() as shop:
        answer = await shop.http.post("/admin/api/2020-01/graphql.json", json={"query": SHOP}, headers=shop.headers)
    assert answer.status_code == 404


async def test_a_session_token_is_exchanged_for_an_offline_token_that_stays_valid():
    async with open_shop() as shop:
        granted = (await exchange(shop, session(shop))).json()
        shop.time.pass_by(10 * 365 * 86_400)
        assert await opens(shop, granted["access_token"])
    assert set(granted) == {"access_token", "scope"}


async def test_a_session_token_is_exchanged_for_an_online_token_of_its_user():
    async with open_shop() as shop:
        granted = (await exchange(shop, session(shop), ONLINE)).json()
        assert granted["associated_user"] == {"id": "42"}
        assert await opens(shop, granted["access_token"])
        shop.time.pass_by(granted["expires_in"])
        assert not await opens(shop, granted["access_token"])


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another app"},
        {"dest": "https://another.myshopify.com"},
        {"key": "another secret that is long enough"},
        {"sub": None},
    ],
)
async def test_a_session_token_for_something_else_is_refused(changes: dict[str, Any]):
    async with open_shop() as shop:
        answer = await exchange(shop, session(shop, **changes))
    assert answer.json()["error"] == "invalid_subject_token"


async def test_a_session_token_is_good_for_ten_seconds_of_clock_difference_and_no_more():
    async with open_shop() as shop:
        now = int(shop.time.monotonic())
        good = [session(shop, exp=now - 9), session(shop, nbf=now + 10)]
        bad = [session(shop, exp=now - 10), session(shop, nbf=now + 11)]
        assert [(await exchange(shop, token)).status_code for token in good + bad] == [200, 200, 400, 400]


async def test_a_refresh_may_be_repeated_until_its_answer_is_used():
    async with open_shop() as shop:
        first = (await exchange(shop, session(shop), expiring="1")).json()
        assert first["expires_in"] == 3600
        second = (await shop.token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
        lost = (await shop.token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
        assert lost["access_token"] == second["access_token"] != first["access_token"]
        assert await opens(shop, first["access_token"])
        assert await opens(shop, second["access_token"])
        assert not await opens(shop, first["access_token"])
        late = await shop.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert late.json()["error"] == "invalid_grant"


async def test_refreshing_with_the_new_token_also_retires_the_old_one():
    async with open_shop() as shop:
        first = (await exchange(shop, session(shop), expiring="1")).json()
        second = (await shop.token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
        third = await shop.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
        assert third.status_code == 200
        assert not await opens(shop, first["access_token"])


async def test_an_expiring_token_ends_after_an_hour():
    async with open_shop() as shop:
        granted = (await exchange(shop, session(shop), expiring="1")).json()
        shop.time.pass_by(3599)
        assert await opens(shop, granted["access_token"])
        shop.time.pass_by(1)
        assert not await opens(shop, granted["access_token"])


@pytest.mark.parametrize(
    ("scope", "query"),
    [
        ("read_customers", "query Q($p: String!) { customerByIdentifier(identifier: {phoneNumber: $p}) { id } }"),
        (
            "read_orders",
            "query Q($p: String!) { customers(first: 1, query: $p) { nodes { orders(first: 1) { nodes { id } } } } }",
        ),
        ("read_locations", "query Q($p: String!) { locations(first: 1, query: $p) { nodes { id } } }"),
        ("read_products", "query Q($p: String!) { v: productVariants(first: 1, query: $p) { nodes { id } } }"),
    ],
)
async def test_a_missing_scope_is_denied_by_name(scope: str, query: str):
    async with open_shop(scopes=ALL_SCOPES - {scope}) as shop:
        (error,) = (await shop.post(query, p=PHONE)).json()["errors"]
        assert error["extensions"]["code"] == "ACCESS_DENIED"
        assert error["extensions"]["requiredAccess"] == f"`{scope}` access scope."
    async with open_shop() as shop:
        assert await shop.admin(query, p=PHONE)


async def test_reading_does_not_allow_writing_but_writing_allows_reading():
    delete = 'mutation { discountCodeDelete(id: "gid://shopify/DiscountCodeNode/1") { userErrors { code } } }'
    read = '{ codeDiscountNodeByCode(code: "X") { id } }'
    async with open_shop(scopes=ALL_SCOPES - {"write_discounts"}) as shop:
        assert await shop.errors(delete) == ["ACCESS_DENIED"]
        assert await shop.admin(read) == {"codeDiscountNodeByCode": None}
    async with open_shop(scopes=ALL_SCOPES - {"read_discounts"}) as shop:
        assert await shop.admin(read) == {"codeDiscountNodeByCode": None}
