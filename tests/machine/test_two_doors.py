"""Whatever is asked through whichever door, in any order and at once: no cap passed, nothing done without a verdict.

TILLHAND_MACHINE_CALLS says how many calls are made: 2,000 in `make test`, 50,000 with `make machine` in CI, and at
night `make machine CALLS=1000000`.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, ClassVar, cast

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from knowledge.store.session import Database
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId, Sku
from tests.flows.guarded_shop import PEN, S1, S2, SAMPLE, SCARF, customer, discount
from tests.machine.both_doors import (
    ADA,
    ASSISTANT,
    CALLERS,
    CLERK,
    COSTS,
    EVE,
    PUPPET,
    SPECIALIST,
    TWIN,
    BothDoors,
    open_doors,
)
from tools.proposal import Proposal

CALLS = int(os.environ.get("TILLHAND_MACHINE_CALLS", "2000"))
SETTINGS = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# Amounts gather where rules change their mind: a cent below, at and above $50.00, $200.00, and small change.
EDGES = (1, 2_500, 4_999, 5_000, 5_001, 19_999, 20_000, 20_001)
PERCENTS = (1, 5, 10, 29, 30, 31, 50, 100)
BASKETS = ("a", "b", "c")
BUYERS = (None, "1", "2", "3")
SHOPS = (S1, S1, S2)
PERCENT, BASKET, CUSTOMER, SHOP = map(st.sampled_from, (PERCENTS, BASKETS, BUYERS, SHOPS))
KEY = st.integers(0, 5)
SEED = st.integers(0, 2**32 - 1)


class TwoDoors(RuleBasedStateMachine):
    """One story after another over the same shop; `doors` and `run` are set before the first."""

    doors: ClassVar[BothDoors]
    run: ClassVar[Callable[[Coroutine[Any, Any, Any]], Any]]

    def __init__(self) -> None:
        super().__init__()
        self.approvals: list[str] = []
        self.actions: list[str] = []
        self.again: list[tuple[Actor, Proposal]] = []

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return type(self).run(work)

    @initialize()
    def begin(self) -> None:
        self.do(self.doors.story())

    def _proposal(
        self, cents: int, percent: int, basket: str, who: str | None, shop: LocationId, **goods: Any
    ) -> Proposal:
        proposal = discount(
            cents,
            percent=percent * 100,
            transaction=self.doors.prefix + basket,
            customer=customer(who) if who else None,
            store=shop,
            base=goods.pop("base", -(-cents * 100 // percent)),
            **goods,
        )
        until = self.doors.shop.clock + timedelta(minutes=30)
        return replace(proposal, action=proposal.action.model_copy(update={"valid_until": until}))

    def _keep(self, decisions: Any) -> None:
        for decision in decisions:
            if decision.approval_id:
                self.approvals.append(decision.approval_id)
            if decision.action_id:
                self.actions.append(decision.action_id)

    @rule(seed=SEED, size=st.integers(1, 150))
    def specialists_propose(self, seed: int, size: int) -> None:
        asked = self._burst(seed, size)
        self.again += asked[:2]
        decisions = self.do(self.doors.propose(asked))
        self._keep(decisions)
        self.do(self.doors.carry_out([each.action_id for each in decisions if each.state == "allowed"][:5]))

    def _burst(self, seed: int, size: int) -> list[tuple[Actor, Proposal]]:
        """Proposals from a seed: drawn one by one, a hundred of them would cost more than deciding on them."""
        chance = Random(seed)  # nobody has to guess it
        return [
            (
                SPECIALIST,
                self._proposal(
                    chance.choice(EDGES) if chance.random() < 0.5 else chance.randint(1, 30_000),
                    chance.choice(PERCENTS),
                    chance.choice("abcdefghijkl"),
                    chance.choice((*BUYERS, "4", "5", "6")),
                    chance.choice(SHOPS),
                ),
            )
            for _ in range(size)
        ]

    @rule(which=st.integers(0, 100))
    def the_same_again(self, which: int) -> None:
        if self.again:
            one = self.again[which % len(self.again)]
            first, second = self.do(self.doors.propose([one, one]))
            assert first.action_id == second.action_id

    @rule(
        who=st.sampled_from(CALLERS), percent=PERCENT, basket=BASKET, buyer=CUSTOMER, shop=SHOP, key=KEY,
        sku=st.sampled_from([SAMPLE, SCARF, PEN]),
    )  # fmt: skip
    def an_assistant_asks(  # noqa: PLR0913, PLR0917  # drawn values
        self, who: Actor, percent: int, basket: str, buyer: str | None, shop: LocationId, key: int, sku: Sku
    ) -> None:
        self._told(
            self.do(self.doors.ask(who, "propose_discount", self._asked(percent, basket, buyer, shop, key, sku)))
        )

    def _asked(  # noqa: PLR0913, PLR0917  # an argument each
        self, percent: int, basket: str, buyer: str | None, shop: LocationId, key: int, sku: Sku
    ) -> dict[str, Any]:
        return {
            "location_id": shop,
            "transaction": self.doors.prefix + basket,
            "skus": [sku],
            "percent": percent,
            "customer": f"c_{buyer}" if buyer else "",
            "idempotency_key": f"{self.doors.prefix}key-{key}",
            "reason": "They hesitate over the price",
        }

    def _told(self, told: dict[str, Any]) -> None:
        if told.get("approval_id"):
            self.approvals.append(told["approval_id"])
        if told.get("action_id"):
            self.actions.append(told["action_id"])

    @rule(units=st.integers(1, 600), who=st.sampled_from([ADA, EVE, PUPPET]), key=KEY)
    def goods_are_moved(self, units: int, who: Actor, key: int) -> None:
        lines = [{"sku": SCARF, "units": units}]
        self._told(
            self.do(
                self.doors.ask(
                    who,
                    "propose_transfer",
                    {
                        "origin_id": "WH",
                        "destination_id": S1,
                        "lines": lines,
                        "idempotency_key": f"{self.doors.prefix}move-{key}",
                        "reason": "The shop runs out",
                    },
                )
            )
        )

    @rule(which=st.integers(0, 100), who=st.sampled_from([ADA, EVE, PUPPET, CLERK, ASSISTANT]), yes=st.booleans())
    def somebody_answers(self, which: int, who: Actor, yes: bool) -> None:  # a drawn value
        if self.approvals:
            state = self.do(self.doors.answer(who, self.approvals[which % len(self.approvals)], approve=yes))
            if who in {PUPPET, CLERK, ASSISTANT}:
                assert state not in {"allowed", "executing", "executed", "rejected"}

    @rule(which=st.integers(0, 100), who=st.sampled_from([ADA, EVE, PUPPET]), yes=st.booleans())
    def somebody_answers_over_mcp(self, which: int, who: Actor, yes: bool) -> None:  # a drawn value
        if self.approvals:
            name = self.approvals[which % len(self.approvals)]
            told = self.do(self.doors.ask(who, "decide_approval", {"approval_id": name, "approve": yes}))
            assert who is not PUPPET or refusal(told)

    @rule(which=st.integers(0, 100), who=st.sampled_from([ADA, EVE]))
    def something_is_taken_back(self, which: int, who: Actor) -> None:
        if self.actions:
            self.do(self.doors.undo(who, self.actions[which % len(self.actions)]))

    @rule(seed=SEED, size=st.integers(1, 6), percent=PERCENT, basket=BASKET, key=KEY, times=st.integers(2, 4))
    def everybody_at_once(  # noqa: PLR0913, PLR0917  # drawn values
        self, seed: int, size: int, percent: int, basket: str, key: int, times: int
    ) -> None:
        asked = self._asked(percent, basket, "1", S1, key, SAMPLE)
        both: list[Awaitable[Any]] = [self.doors.propose([each]) for each in self._burst(seed, size)]
        both += [self.doors.ask(ADA, "propose_discount", asked) for _ in range(times)]

        async def gathered() -> list[Any]:
            return await asyncio.gather(*both)

        told = self.do(gathered())
        for each in told[:size]:
            self._keep(each)
        same = [each["action_id"] for each in told[size:] if "action_id" in each]
        assert len(set(same)) <= 1

    @rule(percent=PERCENT, basket=BASKET, buyer=CUSTOMER, shop=SHOP, sku=st.sampled_from([SAMPLE, SCARF, PEN]))
    def one_request_one_verdict(self, percent: int, basket: str, buyer: str | None, shop: LocationId, sku: Sku) -> None:
        asked = {**self._asked(percent, basket, buyer, shop, 0, sku), "dry_run": True}
        asked["idempotency_key"] = f"{self.doors.prefix}twin-{self.doors.calls}"
        told = self.do(self.doors.ask(ADA, "propose_discount", asked))
        price = COSTS[sku]
        cents = (price * percent + 50) // 100
        proposal = self._proposal(cents, percent, basket, buyer, shop, sku=sku, base=price)
        outcome, rules = self.do(self.doors.preview(TWIN, proposal))
        if refusal(told):
            assert outcome in {"deny", "error"}
            assert refusal(told) in rules
        else:
            assert told["outcome"] == outcome
            assert [reason["rule"] for reason in told["reasons"]] == rules

    @rule(minutes=st.sampled_from([1, 16, 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.doors.shop.clock += timedelta(minutes=minutes)
        self.do(self.doors.shop.guard.expire(self.doors.shop.clock))

    @rule(fault=st.sampled_from(["lost", "down"]))
    def the_platform_stumbles(self, fault: str) -> None:
        self.doors.shop.platform.faults.append(fault)

    @invariant()
    def every_promise_holds(self) -> None:
        if self.doors.prefix:
            self.do(self.doors.check())


@pytest.mark.timeout(120 + CALLS // 10)
def test_no_sequence_of_calls_through_either_door_passes_a_cap_or_does_what_nobody_allowed(database_url: str):
    broken: Exception | None = None
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(opened(database_url)) as doors:
        TwoDoors.run = partial(portal.call, _done)
        TwoDoors.doors = doors
        try:
            while doors.calls < CALLS:
                run_state_machine_as_test(TwoDoors, settings=SETTINGS)
        except Exception as error:  # noqa: BLE001  # the clients are closed first, or their groups would bury it
            broken = error
    if broken:
        raise broken
    assert {"allow", "approve", "deny", "asked: allow", "asked: approve"} <= set(
        doors.outcomes
    )  # or it has proved little
    assert {"offers.percent_cap", "offers.over_free_limit", "offers.customer_day_cap"} & set(doors.refused)


def refusal(told: dict[str, Any]) -> str:
    """The code of an error; "" for an answer."""
    error = told.get("error")
    return str(cast("dict[str, Any]", error)["code"]) if isinstance(error, dict) else ""


async def _done(work: Awaitable[Any]) -> Any:
    return await work


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[BothDoors]:
    """The doors over a database, in the loop they live in."""
    database = Database(url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        yield await open_doors(database, stack)
