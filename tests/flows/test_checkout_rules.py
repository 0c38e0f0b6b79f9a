"""Lightspeed's register asks before payment: the same core answers, once per sale, and never with an error."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from evals.retailer.lightspeed.account import RemoteRule, Rule
from evals.retailer.lightspeed.rules import Register
from evals.retailer.model import LocalModel, ModelBehavior
from evals.retailer.server import serve
from policies.vocabulary.actor import Role
from tests.flows.open_house import OpenHouse, open_house

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}  # a test machine under load is not a till


async def register(opened: OpenHouse) -> Register:
    """The simulated register, with our rule registered as its operator would do it."""
    key = await opened.key(Role.REGISTER, "STORE_SEA", name="register:sea")
    account = opened.retailer.account
    remote = RemoteRule("remote", f"http://127.0.0.1:8787/rules/lightspeed?key={key}", account.now())
    account.remote_rules[remote.id] = remote
    for event in ("sale.ready_for_payment", "sale.line_items.added", "sale.customer.changed"):
        account.rules[event] = Rule(event, event, remote.id, account.now())
    return Register(account, opened.client, answer_within=10.0)


async def test_the_register_shows_the_offer_once_and_the_sale_goes_on(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        till = await register(opened)
        sale = till.open("STORE_SEA")
        await till.add(sale, "PROD_001")

        order, fired = await till.pay(sale)
        await opened.house.background.close()

        assert order is not None
        assert (fired.stopped, fired.looped) == (False, False)
        assert [one.kind for one in fired.done] == ["set_custom_field", "confirm"]
        assert [call.status for call in fired.calls] == [200, 200]
        (shown,) = [one.prompt for one in fired.done if one.prompt]
        (made,) = [one for one in opened.retailer.world.discounts.values() if one.code.startswith("TH")]
        assert made.platform == "lightspeed"
        assert made.code in shown.message
        assert await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == 1


async def test_before_payment_nothing_is_promised(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        till = await register(opened)
        sale = till.open("STORE_SEA")

        fired = [await till.add(sale, "PROD_001"), await till.add(sale, "PROD_001")]

        assert [one.done for one in fired] == [[], []]
        assert await opened.count("SELECT count(*) FROM action") == 0


ABSURD = [
    ("2000000", "29.99"),
    ("10001", "29.99"),
    ("-10001", "29.99"),
    ("1e39", "29.99"),
    ("1.5", "29.99"),
    ("NaN", "29.99"),
    ("1", "-0.01"),
    ("1", "1000000000.01"),
    ("1", "1e39"),
    ("1", "NaN"),
    ("1", "Infinity"),
]


def line(sku: str, units: str, price: str) -> dict[str, Any]:
    return {"product": {"sku": sku}, "quantity": units, "price": price}


def asked(opened: OpenHouse, **sale: Any) -> dict[str, Any]:
    place = opened.retailer.world.places["STORE_SEA"]
    lines = [line("PROD_001", "1", "29.99")]
    told = {"id": "sale-1", "outlet_id": place.outlet_id, "custom_fields": [], "line_items": lines, **sale}
    return {"event_type": "sale.ready_for_payment", "sale": told, "customer": None}


async def ask(opened: OpenHouse, body: dict[str, Any], key: str) -> httpx.Response:
    return await opened.client.post("/rules/lightspeed", json=body, headers={"authorization": f"Bearer {key}"})


async def test_what_cannot_be_answered_is_answered_with_no_actions(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_SEA")
        silent = [
            asked(opened, custom_fields=[{"name": "tillhand_offer", "string_value": "act_1"}]),
            asked(opened, return_for="sale-0"),
            asked(opened, outlet_id="elsewhere"),
            asked(opened, outlet_id=opened.retailer.world.places["STORE_PDX"].outlet_id),
            asked(opened, line_items=[]),
            asked(opened, line_items=[line("NOPE", "1", "1.00")]),
            *(asked(opened, line_items=[line("PROD_001", units, price)]) for units, price in ABSURD),
            {"event_type": "sale.ready_for_payment"},
            {},
        ]

        answers = [await ask(opened, body, key) for body in silent]

        assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"actions": []})] * len(silent)
        assert await opened.count("SELECT count(*) FROM action") == 0


async def test_goods_given_back_custom_sales_and_what_is_not_in_the_catalog_cost_the_others_no_offer(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_SEA")
        for number, other in enumerate(
            [line("NOPE", "1", "1.00"), line("", "2", "5"), line("PROD_001", "-1", "29.99")]
        ):
            lines = [other, line("PROD_001", "10000", "0"), line("PROD_001", "1.0", "29.99")]
            answer = await ask(opened, asked(opened, id=f"sale-{number}", line_items=lines), key)
            assert [each["type"] for each in answer.json()["actions"]] == ["set_custom_field", "confirm"], other


async def test_a_register_that_waits_two_seconds_is_never_made_to_wait_for_a_model(database_url: str, tmp_path: Path):
    model = LocalModel(ModelBehavior(behavior="slow", slow_s=30))
    async with serve(model=model.app) as running:
        chosen: dict[str, Any] = {"TILLHAND_MODEL": "a-small-model", "TILLHAND_MODEL_URL": running.model_url}
        async with open_house(database_url, tmp_path, **PATIENT, **chosen) as opened:
            answer = await ask(opened, asked(opened), await opened.key(Role.REGISTER, "STORE_SEA"))
            assert len(answer.json()["actions"]) == 2
            assert model.requests == []
            rows = await opened.database.quick.rows("SELECT proposal -> 'evidence' ->> 'words' AS words FROM action")
            assert rows == [{"words": "template"}]


async def test_a_caller_without_a_registers_key_or_a_true_signature_is_refused(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        nobody = await opened.client.post("/rules/lightspeed", json=asked(opened))
        manager = await ask(opened, asked(opened), await opened.key(Role.MANAGER))
        forged = await opened.client.post(
            "/rules/lightspeed",
            json=asked(opened),
            headers={"x-signature": f"signature={'0' * 64},algorithm=HMAC-SHA256"},
        )

        assert [nobody.status_code, manager.status_code, forged.status_code] == [401, 403, 401]
