"""Model, tagger and embedding are away: nothing unmasked passes, and the shop goes on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evals.tap.canaries import canary
from evals.tap.tap import Tap
from knowledge.memory.embed import Embedder
from knowledge.privacy import tagger
from knowledge.privacy.scrub import Profile, Scrubber, scrub
from policies.vocabulary.actor import Role
from tests.flows.mcp_caller import Caller
from tests.flows.open_house import SAMPLE, open_house

pytestmark = pytest.mark.anyio

ONE = canary(11)


def _away(*_: Any, **__: Any) -> Any:
    raise OSError("weights are missing")


@pytest.fixture
def all_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a disk that lost its files; the model's host refuses connections."""

    async def no_vectors(self: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG001  # as the method
        raise OSError("weights are missing")

    monkeypatch.setattr(tagger, "shipped", _away)
    monkeypatch.setattr(Embedder, "embed", no_vectors)


@pytest.mark.usefixtures("all_away")
def test_without_the_tagger_every_text_is_withheld_and_none_passes_unchecked():
    for profile in Profile:
        told = Scrubber(profile).scrub(f"A regular, {ONE.first_name} {ONE.last_name}, {ONE.email}")
        assert told.text == "<WITHHELD>"
    assert str(scrub("nothing personal at all")) == "<WITHHELD>"


@pytest.mark.usefixtures("all_away")
async def test_without_model_tagger_and_embedding_nothing_unmasked_passes_and_the_run_goes_on(
    database_url: str, tmp_path: Path
):
    tap = Tap(ONE.values())
    away: dict[str, Any] = {"TILLHAND_MODEL_URL": "http://127.0.0.1:9", "TILLHAND_MODEL": "gemma4:e4b"}
    with tap.listening():
        async with open_house(database_url, tmp_path, TILLHAND_CHECKOUT_MS="5000", **away) as opened:
            register = await opened.key(Role.REGISTER, "STORE_123")
            told = {**SAMPLE, "customer": {"loyalty_id": "CUST_456", "email": ONE.email, "phone": "+15551234567"}}
            answer = await opened.check_out(told, register)
            caller = Caller(opened.client, await opened.key(Role.MANAGER, model=True))
            searched = await caller.call("search_products", {"text": "shirt", "location_id": "STORE_123"})
            groups = (await caller.send("resources/read", {"uri": "tillhand://cohorts?text=shirt"})).json()
            asked = {
                "location_id": "STORE_123",
                "transaction": "TXN_OUTAGE",
                "skus": ["PROD_001"],
                "percent": 5,
                "reason": f"A regular, {ONE.first_name} {ONE.last_name} of {ONE.street}",
                "idempotency_key": "outage-0001",
                "dry_run": False,
            }
            proposed = await caller.call("propose_discount", asked)
            await opened.drain()
            await opened.house.guard.flush()
            tap.hear("answers", [answer.text, searched, groups, proposed])
            found = await tap.look(opened.database, {"home": tmp_path})

    assert (answer.status_code, answer.json()["status"]) == (200, "offered")
    assert searched["result"]["structuredContent"]["products"]
    assert json.loads(groups["result"]["contents"][0]["text"])["cohorts"] == []
    assert proposed["result"]["structuredContent"]["state"] in {"allowed", "executed", "waiting"}
    assert {f"{one.sink}: {one.field} as {one.form}" for one in found.leaks} == set()
