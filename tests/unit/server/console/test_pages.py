"""The operations page through its own door."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Role
from tests.flows.open_house import SAMPLE, OpenHouse, open_house
from tests.flows.test_webhook_receive import order

pytestmark = pytest.mark.anyio


async def sign_in(opened: OpenHouse, role: Role, *places: str, name: str = "") -> httpx.Response:
    key = await opened.key(role, *places, name=name)
    return await opened.client.post("/console/login", data={"key": key})


def token(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def strict(tmp_path: Path) -> str:
    """Limits under which every offer needs a manager."""
    file = tmp_path / "limits.toml"
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1")
    file.write_text(text, encoding="utf-8")
    return str(file)


async def test_nothing_is_shown_before_signing_in(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        page = await opened.client.get("/console/")
        refused = await opened.client.post("/console/login", data={"key": "th_wrong"})
        post = await opened.client.post("/console/approvals/apr_1", data={"answer": "approve"})

        assert "Your key" in page.text
        assert "Waiting" not in page.text
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
        assert post.status_code == 401


async def test_the_page_allows_no_script_and_nothing_from_elsewhere(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        page = await opened.client.get("/console/")

        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "<script" not in page.text
        assert not re.search(r'(src|href|action)="https?://', page.text)
        assert (await opened.client.get("/console/style.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("role", [Role.REGISTER, Role.OFFERS_SPECIALIST])
async def test_only_people_sign_in(database_url: str, tmp_path: Path, role: Role):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        assert (await sign_in(opened, role)).status_code == 403


async def test_a_manager_approves_what_waits_and_the_platform_gets_it(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {"TILLHAND_LIMITS": strict(tmp_path), "TILLHAND_CHECKOUT_MS": "5000"}
    async with open_house(database_url, tmp_path, **settings) as opened:
        asked = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        cookie = (await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")).headers["set-cookie"]
        page = (await opened.client.get("/console/")).text
        form = {"token": token(page), "answer": "approve", "note": "fine"}

        answered = await opened.client.post(f"/console/approvals/{asked['approval_id']}", data=form)
        shown = await opened.client.get(answered.headers["location"])

        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/console"))
        assert "Waiting for you" in page
        assert asked["approval_id"] in page
        assert answered.status_code == 303
        assert "Done." in shown.text
        assert "Nothing waits." in shown.text
        assert await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == 1


async def test_a_form_from_another_site_is_refused(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {"TILLHAND_LIMITS": strict(tmp_path), "TILLHAND_CHECKOUT_MS": "5000"}
    async with open_house(database_url, tmp_path, **settings) as opened:
        asked = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        await sign_in(opened, Role.MANAGER)

        answer = await opened.client.post(
            f"/console/approvals/{asked['approval_id']}", data={"token": "0" * 64, "answer": "approve"}
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "access.form")
        assert await opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") == 1


async def test_another_locations_manager_sees_nothing_of_it(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {"TILLHAND_LIMITS": strict(tmp_path), "TILLHAND_CHECKOUT_MS": "5000"}
    async with open_house(database_url, tmp_path, **settings) as opened:
        asked = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        await sign_in(opened, Role.MANAGER, "STORE_NYC")

        page = (await opened.client.get("/console/")).text

        assert asked["approval_id"] not in page
        assert "Nothing waits." in page


async def test_a_tampered_or_revoked_session_ends_at_once(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        await sign_in(opened, Role.AUDITOR)
        name, value = next(iter(opened.client.cookies.items()))
        before = (await opened.client.get("/console/")).text

        forged = await opened.client.get(
            "/console/", headers={"cookie": f"{name}={value[:-1]}{'0' if value[-1] != '0' else '1'}"}
        )
        await _revoke_all(opened)
        revoked = (await opened.client.get("/console/")).text

        assert "Sign out" in before
        assert "Your key" in revoked
        assert forged.status_code == 200


async def test_the_operator_sees_what_was_not_understood_and_puts_dead_letters_back(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        place = opened.retailer.world.places["STORE_123"].shopify_id
        await opened.shopify_says("disputes/create", {"id": 1})
        await opened.shopify_says("orders/create", order(place=place))
        async with opened.database.transaction() as connection:
            await connection.execute("UPDATE event SET state = 'dead', error = 'X' WHERE state = 'pending'")
        await sign_in(opened, Role.OPERATOR)
        page = (await opened.client.get("/console/")).text
        event_id = re.search(r"/console/dead-letters/([0-9a-f-]+)", page)
        assert event_id

        await opened.client.post(f"/console/dead-letters/{event_id[1]}", data={"token": token(page)})

        assert "disputes/create" in page
        assert "1 dead, 1 parked" in page
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'pending'") == 1


async def _revoke_all(opened: OpenHouse) -> None:
    async with opened.database.transaction() as connection:
        await connection.execute("UPDATE credential SET revoked_at = now()")
