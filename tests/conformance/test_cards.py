"""A card's own script, run: what it shows of a result, and that a click only ever opens the console."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.mcp.cards import QR, Cards

SHOW = Path(__file__).parent / "cards" / "show.mjs"
CONSOLE = "https://till.example.com/console/"
WHY = [{"rule": "offers.cost_unknown", "sentence": "The cost is not recorded."}]
OFFER: dict[str, Any] = {
    "action": "10 % off one belt",
    "at_stake": {"minor": 250, "currency": "USD"},
    "reasons": WHY,
    "approval_id": "",
    "code": "",
}


def shown(tmp_path: Path, uri: str, *results: dict[str, Any]) -> list[dict[str, Any]]:
    """What the card made of each result."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node, which runs the card's script, cannot be found")
    card = Cards(CONSOLE).read(uri, {"propose_discount", "list_approvals"})
    assert card is not None
    page = tmp_path / "card.html"
    page.write_text(card.text, encoding="utf-8")
    done = subprocess.run(
        [node, SHOW, page, json.dumps(results)], capture_output=True, text=True, check=True, timeout=60
    )
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def test_an_offer_shows_its_code_and_draws_its_square(tmp_path: Path):
    done = {**OFFER, "code": "TH-7K2M", "state": "executed", "next": "Done."}
    result = {"structuredContent": done, "_meta": {QR: ["101", "010", "111"]}}
    refused = {"isError": True, "content": [{"type": "text", "text": '{"error":{"message":"The rules say no."}}'}]}
    made, denied = shown(tmp_path, "ui://tillhand/offer", result, refused)
    assert made["shown"].splitlines() == ["10 % off one belt", "$2.50", "TH-7K2M", WHY[0]["sentence"], "Done."]
    assert made["drawn"].count("M") == 6
    assert denied["shown"] == "The rules say no."


def test_a_click_opens_the_console_and_asks_nothing_else(tmp_path: Path):
    waits = {**OFFER, "state": "waiting", "next": "A manager must approve it.", "approval_id": "apr_1"}
    listed = {
        "approvals": [{**OFFER, "approval_id": "apr_2", "reasons": ["Too much."], "expires_at": "2026-11-23T10:00:00Z"}]
    }
    (offer,) = shown(tmp_path, "ui://tillhand/offer", {"structuredContent": waits})
    (approval,) = shown(tmp_path, "ui://tillhand/approval", {"structuredContent": listed})
    for card, name in ((offer, "apr_1"), (approval, "apr_2")):
        assert [each["method"] for each in card["said"]] == [
            "ui/initialize",
            "ui/notifications/initialized",
            "ui/notifications/size-changed",
            "ui/notifications/size-changed",
            "ui/open-link",
        ]
        assert card["said"][-1]["params"] == {"url": f"{CONSOLE}#{name}"}


def test_nothing_that_waits_is_said_to_be_nothing(tmp_path: Path):
    (card,) = shown(tmp_path, "ui://tillhand/approval", {"structuredContent": {"approvals": []}})
    assert card["shown"] == "Nothing waits."
