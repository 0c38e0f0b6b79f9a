"""Both doors over one shop, driven together: assistants through MCP, specialists and people through the guard.

What it knows of caps it computes from the actions themselves, never from the running totals it checks.
"""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent
from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.errors import TillhandError
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.guarded_shop import PEN, PLACES, S1, SAMPLE, SCARF, START, Shop, actor, open_shop
from tests.mcp_house import client
from tests.price_list import PriceList
from tests.small_chain import KEYS
from tools.fresh_prices import FreshPrices
from tools.proposal import Decision, Origin, Proposal
from tools.registry import build_tools
from tools.tool import Tool

ASSISTANT = actor(Role.ASSOCIATE, "assistant:floor", locations=frozenset({S1}), model=True)
CLERK = actor(Role.ASSOCIATE, "associate:ben")
SPECIALIST = actor(Role.OFFERS_SPECIALIST, "specialist:offers", door=Door.EVENT)
ADA, EVE = actor(Role.MANAGER, "manager:ada"), actor(Role.MANAGER, "manager:eve")
TWIN = actor(Role.MANAGER, "manager:ada", door=Door.CLI)  # the same person through another door
PUPPET = actor(Role.MANAGER, "manager:ada", model=True)  # a model with a manager's rights
CALLERS = (ASSISTANT, CLERK, ADA, EVE, PUPPET)

COSTS: dict[str, int] = {SAMPLE: 60_000, SCARF: 3_000, PEN: 1_000}  # what the platform charges, in cents

_ZONE = ZoneInfo(PLACES.get(S1).timezone)
_COUNTED = ("waiting", "allowed", "executing", "executed")
_DISCOUNTS = text(
    """
    SELECT action.facts, action.state, action.created_at, approval.state AS answer, approval.decided_by,
           action.verdict ->> 'outcome' AS outcome
    FROM action LEFT JOIN approval ON approval.action_id = action.id
    WHERE action.kind = 'discount' AND action.created_at >= :since
    """
)
_UNBACKED = text(
    """
    SELECT count(*) FROM action LEFT JOIN approval ON approval.action_id = action.id
    WHERE action.state IN ('allowed', 'executing', 'executed', 'failed', 'undone')
      AND action.verdict ->> 'outcome' <> 'allow' AND coalesce(approval.state, '') <> 'approved'
      AND action.created_at >= :since
    """
)
_TWICE = text(
    """
    SELECT count(*) FROM (
        SELECT action_id FROM ledger WHERE kind = 'approved' AND at >= :since GROUP BY action_id HAVING count(*) > 1
    ) AS twice
    """
)
_SELF = text(
    """
    SELECT count(*) FROM approval JOIN action ON action.id = approval.action_id
    WHERE approval.state = 'approved' AND approval.needs <> 'confirm' AND approval.decided_by = action.actor_id
      AND approval.asked_at >= :since
    """
)


