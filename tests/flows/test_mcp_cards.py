"""Cards show and link: they load nothing, call nothing, and no click in one is an approval."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from server.mcp.cards import QR, Cards, scannable
from tests.mcp_house import client, open_house
from tests.small_chain import FIRST, actor
from tests.wire import wire

pytestmark = pytest.mark.anyio

APPS = "io.modelcontextprotocol/ui"
HTML = "text/html;profile=mcp-app"
TOOLS = {"propose_discount", "list_approvals"}
URIS = ("ui://tillhand/offer", "ui://tillhand/approval")
SMALL: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["BELT-1"],
    "percent": 10,
    "idempotency_key": "card-small-1",
    "reason": "A scratch on the buckle",
}


def page(uri: str, console: str = "https://till.example.com/console/") -> str:
    card = Cards(console).read(uri, TOOLS)
    assert card is not None
    return card.text


@pytest.mark.parametrize("uri", URIS)
def test_a_card_may_run_its_own_script_and_nothing_else(uri: str):
    html = page(uri)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert policy
    assert script
    assert style
    hashes = [base64.b64encode(hashlib.sha256(part[1].encode()).digest()).decode() for part in (script, style)]
    assert policy[1].startswith("default-src 'none'; ")
    assert all(f"'sha256-{each}'" in policy[1] for each in hashes)
    assert "unsafe" not in policy[1]
    assert len(html) < 12_000
    assert not re.findall(r"(?:src|href)\s*=|url\(|import\s|fetch\(|XMLHttp|WebSocket|innerHTML|eval\(", html)
    told = set(re.findall(r"https?://[^\s\"'<>]+", html)) - {"http://www.w3.org/2000/svg"}
    assert told == {"https://till.example.com/console/"}


@pytest.mark.parametrize("uri", URIS)
def test_a_card_calls_no_tool_and_speaks_only_of_itself(uri: str):
    said = set(re.findall(r'"((?:ui|tools|resources|sampling|notifications)/[^"]+)"', page(uri)))
    assert said == {
        "ui/initialize",
        "ui/notifications/initialized",
        "ui/notifications/size-changed",
        "ui/notifications/tool-result",
        "ui/open-link",
        "ui/resource-teardown",
    }


def test_the_consoles_address_cannot_break_out_of_its_place():
    html = page(URIS[0], 'https://x/"><script>alert(1)</script>')
    assert html.count("<script>") == 1


def test_a_card_without_a_console_says_where_people_answer():
    assert 'content=""' in page(URIS[1], "")


def test_a_code_is_drawn_as_a_square_of_its_own_size():
    rows = scannable("TH-7K2M-9QPX")
    assert {len(row) for row in rows} == {len(rows)}
    assert set("".join(rows)) == {"0", "1"}
    assert all(row.startswith("1111111") for row in (rows[0], rows[6], rows[-1]))


async def test_only_who_may_use_its_tools_finds_a_card(database: Database):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
        listed = {each.uri: each for each in (await caller.list_resources()).resources}
        assert listed["ui://tillhand/offer"].mime_type == HTML
        csp = (listed["ui://tillhand/offer"].meta or {})["ui"]["csp"]
        assert csp == {"connectDomains": [], "resourceDomains": [], "frameDomains": [], "baseUriDomains": []}
        assert "ui://tillhand/approval" not in listed
        [content] = (await caller.read_resource("ui://tillhand/offer")).contents
        assert (content.mime_type, content.meta) == (HTML, listed["ui://tillhand/offer"].meta)
        for uri in ("ui://tillhand/approval", "ui://tillhand/none"):
            with pytest.raises(MCPError, match="Resource not found"):
                await caller.read_resource(uri)


async def test_no_write_can_be_called_from_inside_a_card(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        resources = {each.uri for each in (await caller.list_resources()).resources}
        for tool in (await caller.list_tools()).tools:
            ui = (tool.meta or {}).get("ui", {})
            assert ui.get("resourceUri", URIS[0]) in resources
            if tool.annotations and not tool.annotations.read_only_hint:
                assert ui["visibility"] == ["model"], tool.name


@pytest.mark.parametrize("knows", [(APPS,), ()])
async def test_an_offer_has_its_square_where_a_card_can_show_it(database: Database, knows: tuple[str, ...]):
    async with open_house(database) as house, wire(house, actor(Role.ASSOCIATE, FIRST)) as door:
        meta = {
            "io.modelcontextprotocol/clientCapabilities": {
                "extensions": {each: {"mimeTypes": [HTML]} for each in knows}
            }
        }
        result = await door.call("propose_discount", SMALL, _meta=meta)
        code = result["structuredContent"]["code"]
        assert code
        assert result["_meta"].get(QR) == (scannable(code) if knows else None)
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]  # the plain fall-back
