"""Who may call the simulated Lightspeed, how often, and what they see when it fails."""

from collections.abc import AsyncGenerator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from evals.retailer.lightspeed.settings import ALL_SCOPES
from tests.contract.simulator.small_lightspeed import BASE, SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


async def grant(shop: SmallLightspeed, **form: str) -> httpx.Response:
    client = {"client_id": shop.settings.client_id, "client_secret": shop.settings.client_secret}
    return await shop.http.post("/api/1.0/token", data={**client, **form})


async def ask(shop: SmallLightspeed, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await shop.http.get(f"{BASE}/outlets", headers=headers)).status_code


async def test_a_consent_code_is_good_for_one_exchange(shop: SmallLightspeed) -> None:
    code = shop.settings.authorization_code
    first = await grant(shop, grant_type="authorization_code", code=code)
    again = await grant(shop, grant_type="authorization_code", code=code)
    assert await ask(shop, first.json()["access_token"]) == 200
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_a_refresh_rotates_the_refresh_token_and_revokes_the_old_one(shop: SmallLightspeed) -> None:
    first = (await grant(shop, grant_type="authorization_code", code=shop.account.tokens.consent())).json()
    second = (await grant(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    again = await grant(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])
    third = await grant(shop, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert again.status_code == 400
    assert third.status_code == 200


async def test_an_access_token_expires_after_its_lifetime_and_not_before(shop: SmallLightspeed) -> None:
    token = (await grant(shop, grant_type="authorization_code", code=shop.account.tokens.consent())).json()
    shop.time.pass_by(token["expires_in"] - 1)
    assert await ask(shop, token["access_token"]) == 200
    shop.time.pass_by(1)
    assert await ask(shop, token["access_token"]) == 401


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"client_secret": "wrong", "grant_type": "refresh_token"}, 401),
        ({"grant_type": "password"}, 400),
        ({"grant_type": "refresh_token", "refresh_token": "never given"}, 400),
        ({}, 400),
    ],
)
async def test_the_token_endpoint_refuses(shop: SmallLightspeed, form: dict[str, str], status: int) -> None:
    assert (await grant(shop, **form)).status_code == status


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Bearer no"}, {"Authorization": "Basic x"}]
)
async def test_a_request_without_a_good_token_is_refused(shop: SmallLightspeed, headers: dict[str, str]) -> None:
    assert (await shop.http.get(f"{BASE}/outlets", headers=headers)).status_code == 401


async def test_after_the_retailer_disconnects_the_app_its_tokens_are_void(shop: SmallLightspeed) -> None:
    token = (await grant(shop, grant_type="authorization_code", code=shop.account.tokens.consent())).json()
    shop.account.tokens.revoke_all()
    assert await ask(shop, token["access_token"]) == 401
    assert (await grant(shop, grant_type="refresh_token", refresh_token=token["refresh_token"])).status_code == 400


async def test_a_scope_that_was_not_granted_is_refused() -> None:
    async with small_lightspeed(scopes=ALL_SCOPES - {"inventory:write"}) as shop:
        await shop.call("POST", "/stock_adjustments", 403, json={})
        await shop.call("POST", "/inventory_levels", 200, json={})


async def test_one_register_may_ask_350_times_in_five_minutes() -> None:
    async with small_lightspeed(registers=1) as shop:
        answers = [await shop.http.get(f"{BASE}/retailer") for _ in range(351)]
        last, over = answers[-2], answers[-1]
        assert {answer.status_code for answer in answers[:-1]} == {200}
        assert (last.headers["X-RateLimit-Limit"], last.headers["X-RateLimit-Remaining"]) == ("350", "0")
        assert (over.status_code, over.headers["Retry-After"]) == (429, "300")
        shop.time.pass_by(299)
        await shop.call("GET", "/retailer", 429)
        shop.time.pass_by(1)
        await shop.call("GET", "/retailer", 200)


async def test_retry_after_can_be_a_date() -> None:
    async with small_lightspeed(registers=0, retry_after="date") as shop:
        for _ in range(50):
            await shop.call("GET", "/retailer")
        over = await shop.http.get(f"{BASE}/retailer")
        assert (parsedate_to_datetime(over.headers["Retry-After"]) - shop.time.now()).total_seconds() == 300


async def test_a_platform_that_is_down_answers_nothing(shop: SmallLightspeed) -> None:
    shop.faults.down = True
    await shop.call("GET", "/outlets", 503)
    assert (await grant(shop, grant_type="refresh_token")).status_code == 503


async def test_as_many_requests_fail_as_asked_for(shop: SmallLightspeed) -> None:
    shop.faults.fail_next = 2
    assert [(await shop.http.get(f"{BASE}/outlets")).status_code for _ in range(3)] == [503, 503, 200]


async def test_a_lost_answer_hides_a_write_that_happened(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    entry = adjustment(shop, variant.lightspeed_product_id)
    shop.faults.lose_answer_next = 1
    await shop.call("POST", "/inventory_levels", 200, json={})  # reads lose nothing
    await shop.call("POST", "/stock_adjustments", 502, json=entry)
    assert shop.on_hand(variant, shop.seattle) == 19
    await shop.call("POST", "/stock_adjustments", 201, json=entry)
    assert shop.on_hand(variant, shop.seattle) == 18


async def test_an_unknown_path_answers_an_error_in_json(shop: SmallLightspeed) -> None:
    for method, path in (("GET", "/gift_cards"), ("PUT", "/inventory_levels"), ("DELETE", "/sales")):
        assert set(await shop.call(method, path, 404)) == {"error", "details"}


async def test_what_is_not_json_is_refused(shop: SmallLightspeed) -> None:
    await shop.call("POST", "/stock_adjustments", 400, content=b'{"stock_adjustments": [')
    await shop.call("POST", "/stock_adjustments", 400, json=[])
    await shop.call("GET", "/customers", 400, params={"after": "-1"})


def adjustment(shop: SmallLightspeed, product: str) -> dict[str, Any]:
    entry = {"product_id": product, "outlet_id": shop.seattle.outlet_id, "quantity": "-1", "reason": "DAMAGE"}
    return {"stock_adjustments": [entry]}