class BothDoors:
    """A shop whose clock moves a week with every story, so that no story meets another's totals."""

    def __init__(self, shop: Shop, clients: Mapping[str, Client]) -> None:
        self.shop = shop
        self.calls = 0
        self.refused = Counter[str]()
        self.outcomes = Counter[str]()
        self._clients = clients
        self._stories = 0
        self._began = START
        self.prefix = ""

    async def story(self) -> None:
        """Begin anew: another week, other transactions."""
        self._stories += 1
        self.prefix = f"story{self._stories}-"
        self.shop.clock = self._began = START + timedelta(weeks=self._stories)
        self.shop.platform.faults.clear()

    async def propose(self, burst: list[tuple[Actor, Proposal]]) -> list[Decision]:
        """The agents' way in."""
        self.calls += len(burst)
        decisions = await self.shop.guard.propose_all(burst)
        self.outcomes.update(decision.outcome for decision in decisions)
        return decisions

    async def ask(self, who: Actor, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The assistants' way in: the structured answer, or the error's body."""
        self.calls += 1
        try:
            result = await self._clients[_name(who)].call_tool(tool, dict(arguments))
        except MCPError:  # hidden from this caller
            self.refused["tool.unknown"] += 1
            return {"error": {"code": "tool.unknown"}}
        [block] = result.content
        assert isinstance(block, TextContent)
        told: dict[str, Any] = json.loads(block.text)
        if isinstance(told.get("error"), dict):
            self.refused[told["error"]["code"]] += 1
        elif "outcome" in told:
            self.outcomes[f"asked: {told['outcome']}"] += 1
        return told

    async def preview(self, who: Actor, proposal: Proposal) -> tuple[str, list[str]]:
        """Outcome and rules of what the guard would decide."""
        self.calls += 1
        try:
            decision = await self.shop.guard.preview(who, proposal)
        except TillhandError as error:
            return "error", [error.code]
        return decision.outcome, [rule for rule, _ in decision.reasons]

    async def answer(self, who: Actor, approval_id: str, *, approve: bool) -> str:
        """Answer an approval through the guard; how it went."""
        self.calls += 1
        try:
            return (await self.shop.guard.answer(who, approval_id, approve)).state
        except TillhandError as error:
            self.refused[error.code] += 1
            return error.code

    async def undo(self, who: Actor, action_id: str) -> None:
        """Take something back."""
        self.calls += 1
        with suppress(TillhandError):
            await self.shop.guard.undo(
                who,
                action_id,
                key=f"undo-{self.calls}",
                reason="A mistake",
                origin=Origin(CorrelationId("undo"), "person"),
            )

    async def carry_out(self, action_ids: list[str]) -> None:
        """What workers do with what bursts were allowed."""
        for action_id in action_ids:
            await self.shop.executor.carry_out(action_id)

    async def check(self) -> None:
        """Every promise, over everything this story did."""
        async with self.shop.database.reading() as connection:
            since = {"since": self._began}
            rows = (await connection.execute(_DISCOUNTS, since)).all()
            unbacked = (await connection.execute(_UNBACKED, since)).scalar_one()
            twice = (await connection.execute(_TWICE, since)).scalar_one()
            self_approved = (await connection.execute(_SELF, since)).scalar_one()
        assert unbacked == 0, "something was done that no rule or person allowed"
        assert twice == 0, "an approval was used twice"
        assert self_approved == 0, "somebody approved what they asked for"
        assert all(times == 1 for times in self.shop.platform.effects.values()), "an effect was doubled"
        self._check_caps(rows)

    def _check_caps(self, rows: Any) -> None:
        totals, free = Counter[tuple[str, str]](), Counter[str]()
        limits = {place.id: self.shop.engine.limits.place(place.region, place.id).discount for place in PLACES}
        for row in rows:
            discount = read_action(row.facts)
            assert isinstance(discount, Discount)
            if row.state not in _COUNTED:
                continue
            assert discount.percent.basis_points <= limits[discount.store].percent_bp
            totals["transaction", discount.transaction] += discount.amount.minor
            day = row.created_at.astimezone(_ZONE).date()
            totals["location", f"{discount.store} on {day}"] += discount.amount.minor
            if discount.customer:
                totals["customer", f"{discount.customer} on {day}"] += discount.amount.minor
            if row.outcome == "allow":
                free[discount.transaction] += discount.amount.minor
            if row.answer == "approved" and row.decided_by:
                assert ":" in row.decided_by
                assert row.decided_by.startswith("manager:")
        strictest = limits[S1]
        assert all(total <= strictest.transaction_free for total in free.values()), "the free limit was passed"
        for (scope, name), total in totals.items():
            cap = {
                "transaction": strictest.transaction_max,
                "location": strictest.location_day,
                "customer": strictest.customer_day,
            }[scope]
            assert total <= cap, f"{scope} {name} was promised {total}, over {cap}"


async def open_doors(database: Database, stack: AsyncExitStack) -> BothDoors:
    """A shop with both doors open; counts are never too old, because only rules about money are looked for here."""
    tools: dict[str, Tool] = {}
    shop = await open_shop(database, tools=tools)
    stack.push_async_callback(shop.guard.close)
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO poll_cursor (platform, stream, cursor, at)"
                " SELECT 'shopify', stream, '', '2100-01-01+00' FROM unnest(ARRAY['inventory', 'products']) AS stream"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO customer (ref, observed_at)"
                " SELECT 'c_' || n, now() FROM generate_series(1, 3) AS n ON CONFLICT DO NOTHING"
            )
        )
        await connection.execute(text("UPDATE inventory_level SET available = 1000000"))
    shop.cents.update(COSTS)
    prices = FreshPrices({"shopify": PriceList(shop.cents, shop.now)}, shop.now)
    tools.update(
        build_tools(database, shop.guard, places=PLACES, keys=KEYS, engine=shop.engine, now=shop.now, prices=prices)
    )
    clients: dict[str, Client] = {}
    for who in CALLERS:
        clients[_name(who)] = await stack.enter_async_context(client(shop, who))  # pyright: ignore[reportArgumentType]  # of a house, its guard is all that is used
    return BothDoors(shop, clients)


def _name(who: Actor) -> str:
    return f"{who.id}{'?' if who.model else ''}"
