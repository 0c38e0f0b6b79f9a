"""A simulated Lightspeed register calls business rules, does what they answer, and waits no longer than its limit."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evals.retailer.lightspeed.rule_actions import Cashier, Prompt
from evals.retailer.lightspeed.rules import MAX_ROUNDS, Register
from tests.contract.simulator.openapi_contract import SPECS
from tests.contract.simulator.small_lightspeed import SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio
PROTOCOL = SPECS / "lightspeed" / "workflows_protocol.json"
Answers = Callable[[dict[str, Any]], list[dict[str, Any]]]


class RuleHouse:
    """A remote rule that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: Answers = lambda _body: []
        self.response: Response | None = None
        self.app = Starlette(routes=[Route("/rule", self._rule, methods=["POST"])])

    async def _rule(self, request: Request) -> Response:
        self.asked.append(json.loads(await request.body()))
        return self.response or JSONResponse({"actions": self.answers(self.asked[-1])})


class Decliner(Cashier):
    """Says no, takes every suggestion."""

    def confirm(self, prompt: Prompt) -> bool:
        del prompt
        return False

    def choose(self, prompt: Prompt) -> tuple[str, ...]:
        return prompt.choices


@pytest.fixture
def rule() -> RuleHouse:
    return RuleHouse()


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


@pytest.fixture
async def register(shop: SmallLightspeed, rule: RuleHouse) -> AsyncGenerator[Register]:
    remote = await shop.call("POST", "/workflows/remote_rules", json={"url": "http://rules/rule"})
    for event in ("sale.line_items.added", "sale.customer.changed", "sale.ready_for_payment"):
        body = {"event_type": event, "remote_rule_id": remote["data"]["id"]}
        await shop.call("POST", "/workflows/rules", json=body)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=rule.app)) as client:
        yield Register(shop.account, client)


def once(rule: RuleHouse, *actions: dict[str, Any]) -> None:
    """Answer with these until our custom field is set."""
    mark = {"type": "set_custom_field", "entity": "sale", "custom_field_name": "seen", "custom_field_value": "1"}
    rule.answers = lambda body: [] if body["sale"]["custom_fields"] else [*actions, mark]


@pytest.mark.skipif(not PROTOCOL.exists(), reason="the protocol notes are not beside us")
async def test_a_rule_is_asked_in_the_documented_shape(
    shop: SmallLightspeed, register: Register, rule: RuleHouse
) -> None:
    example = json.loads(PROTOCOL.read_text())["request_example"]
    sale = register.open("STORE_SEA")
    await register.set_customer(sale, shop.person.key)
    await register.add(sale, shop.variant().sku, 2)
    asked = rule.asked[-1]
    assert set(example) <= set(asked)
    assert set(example["sale"]) <= set(asked["sale"])
    assert set(example["sale"]["line_items"][0]) <= set(asked["sale"]["line_items"][0])
    assert asked["line_items"] == asked["sale"]["line_items"]
    assert asked["sale"]["line_items"][0]["quantity"] == "2"
    assert asked["customer"]["id"] == shop.person.lightspeed_id


async def test_a_rule_fires_again_after_an_action_and_rests_after_none(
    shop: SmallLightspeed, register: Register, rule: RuleHouse
) -> None:
    once(rule)
    sale = register.open("STORE_SEA")
    fired = await register.add(sale, shop.variant().sku)
    assert (len(fired.calls), fired.looped, sale.custom_fields) == (2, False, {"seen": "1"})


async def test_a_rule_that_always_acts_is_cut_off(shop: SmallLightspeed, register: Register, rule: RuleHouse) -> None:
    rule.answers = lambda _body: [
        {"type": "set_custom_field", "entity": "sale", "custom_field_name": "n", "custom_field_value": "1"}
    ]
    fired = await register.add(register.open("STORE_SEA"), shop.variant().sku)
    assert (len(fired.calls), fired.looped) == (MAX_ROUNDS, True)


