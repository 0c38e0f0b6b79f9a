"""Stopping and moving AI from the console: with the session's own form, by whom the rules let, and shown at once."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.rollout import DEFAULT_FILE
from policies.vocabulary.actor import Role
from tests.flows.open_house import SAMPLE, OpenHouse, open_house
from tests.unit.server.console.test_pages import sign_in, token

pytestmark = pytest.mark.anyio
SLOW: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}


def rollout(tmp_path: Path, rung: str) -> str:
    file = tmp_path / "rollout.toml"
    file.write_text(DEFAULT_FILE.read_text(encoding="utf-8").replace('= "auto"', f'= "{rung}"'), encoding="utf-8")
    return str(file)


async def press(opened: OpenHouse, verb: str, **fields: str) -> httpx.Response:
    page = (await opened.client.get("/console/ladder")).text
    form = {"token": token(page), "reason": "Odd offers.", **fields}
    return await opened.client.post(f"/console/ladder/{verb}", data=form)


async def test_a_manager_stops_and_starts_ai_at_their_location_and_the_next_basket_notices(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **SLOW) as opened:
        register = await opened.key(Role.REGISTER, "STORE_123")
        await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")

        stopped = await press(opened, "stop", scope="location", name="STORE_123")
        silent = (await opened.check_out(SAMPLE, register)).json()
        front = (await opened.client.get("/console/")).text
        started = await press(opened, "start", scope="location", name="STORE_123")
        offered = (await opened.check_out({**SAMPLE, "pos_transaction_id": "TXN_2"}, register)).json()

        assert (stopped.status_code, started.status_code) == (303, 303)
        assert (silent["status"], silent["discount_code"]) == ("silent", None)
        assert "AI is stopped (location STORE_123): Odd offers." in front
        assert offered["status"] == "offered"


async def test_a_form_of_another_session_or_without_a_reason_or_right_stops_nothing(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        unsigned = await opened.client.post("/console/ladder/stop", data={"scope": "all", "reason": "x"})
        await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")
        forged = await press(opened, "stop", scope="location", name="STORE_123", token="0" * 64)
        silent = await press(opened, "stop", scope="location", name="STORE_123", reason=" ")
        too_wide = await press(opened, "stop", scope="all")
        elsewhere = await press(opened, "stop", scope="location", name="WAREHOUSE")
        unclear = await press(opened, "halt", scope="all")

        statuses = [each.status_code for each in (unsigned, forged, silent, too_wide, elsewhere, unclear)]
        assert (statuses[0], all(400 <= status < 500 for status in statuses)) == (401, True)
        assert "you answer for some of them" in too_wide.text
        assert "Nothing is stopped." in (await opened.client.get("/console/ladder")).text


async def test_an_operator_stops_an_agent_and_everything_and_who_may_only_look_has_no_buttons(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        await sign_in(opened, Role.OPERATOR, name="operator:olga")
        assert (await press(opened, "stop", scope="agent", name="specialist:offers")).status_code == 303
        assert (await press(opened, "stop", scope="all")).status_code == 303
        assert (await press(opened, "stop", scope="agent", name="nobody")).status_code == 404
        page = (await opened.client.get("/console/ladder")).text
        assert ("All AI" in page, "specialist:offers" in page) == (True, True)

        await sign_in(opened, Role.AUDITOR, name="auditor:kim")
        looked = (await opened.client.get("/console/ladder")).text
        assert ("All AI" in looked, "Stop all AI" in looked, "One rung down" in looked) == (True, False, False)


async def test_an_associate_does_not_see_the_ladder(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        await sign_in(opened, Role.ASSOCIATE, "STORE_123", name="associate:ben")
        assert (await opened.client.get("/console/ladder")).status_code == 403
        assert "/console/ladder" not in (await opened.client.get("/console/")).text


async def test_a_climb_without_evidence_is_refused_with_what_is_missing_and_a_step_down_is_taken(
    database_url: str, tmp_path: Path
):
    settings: dict[str, Any] = {"TILLHAND_ROLLOUT": rollout(tmp_path, "approve")}
    async with open_house(database_url, tmp_path, filled=False, **settings) as opened:
        await sign_in(opened, Role.MARKETING, name="marketing:mary")
        climbed = await press(opened, "climb", capability="discount", location="")
        demoted = await press(opened, "demote", capability="discount", location="")
        page = (await opened.client.get(demoted.headers["location"])).text

        assert climbed.status_code == 422
        assert "0 decisions at this rung; 100 are needed." in climbed.text
        assert "discount · the chain: suggest" in page
        assert "AI was sent down there." in page


async def test_a_suggestion_a_manager_lowers_is_what_the_register_is_offered_next(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {**SLOW, "TILLHAND_ROLLOUT": rollout(tmp_path, "suggest")}
    async with open_house(database_url, tmp_path, **settings) as opened:
        register = await opened.key(Role.REGISTER, "STORE_123")
        asked = (await opened.check_out(SAMPLE, register)).json()
        await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")
        page = (await opened.client.get("/console/")).text
        form = {"token": token(page), "answer": "approve", "percent": "2.5", "note": ""}
        answered = await opened.client.post(f"/console/approvals/{asked['approval_id']}", data=form)
        again = (await opened.check_out(SAMPLE, register)).json()

        assert (asked["status"], "Lower to %" in page) == ("waiting_for_manager", True)
        assert answered.headers["location"].endswith("said=executed")
        assert (again["status"], again["offer"]["percent_off"]) == ("offered", "2.5")
        assert "2.5%" in again["personalized_message"]


async def test_what_is_no_number_is_told_and_the_question_stays(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {**SLOW, "TILLHAND_ROLLOUT": rollout(tmp_path, "approve")}
    async with open_house(database_url, tmp_path, **settings) as opened:
        asked = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")
        page = (await opened.client.get("/console/")).text
        for percent in ("ten", "1.005", "1e9", "NaN", "100"):
            form = {"token": token(page), "answer": "approve", "percent": percent}
            answered = await opened.client.post(f"/console/approvals/{asked['approval_id']}", data=form)
            assert (percent, 400 <= answered.status_code < 500) == (percent, True)
        assert asked["approval_id"] in (await opened.client.get("/console/")).text


async def test_the_queue_is_measured_on_the_page_and_for_the_operators_dashboards(database_url: str, tmp_path: Path):
    settings: dict[str, Any] = {**SLOW, "TILLHAND_ROLLOUT": rollout(tmp_path, "approve")}
    async with open_house(database_url, tmp_path, **settings) as opened:
        await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))
        await sign_in(opened, Role.MANAGER, "STORE_123", name="manager:ada")
        page = (await opened.client.get("/console/")).text
        metrics = (await opened.client.get("/metrics")).text
        figures = (await opened.client.get("/metrics?format=json")).json()["approvals"]

        assert "The last 24 hours" in page
        assert 'tillhand_approvals_waiting{location="STORE_123"} 1' in metrics
        assert (figures["STORE_123"]["waiting"], figures["STORE_123"]["expired"]) == (1, 0)
