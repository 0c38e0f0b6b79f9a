"""`/console/floor`: who sees whom and how much, and how customers and goods are found."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.store.identity_tables import customer_identity
from knowledge.store.tables import customer
from policies.vocabulary.actor import Role
from tests.flows.filled_store import CUSTOMER, jeans
from tests.flows.floor_shop import (
    BO,
    DECISION,
    LOYALTY,
    NOBODY,
    OTHER,
    STORE,
    first,
    floor_shop,
    outcomes,
    serve,
)
from tests.flows.test_webhook_receive import everything
from tests.unit.server.console.test_pages import token

pytestmark = pytest.mark.anyio


async def test_people_of_another_shop_see_nobody_and_tell_nothing(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        page = await first(shop)
        decision = DECISION.search(page.text)
        assert decision

        await serve(shop, Role.ASSOCIATE, OTHER, name="associate:ny")
        floor = (await shop.look()).text
        mine = page.request.url.path
        seen = [
            await shop.look(mine),
            await shop.look(f"{mine}?at={OTHER}"),
            await shop.look(f"{mine}?at={STORE}"),
            await shop.look(f"/console/floor?at={STORE}"),
        ]
        form = await shop.look("/console/floor/customers")
        fields: dict[str, Any] = {"decision": decision[1], "kind": "applied", "event": "", "token": token(form.text)}
        told = [
            await shop.opened.client.post("/console/floor/outcomes", data={**fields, "at": place})
            for place in (STORE, OTHER)
        ]

        told.append(await shop.opened.client.post("/console/floor/outcomes", data={**fields, "token": "0" * 64}))
        asked = {"token": "0" * 64, "at": OTHER, "by": "loyalty_id", "value": LOYALTY}
        told.append(await shop.opened.client.post("/console/floor/customers", data=asked))

        assert NOBODY in floor
        assert [each.status_code for each in seen] == [404, 404, 403, 403]
        assert not [each for each in seen if decision[1] in each.text]
        assert [each.status_code for each in told] == [403, 404, 403, 403]
        assert await outcomes(shop) == []


async def test_who_does_not_serve_customers_has_no_floor(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        for role in (role for role in Role if role.person and role not in {Role.ASSOCIATE, Role.MANAGER}):
            await serve(shop, role, STORE, name=f"{role}:x")
            pages = [await shop.look(f"/console/floor{path}") for path in ("", "/customers", "/goods")]
            assert [page.status_code for page in pages] == [403] * 3, role
            assert "/console/floor" not in (await shop.look("/console/")).text, role


async def test_a_customer_is_found_by_what_they_say_and_it_is_kept_nowhere(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        form = token((await shop.look("/console/floor/customers")).text)
        said = {"loyalty_id": LOYALTY, "phone": "+1 555 123 4567", "email": "nobody.canary@example.com"}
        found = [
            await shop.opened.client.post(
                "/console/floor/customers", data={"token": form, "at": STORE, "by": by, "value": value}
            )
            for by, value in said.items()
        ]
        await shop.opened.house.guard.flush()
        kept = await everything(shop.opened)

        assert [each.status_code for each in found] == [200, 200, 404]
        assert "3 orders so far" in found[1].text
        assert "No customer is known by this identifier." in found[2].text
        raw = [*said.values(), "5551234567", "1234567", "nobody.canary"]
        sinks = [kept, caplog.text, *(each.text for each in found)]
        assert not [value for value in raw for sink in sinks if value in sink]


async def test_a_look_at_somebody_is_on_record_tells_an_associate_no_money_and_nobody_a_name(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        person = {"loyalty_id": LOYALTY, "phone": "+13035550177", "email": "ada.canary@example.com",
                  "first_name": "Canaria", "last_name": "Vogelsang"}  # fmt: skip
        headers = {"authorization": f"Bearer {shop.register}"}
        told = {"event": "customer.updated", "store_id": STORE, "customer": person}
        await shop.opened.client.post("/v1/events", json=told, headers=headers)
        await shop.opened.drain()
        await shop.come()
        await serve(shop)
        floor = (await shop.look()).text
        await shop.opened.house.guard.flush()
        read = await shop.opened.count("SELECT count(*) FROM ledger WHERE kind = 'call'")
        associates = floor + (await first(shop)).text
        await shop.opened.house.guard.flush()
        (call,) = await shop.opened.database.quick.rows(
            "SELECT CAST(entry AS jsonb) -> 'body' AS body FROM ledger WHERE kind = 'call'"
        )
        await serve(shop, Role.MANAGER, STORE, name="manager:ada")
        managers = (await first(shop)).text

        assert (read, call["body"]["actor"]["id"], call["body"]["tool"]) == (0, BO, "get_customer")
        assert ("Spent" in associates, "Spent" in managers) == (False, True)
        for raw in ("Canaria", "Vogelsang", "5550177", "ada.canary", LOYALTY, CUSTOMER):
            assert raw not in associates + managers


async def test_a_linked_person_is_one_and_what_is_slow_is_named_beside_their_offer(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        async with shop.opened.database.transaction() as connection:
            await connection.execute(insert(customer).values(ref="c_a_other", observed_at=datetime.now(UTC)))
            joined = [{"ref": ref, "identity": "c_a_other"} for ref in (CUSTOMER, "c_a_other")]
            await connection.execute(insert(customer_identity), joined)
        floor = (await shop.look()).text
        async with shop.opened.database.transaction() as connection:
            await connection.execute(text("LOCK TABLE wishlist IN ACCESS EXCLUSIVE MODE"))
            one = (await first(shop)).text

        assert (floor.count('class="card'), "not told yet" in floor) == (1, True)
        assert re.search(r"Partial: [a-z, ]*wishlist could not be read in time\.", one)
        assert DECISION.search(one)


async def test_goods_are_found_with_what_is_here_and_where_else_they_are(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop, Role.ASSOCIATE, STORE, OTHER)
        found = (await shop.look(f"/console/floor/goods?at={STORE}&words=tote")).text
        one = (await shop.look(f"/console/floor/goods?at={STORE}&sku={jeans(shop.opened.retailer.world)}")).text
        none = await shop.look(f"/console/floor/goods?at={STORE}&sku=NOTHING")
        hidden = await shop.look(f"/console/floor/goods?at={STORE}&words=%E2%80%8B")

        assert "20 here" in found
        assert one.count("counted") == 2
        assert "(here)" in one
        assert (none.status_code, "trouble" in none.text) == (404, True)
        assert (hidden.status_code, "trouble" in hidden.text) == (422, True)


async def test_who_serves_several_shops_chooses_one_and_what_others_wrote_is_text(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop, Role.MANAGER, STORE, OTHER, name="manager:ada")
        async with shop.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE variant SET title = '<script>alert(1)</script>'"))
        await shop.come(store=OTHER)
        floors = {place: (await shop.look(f"/console/floor?at={place}")).text for place in (STORE, OTHER)}
        page = re.search(r'href="(/console/floor/arrivals/[^"]+)"', floors[OTHER])
        assert page
        one = await shop.look(page[1])

        assert (NOBODY in floors[STORE], NOBODY in floors[OTHER]) == (True, False)
        assert f'href="/console/floor?at={OTHER}"' in floors[STORE]
        assert (await shop.look("/console/floor?at=NOWHERE")).status_code == 404
        assert "<script" not in floors[OTHER] + one.text
        assert "script-src" not in one.headers["content-security-policy"]