async def test_a_line_added_by_a_rule_is_sold_at_the_rules_price(
    shop: SmallLightspeed, register: Register, rule: RuleHouse
) -> None:
    first, second = shop.variant(0), shop.variant(1)
    line = {"type": "add_line_item", "product_id": second.lightspeed_product_id, "quantity": "1", "unit_price": "10.00"}
    once(rule, line)
    sale = register.open("STORE_SEA")
    await register.add(sale, first.sku)
    order, _ = await register.pay(sale)
    assert order
    assert [(one.sku, one.unit_price) for one in order.lines] == [(first.sku, first.price), (second.sku, 1000)]
    assert shop.on_hand(second, shop.seattle) == 19


async def test_a_stop_keeps_the_sale_open(shop: SmallLightspeed, register: Register, rule: RuleHouse) -> None:
    sale = register.open("STORE_SEA")
    variant = shop.variant()
    await register.add(sale, variant.sku)
    rule.answers = lambda _body: [{"type": "stop", "title": "Wait", "message": "Ask the manager."}]
    order, fired = await register.pay(sale)
    assert (order, fired.stopped, shop.on_hand(variant, shop.seattle)) == (None, True, 20)
    assert fired.done[0].prompt == Prompt("stop", "Wait", "Ask the manager.")


async def test_the_cashier_answers_confirmations_and_suggestions(
    shop: SmallLightspeed, register: Register, rule: RuleHouse
) -> None:
    del register
    first, second = shop.variant(0), shop.variant(1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=rule.app)) as client:
        decliner = Register(shop.account, client, cashier=Decliner())
        suggestion = {
            "type": "suggest_products",
            "suggested_products": [{"product_id": second.lightspeed_product_id}, {"product_id": "unknown"}],
        }
        once(rule, suggestion)
        sale = decliner.open("STORE_SEA")
        await decliner.add(sale, first.sku)
        assert [line.sku for line in sale.lines] == [first.sku, second.sku]
        rule.answers = lambda _body: [{"type": "confirm", "title": "Sure?", "message": ""}]
        order, fired = await decliner.pay(sale)
        assert (order, fired.stopped) == (None, True)


async def test_an_action_an_event_does_not_take_is_ignored(
    shop: SmallLightspeed, register: Register, rule: RuleHouse
) -> None:
    rule.answers = lambda _body: [{"type": "stop"}, {"type": "apply_discount"}, {"no": "type"}]
    fired = await register.add(register.open("STORE_SEA"), shop.variant().sku)
    assert (fired.stopped, len(fired.calls), all(one.refused for one in fired.done)) == (False, 1, True)


@pytest.mark.parametrize(
    "response",
    [
        Response(status_code=500),
        Response(b"not json"),
        JSONResponse([]),
        JSONResponse({"actions": "stop"}),
        JSONResponse({"actions": [{"type": "stop"}]}, status_code=201),
    ],
)
async def test_a_rule_that_answers_nonsense_does_not_stop_a_sale(
    shop: SmallLightspeed, register: Register, rule: RuleHouse, response: Response
) -> None:
    rule.response = response
    sale = register.open("STORE_SEA")
    await register.add(sale, shop.variant().sku)
    order, _ = await register.pay(sale)
    assert order is not None


async def test_a_register_goes_on_without_a_rule_that_takes_too_long(shop: SmallLightspeed, register: Register) -> None:
    del register

    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        hasty = Register(shop.account, client, answer_within=0.02)
        sale = hasty.open("STORE_SEA")
        fired = await hasty.add(sale, shop.variant().sku)
        assert [(call.status, call.took_ms >= 20) for call in fired.calls] == [(0, True)]
        order, _ = await hasty.pay(sale)
        assert order is not None


async def test_a_promo_code_is_typed_at_payment(shop: SmallLightspeed, register: Register) -> None:
    variant = shop.variant()
    body = {
        "name": "Offer",
        "start_time": "2026-11-23T14:00:00",
        "use_promo_code": True,
        "add_promo_code": [{"code": "TEN", "limit": 1}],
        "condition": {"type": "product_set"},
        "action": {"type": "basic_fixed_discount", "value": 10},
    }
    await shop.call("POST", "/promotions", 201, json=body)
    sale = register.open("STORE_SEA")
    await register.add(sale, variant.sku, 2)
    order, _ = await register.pay(sale, codes=["ten"])
    assert order
    assert (order.id, order.discount_codes) == (sale.id, ("TEN",))
    assert order.total == 2 * variant.price - 1000
