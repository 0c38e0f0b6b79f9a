"""No sequence of baskets, PINs and outcomes makes more than one effect of an action, or asks twice about one sale."""

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.flows.filled_store import TEE, jeans
from tests.flows.pos_shop import ADA, PIN, PosShop, pos_shop
from tools.audit.verify import verify

pytestmark = pytest.mark.anyio

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("basket"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.none()),
        st.tuples(st.just("late"), st.integers(0, 3)),
        st.tuples(st.just("sale"), st.none()),
        st.tuples(st.just("pin"), st.sampled_from([PIN, PIN, PIN, "739158"])),
        st.tuples(st.just("outcome"), st.sampled_from(["shown", "applied", "dismissed", "redeemed"])),
        st.tuples(st.just("retell"), st.none()),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(params=[True, False], ids=["every offer waits", "offers are free"])
async def shop(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncGenerator[PosShop]:
    async with pos_shop(database_url, tmp_path, strict=request.param) as opened:
        yield opened


class Play:
    """One sequence at one register, with everything it ever told."""

    def __init__(self, shop: PosShop) -> None:
        self.shop, self.till = shop, shop.till
        world = shop.opened.retailer.world
        self.baskets = [[(TEE, 1)], [(jeans(world), 1)], [(TEE, 2), (jeans(world), 1)], [(min(world.variants), 1)]]
        self.decisions: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}

    async def step(self, what: str, how: Any) -> None:
        cart = self.till.cart
        if what == "sale":
            self.till.begin(self.baskets[0])
        elif what == "basket":
            cart.lines = self.baskets[how]
            self.heard(await self.till.decide())
        elif what == "again" and cart.revision:
            self.heard((await self.till.ask("decision", self.till.state())).json())
        elif what == "late" and cart.revision > 1:
            said = (await self.till.ask("decision", self.till.state(revision=cart.revision - 1))).json()
            assert (said["status"], said["why"]["code"]) == ("silent", "basket.overtaken")
        elif what == "pin" and self.decisions:
            await self.till.approve(self.decisions[-1], ADA, how)
        elif what == "outcome" and self.decisions:
            self.told.append(self.till.note(how, self.decisions[-1]))
            await self.tell(self.told[-1])
        elif what == "retell" and self.told:
            for each in reversed(self.told):
                await self.tell(each)

    def heard(self, told: dict[str, Any]) -> None:
        assert "status" in told, told
        if told["decision"]:
            self.decisions.append(told["decision"])

    async def tell(self, outcome: dict[str, Any]) -> None:
        """The same telling has the same result, whenever it is told."""
        (result,) = (await self.till.ask("outcome", {"outcomes": [outcome]})).json()["results"]
        assert self.answers.setdefault(outcome["id"], result) == result


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_sequence_makes_more_than_one_effect_of_an_action(shop: PosShop, steps: list[tuple[str, Any]]):
    async with shop.opened.database.transaction() as connection:
        await connection.execute(text("TRUNCATE pos_attempt"))
    shop.till.begin([(TEE, 1)])
    play = Play(shop)
    for what, how in [("basket", 0), *steps]:
        await play.step(what, how)

    codes = Counter(await shop.codes())
    quick = shop.opened.database.quick
    rows = await quick.rows("SELECT id, state, money, facts ->> 'code' AS code FROM action WHERE kind = 'discount'")
    done = Counter(row["code"] for row in rows if row["state"] == "executed")
    assert codes == done  # each code once, and none that was not allowed
    assert max(codes.values(), default=1) == 1
    executed = await quick.rows("SELECT action_id FROM ledger WHERE kind = 'executed'")
    assert max(Counter(row["action_id"] for row in executed).values(), default=1) == 1
    asked = await quick.rows(
        "SELECT action.facts ->> 'transaction' AS sale FROM approval JOIN action ON action.id = approval.action_id"
        " WHERE approval.state = 'waiting'"
    )
    assert max(Counter(row["sale"] for row in asked).values(), default=1) == 1
    alive = sum(row["money"] for row in rows if row["state"] in {"waiting", "executed"})
    assert await shop.opened.count("SELECT coalesce(sum(total), 0) FROM promise WHERE scope = 'transaction'") == alive
    told = await quick.rows(
        "SELECT kind, action_id FROM ledger WHERE kind IN ('shown', 'applied', 'dismissed', 'redeemed')"
    )
    assert max(Counter((row["kind"], row["action_id"]) for row in told).values(), default=1) == 1
    async with shop.opened.database.reading() as connection:
        assert (await verify(connection)).whole
