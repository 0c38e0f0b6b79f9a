"""A Lightspeed register: it calls the retailer's business rules and does what they answer, in time or not at all."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import httpx

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.open_sale import OpenLine, OpenSale, rule_request
from evals.retailer.lightspeed.ring_up import ring_up
from evals.retailer.lightspeed.rule_actions import Cashier, Done, run_action
from evals.retailer.world import Order

ANSWER_WITHIN = 2.0  # seconds; from one source, see the protocol notes
MAX_ROUNDS = 10  # a rule that always answers something would hold the register for ever


@dataclass(frozen=True, slots=True)
class RuleCall:
    """One business-rule request and what came of it.

    Attributes:
        status: The HTTP status; 0 when there was no answer in time.
        took_ms: Milliseconds until the answer, or until the register went on without.
    """

    event_type: str
    url: str
    status: int
    took_ms: float
    done: tuple[Done, ...] = ()


@dataclass(slots=True)
class Fired:
    """Everything one register event set off.

    Attributes:
        stopped: A rule, or the cashier asked by a rule, called the payment off.
        looped: The rules still answered actions after ten rounds.
    """

    calls: list[RuleCall] = field(default_factory=list[RuleCall])
    stopped: bool = False
    looped: bool = False

    @property
    def done(self) -> list[Done]:
        """Every action, in order."""
        return [one for call in self.calls for one in call.done]


class Register:
    """Sales at one retailer's registers.

    Args:
        account: The retailer: `lightspeed_app(...).state.account`.
        client: Sends the rule calls.
        cashier: Answers the prompts.
        answer_within: Seconds a rule has to answer.
    """

    def __init__(
        self,
        account: Account,
        client: httpx.AsyncClient,
        *,
        cashier: Cashier | None = None,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._account = account
        self._client = client
        self._cashier = cashier or Cashier()
        self._answer_within = answer_within

    def open(self, place: str) -> OpenSale:
        """A new sale at the register of a place."""
        world = self._account.world
        return OpenSale(self._account.new_id("open sale"), world.places[place], world.now())

    async def add(self, sale: OpenSale, sku: str, quantity: int = 1) -> Fired:
        """Scan an article: `sale.line_items.added`."""
        variant = self._account.world.variants[sku]
        line = OpenLine(self._account.new_id("line"), sku, quantity, variant.price)
        sale.lines.append(line)
        return await self._fire(sale, "sale.line_items.added", [line])

    async def set_customer(self, sale: OpenSale, customer: int) -> Fired:
        """Put a customer, by Person.key, on the sale: `sale.customer.changed`."""
        sale.customer = customer
        return await self._fire(sale, "sale.customer.changed", [])

    async def pay(self, sale: OpenSale, codes: Sequence[str] = ()) -> tuple[Order | None, Fired]:
        """Go to payment: `sale.ready_for_payment`; then close the sale, unless a rule stops it.

        Raises:
            OutOfStock: Fewer units are available; the sale stays open.
            CodeRefused: A code does not apply; the sale stays open.
        """
        fired = await self._fire(sale, "sale.ready_for_payment", [])
        if fired.stopped:
            return None, fired
        order = ring_up(
            self._account.world,
            place=sale.place,
            lines=sale.rung_lines(),
            occurred_at=self._account.now(),
            id=sale.id,
            customer=sale.customer,
            codes=codes,
        )
        return order, fired

    async def _fire(self, sale: OpenSale, event_type: str, added: list[OpenLine]) -> Fired:
        """Call every rule for the event; when an action ran, the same event fires again."""
        fired = Fired()
        for _ in range(MAX_ROUNDS):
            round_ = [await self._call(sale, event_type, added, url) for url in self._urls(event_type)]
            fired.calls.extend(round_)
            ran = [one for call in round_ for one in call.done if not one.refused]
            if any(one.stopped for one in ran):
                fired.stopped = True
                return fired
            if not ran:
                return fired
            added = [line for one in ran for line in one.added] or added
        fired.looped = True
        return fired

    def _urls(self, event_type: str) -> list[str]:
        rules = [rule for rule in self._account.rules.values() if rule.event_type == event_type]
        return [self._account.remote_rules[rule.remote_rule_id].url for rule in rules]

    async def _call(self, sale: OpenSale, event_type: str, added: list[OpenLine], url: str) -> RuleCall:
        body = rule_request(self._account, sale, event_type, added)
        began = time.perf_counter()
        status, actions = 0, cast("list[Any]", [])
        try:
            async with asyncio.timeout(self._answer_within):
                response = await self._client.post(url, json=body, timeout=None)
            status = response.status_code
            actions = _actions(response)
        except (TimeoutError, httpx.HTTPError):
            pass  # the register goes on as if there were no rule
        took = (time.perf_counter() - began) * 1000
        done = [run_action(self._account, sale, event_type, action, self._cashier) for action in actions]
        return RuleCall(event_type, url, status, took, tuple(done))


def _actions(response: httpx.Response) -> list[Any]:
    """The actions of a 200; anything else is no answer."""
    if response.status_code != HTTPStatus.OK:
        return []
    try:
        body = response.json()
    except ValueError:
        return []
    actions: Any = cast("dict[str, Any]", body).get("actions") if isinstance(body, dict) else None
    return cast("list[Any]", actions) if isinstance(actions, list) else []
