"""Customers at the registers: each basket is shown to the product, and some who hear of an offer take it.

A register asks in one of three ways: with our extension, with a request of the till's own, or by a business rule.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from random import Random
from typing import Any, Final

import httpx

from evals.demo.retailer import Retailer
from evals.retailer.actions import CodeRefused, OutOfStock, Unknown
from evals.retailer.day import Step
from evals.retailer.lightspeed.rule_actions import Cashier, Prompt
from evals.retailer.lightspeed.rules import Register
from evals.retailer.shopify.pos import PosRegister
from evals.retailer.stock import stock_place
from evals.retailer.world import CodeDiscount

TAKES: Final = 0.5  # share of customers who take an offer they are told of
_CODE_WITHIN: Final = 2.0  # seconds a customer waits for the register to know the code
_LOOK_EVERY: Final = 0.01  # seconds
_SAID: Final = 200  # characters of an answer that was none
_CODE = re.compile(r"Code: (\S+)$")


class _Associate(Cashier):
    """Reads an offer out; if the customer wants it, goes back to the sale to type the code in."""

    def __init__(self, *, takes: bool) -> None:
        self.code = ""
        self._takes = takes

    def confirm(self, prompt: Prompt) -> bool:
        """Whether to go on to payment."""
        found = _CODE.search(prompt.message)
        if found:
            self.code = found[1]
        return not (found and self._takes)


class Registers:
    """Asks for an offer at each checkout of the day and pays it, on either platform.

    Attributes:
        statuses: Of the product's answers; anything but an answer is counted as `failed`.
        unanswered: Why those failed: the code of an error, or what happened to the line.
        shown: Offers customers were told of.
        taken: Codes of those they wanted.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a till has three ways to ask
        self,
        retailer: Retailer,
        client: httpx.AsyncClient,
        url: str,
        keys: Mapping[str, str],
        seed: int,
        screens: Mapping[str, PosRegister],
    ) -> None:
        self._retailer = retailer
        self._client = client
        self._url = url
        self._keys = keys
        self._screens = screens
        self._chance = Random(seed)
        self.statuses: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.shown = 0
        self.taken: list[str] = []

    async def check_out(self, step: Step) -> None:
        """One checkout, from the basket to the receipt."""
        if self._retailer.world.places[step.place].platform == "lightspeed":
            await self._ask_by_rule(step)
        elif step.place in self._screens:
            await self._ask_on_screen(self._screens[step.place], step)
        else:
            await self._ask(step)
        self._retailer.day.complete(step)  # whoever has not paid yet pays without an offer

    async def _ask(self, step: Step) -> None:
        """The till's request, as its sample shows it."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._keys[step.place]}"}
        try:
            answer = await self._client.post(f"{self._url}/v1/checkout", content=step.payload, headers=headers)
        except httpx.HTTPError as error:
            self._count({"error": {"code": type(error).__name__}})
            return
        refused = {"error": {"code": f"{answer.status_code} {answer.text[:_SAID]}"}}
        told: dict[str, Any] = answer.json() if answer.is_success else refused
        self._count(told)
        if code := told.get("discount_code"):
            self.shown += 1
            if self._takes_it() and (found := await self._known(code)):
                extra = self._fetched(found, step)
                step.basket = (*step.basket, *((sku, 1) for sku in extra))
                self._retailer.day.complete(step, code)

    async def _ask_on_screen(self, till: PosRegister, step: Step) -> None:
        """The extension tells the basket as it grows, and what became of the offer."""
        person = None if step.customer is None else self._retailer.world.people[step.customer]
        cart, told = till.begin(customer=person.shopify_id if person else 0), dict[str, Any]()
        try:
            for line in step.basket:
                cart.lines.append(line)
                told = await till.decide()
        except httpx.HTTPError as error:
            told = dict[str, Any](error={"code": type(error).__name__})
        self._count(told)
        step.transaction = told.get("transaction", step.transaction)
        if offer := told.get("offer"):
            self.shown += 1
            till.note("shown", told["decision"])
            if self._takes_it() and (found := await self._known(offer["code"])):
                step.basket = (*step.basket, *((sku, 1) for sku in self._fetched(found, step)))
                till.note("applied", told["decision"])
                order = self._retailer.day.complete(step, offer["code"])
                till.note("redeemed", told["decision"], order=order.id if order else "")
            else:
                till.note("dismissed", told["decision"])
            await till.flush()

    async def _ask_by_rule(self, step: Step) -> None:
        """Lightspeed's register asks by itself before payment."""
        associate = _Associate(takes=self._takes_it())
        register = Register(self._retailer.account, self._client, cashier=associate)
        sale = register.open(step.place)
        if step.customer is not None:
            await register.set_customer(sale, step.customer)
        for sku, units in step.basket:
            await register.add(sale, sku, units)
        try:
            order, fired = await register.pay(sale)
            answered = any(call.status == HTTPStatus.OK for call in fired.calls)
            refused = {"error": {"code": " ".join(str(call.status) for call in fired.calls) or "no rule asked"}}
            self._count({"status": "offered" if associate.code else "silent"} if answered else refused)
            self.shown += bool(associate.code)
            if order is None and (found := await self._known(associate.code)):
                for sku in self._fetched(found, step):
                    await register.add(sale, sku)
                try:
                    order, _ = await register.pay(sale, [associate.code])
                except (CodeRefused, Unknown):
                    order, _ = await register.pay(sale)
            step.order = order
        except OutOfStock:
            return

    def _count(self, told: Mapping[str, Any]) -> None:
        if "status" not in told:
            self.unanswered[str(told.get("error", {}).get("code", "no answer"))] += 1
        self.statuses[told.get("status", "failed")] += 1

    def _takes_it(self) -> bool:
        return self._chance.random() < TAKES

    async def _known(self, code: str) -> CodeDiscount | None:
        """The code once the platform has it; the customer does not wait for ever."""
        discounts = self._retailer.world.discounts
        try:
            async with asyncio.timeout(_CODE_WITHIN):
                while code not in discounts:  # noqa: ASYNC110  # the world tells its listeners, and no waiter
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            return None
        self.taken.append(code)
        return discounts[code]

    def _fetched(self, found: CodeDiscount, step: Step) -> list[str]:
        """What the customer takes from the shelf for the offer's sake."""
        world = self._retailer.world
        shelf = stock_place(world, step.place)
        in_basket = {sku for sku, _ in step.basket}
        there = [sku for sku in found.skus if (sku, shelf) in world.levels and world.levels[sku, shelf].available > 0]
        return [] if in_basket.intersection(found.skus) else there[:1]
