"""Who comes in at `/pos/v1/`: Shopify says who, IT says where, and nothing in a request's body opens anything."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evals.retailer.shopify.pos import ORIGIN
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import LocationId
from server.access import add_credential, list_credentials, revoke_credential
from server.pos.known import drop, put_person, put_register
from server.pos.route import LARGEST, ORIGINS
from tests.flows.pos_shop import BO, DEVICE, STORE, USER, PosShop, pos_shop

pytestmark = pytest.mark.anyio

DOORS = ("insight", "beforehand", "decision", "approve", "outcome")


async def told(shop: PosShop, **headers: str) -> tuple[int, str]:
    """Status and code of an insight asked for, "" where it was answered."""
    answer = await shop.till.ask("insight", {"customer": "1"}, **headers)
    return answer.status_code, answer.json().get("code", "")


async def test_only_shopifys_own_word_about_this_app_this_shop_and_this_minute_opens(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        till, at = shop.till, datetime.now(UTC).timestamp()
        wrong: list[dict[str, Any]] = [
            {"secret": "0" * 32},
            {"aud": "another-app"},
            {"dest": "https://other.myshopify.com"},
            {"dest": "http://tillhand-demo.myshopify.com"},
            {"iss": "https://other.myshopify.com/admin"},
            {"exp": int(at) - 60},
            {"nbf": int(at) + 60},
            {"iat": int(at) + 60},
            {"sub": ""},
            {"sub": "9001@example.com"},
            *({name: None} for name in ("exp", "nbf", "iat", "aud", "dest", "sub", "iss")),
        ]
        for changed in wrong:
            assert await told(shop, authorization=f"Bearer {till.token(**changed)}") == (401, "credential.unknown"), (
                changed
            )
        assert await told(shop, authorization="") == (401, "credential.missing")
        assert await told(shop, authorization=f"Basic {till.token()}") == (401, "credential.missing")
        key = await shop.opened.key(Role.REGISTER, STORE, name="register:1")
        assert await told(shop, authorization=f"Bearer {key}") == (401, "credential.unknown")
        answer = await shop.opened.client.post(f"/pos/v1/insight?id_token={till.token()}", json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "credential.in_address")
        assert await told(shop) == (200, "")


async def test_where_a_register_stands_and_who_signs_in_is_what_it_told(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        database, at = shop.opened.database, datetime.now(UTC)
        shop.till.device = 1
        assert await told(shop) == (403, "pos.register")
        shop.till.device, shop.till.user = DEVICE, 1
        assert await told(shop) == (403, "pos.person")
        shop.till.user = USER
        async with database.transaction() as connection:
            await put_register(connection, str(DEVICE), LocationId("STORE_BOS"), by="it", at=at)
        assert await told(shop) == (403, "access.outside_locations")
        async with database.transaction() as connection:
            await add_credential(connection, BO, Role.ASSOCIATE, [STORE, "STORE_BOS"], at=datetime.now(UTC))
        assert await told(shop) == (403, "pos.moved")  # the register itself says that it is in the first shop
        async with database.transaction() as connection:
            await put_register(connection, str(DEVICE), LocationId(STORE), by="it", at=at)
        assert await told(shop) == (200, "")


async def test_a_person_whose_credential_ends_is_nobody_at_every_register_at_once(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        assert await told(shop) == (200, "")
        async with shop.opened.database.transaction() as connection:
            (name,) = [one.name for one in await list_credentials(connection) if one.actor_id == BO]
            await revoke_credential(connection, name, at=datetime.now(UTC))
        assert await told(shop) == (403, "pos.person")


@pytest.mark.parametrize(
    ("role", "more", "code"),
    [
        (Role.AUDITOR, {}, "access.role"),
        (Role.ASSOCIATE, {"toolsets": ["customers"]}, "access.scope"),
        (Role.ASSOCIATE, {"toolsets": ["register"]}, "access.toolset"),  # at the register, but no customers
    ],
)
async def test_only_associates_and_managers_whose_credential_is_for_registers_work_there(
    role: Role, more: dict[str, Any], code: str, database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path) as shop:
        await shop.opened.key(role, STORE, name=BO, **more)  # the newest of theirs counts
        assert await told(shop) == (403, code)


async def test_a_models_credential_makes_nobody_a_person_at_a_register(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await shop.opened.key(Role.MANAGER, STORE, name="manager:bot", model=True)
        async with shop.opened.database.transaction() as connection:
            await drop(connection, "user", str(USER))
            with pytest.raises(Exception, match="holds a credential of their own"):
                await put_person(connection, str(USER), "manager:bot", by="it", at=datetime.now(UTC))


async def test_exactly_two_origins_may_read_answers_and_errors_alike(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        client = shop.opened.client
        assert {"https://cdn.shopify.com", "https://extensions.shopifycdn.com"} == ORIGINS
        for door in DOORS:
            for origin in sorted(ORIGINS):
                asks = await client.options(f"/pos/v1/{door}", headers={"origin": origin})
                assert asks.status_code == 204
                assert asks.headers["access-control-allow-origin"] == origin
                assert asks.headers["access-control-allow-methods"] == "POST"
                refused = await client.post(f"/pos/v1/{door}", headers={"origin": origin}, json={})
                assert refused.status_code == 401
                assert refused.headers["content-type"] == "application/problem+json"
                assert refused.headers["access-control-allow-origin"] == origin
            for origin in ("https://evil.example.com", "https://cdn.shopify.com.evil.example", "null", f"{ORIGIN}/"):
                asks = await client.options(f"/pos/v1/{door}", headers={"origin": origin})
                answer = await shop.till.ask(door, {}, origin=origin)
                assert "access-control-allow-origin" not in {*asks.headers, *answer.headers}
                assert (answer.status_code, answer.json()["code"]) == (403, "access.origin")
                assert answer.headers["vary"] == "Origin"


async def test_bodies_are_small_plain_and_closed(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        headers = {"authorization": f"Bearer {shop.till.token()}", "content-type": "application/json"}

        async def send(content: bytes, **changed: str) -> tuple[int, str]:
            answer = await shop.opened.client.post("/pos/v1/insight", content=content, headers={**headers, **changed})
            return answer.status_code, answer.json().get("code", "")

        place = shop.opened.retailer.world.places[STORE].shopify_id
        good = f'{{"device": "{DEVICE}", "location": "{place}", "customer": "1"}}'.encode()
        room = LARGEST - len(good)
        assert await send(good + b" " * room) == (200, "")
        assert await send(good + b" " * (room + 1)) == (413, "body.too_large")
        assert await send(good, **{"content-type": "text/plain"}) == (415, "body.type")
        assert await send(good[:-1]) == (400, "body.malformed")
        assert await send(good.replace(b'"customer"', b'"device": "1", "customer"')) == (400, "body.malformed")
        assert await send(good.replace(b'"customer"', b'"role": "manager", "customer"')) == (422, "body.invalid")
        assert await send(good.replace(b'"1"', b'"c_456"')) == (422, "body.invalid")
