"""A dry run promises exactly what the call after it does, or the call says what has changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Role
from tests.mcp_house import House, open_house
from tests.mcp_served import serve
from tests.small_chain import FIRST, SECOND, actor
from tools.propose.plan import VALID, Plans

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
DISCOUNT: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["JEANS-M"],
    "percent": 10,
    "idempotency_key": "plan-test-1",
    "reason": "A regular hesitates over the price",
}
TRANSFER: dict[str, Any] = {
    "origin_id": SECOND,
    "destination_id": FIRST,
    "lines": [{"sku": "JEANS-M", "units": 2}],
    "idempotency_key": "plan-test-2",
    "reason": "The first shop runs out",
}
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {"request": ["r", "k"], "price": [7999], "stock": [5], "totals": {"t": 1}, "verdict": "allow"}
ADA = actor(Role.MANAGER, name="manager:ada")
PLANS = Plans(b"a secret of the installation....")


async def _run(house: House, sql: str) -> None:
    async with house.database.transaction() as connection:
        await connection.execute(sql)


@BOTH_ERAS
async def test_a_preview_tells_from_to_cost_verdict_and_a_plan_and_its_plan_does_exactly_that(
    database: Database, mode: str
):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.ASSOCIATE, FIRST)
        seen = await served.call(key, "propose_discount", {**DISCOUNT, "dry_run": True}, mode)
        assert seen["changes"] == [{"what": "price of the goods", "before": 7999, "after": 7199, "unit": "USD"}]
        assert (seen["state"], seen["outcome"], seen["at_stake"]) == (
            "previewed",
            "allow",
            {"minor": 800, "currency": "USD"},
        )
        assert seen["reasons"]
        assert house.platform.calls == 0
        done = await served.call(key, "propose_discount", {**DISCOUNT, "plan_id": seen["plan_id"]}, mode)
        assert (done["state"], done["at_stake"], done["action"]) == ("executed", seen["at_stake"], seen["action"])
        again = await served.call(key, "propose_discount", {**DISCOUNT, "plan_id": seen["plan_id"]}, mode)
        assert (again["replayed"], again["action_id"]) == (True, done["action_id"])
        assert len(house.platform.done) == 1


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE variant SET price = price + 1 WHERE sku = 'JEANS-M'", "the price or cost"),
        ("UPDATE variant SET unit_cost = unit_cost + 1 WHERE sku = 'JEANS-M'", "the price or cost"),
        ("UPDATE inventory_level SET available = 0 WHERE sku = 'JEANS-M'", "the stock"),
    ],
)
async def test_a_plan_whose_facts_have_moved_does_nothing_and_names_them(database: Database, sql: str, named: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.ASSOCIATE, FIRST)
        seen = await served.call(key, "propose_discount", {**DISCOUNT, "dry_run": True})
        await _run(house, sql)
        stale = await served.call(key, "propose_discount", {**DISCOUNT, "plan_id": seen["plan_id"]})
        assert (stale["error"]["code"], stale["error"]["field"]) == ("plan.stale", "plan_id")
        assert named in stale["error"]["message"]
        assert house.platform.calls == 0


async def test_what_others_were_promised_since_makes_a_plan_stale(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.ASSOCIATE, FIRST)
        seen = await served.call(key, "propose_discount", {**DISCOUNT, "dry_run": True})
        other = {**DISCOUNT, "idempotency_key": "somebody-else-1", "percent": 30}
        assert (await served.call(await served.key(Role.MANAGER), "propose_discount", other))["state"] == "executed"
        stale = await served.call(key, "propose_discount", {**DISCOUNT, "plan_id": seen["plan_id"]})
        assert "what others were promised" in stale["error"]["message"]
        assert len(house.platform.done) == 1


async def test_a_transfer_is_previewed_with_the_counts_at_both_ends(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        seen = await served.call(key, "propose_transfer", {**TRANSFER, "dry_run": True})
        assert [(each["what"], each["before"], each["after"]) for each in seen["changes"]] == [
            (f"JEANS-M at {SECOND}", 9, 7),
            (f"JEANS-M at {FIRST}", 2, 4),
        ]
        await _run(house, "UPDATE inventory_level SET available = 8 WHERE location_id = 'STORE_2'")
        stale = await served.call(key, "propose_transfer", {**TRANSFER, "plan_id": seen["plan_id"]})
        assert (stale["error"]["code"], house.platform.calls) == ("plan.stale", 0)


@pytest.mark.parametrize(
    "change",
    [{"percent": 11}, {"transaction": "till-7-0002"}, {"idempotency_key": "plan-test-9"}, {"skus": ["BELT-1"]}],
)
async def test_a_plan_is_for_one_request_only(database: Database, change: dict[str, Any]):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.ASSOCIATE, FIRST)
        seen = await served.call(key, "propose_discount", {**DISCOUNT, "dry_run": True})
        other = await served.call(key, "propose_discount", {**DISCOUNT, **change, "plan_id": seen["plan_id"]})
        assert other["error"]["code"] == "plan.stale"
        assert "what is asked for" in other["error"]["message"]
        assert house.platform.calls == 0


async def test_nobody_carries_out_somebody_elses_plan(database: Database):
    async with open_house(database) as house, serve(house) as served:
        seen = await served.call(
            await served.key(Role.MANAGER, name="manager:ada"), "propose_discount", {**DISCOUNT, "dry_run": True}
        )
        bob = await served.key(Role.MANAGER, name="manager:bob")
        for plan in (seen["plan_id"], "plan_", "plan_AAAA", "nonsense", seen["plan_id"][:-4] + "AAAA"):
            refused = await served.call(bob, "propose_discount", {**DISCOUNT, "plan_id": plan})
            assert refused["error"]["code"] == "plan.unknown"
        assert house.platform.calls == 0


async def test_a_refused_preview_gives_no_plan(database: Database):
    async with open_house(database) as house, serve(house) as served:
        refused = await served.call(
            await served.key(Role.MANAGER), "propose_discount", {**DISCOUNT, "percent": 31, "dry_run": True}
        )
        assert refused["error"]["code"] == "offers.percent_cap"
        assert "plan_id" not in refused["error"]


async def test_an_answer_to_an_approval_can_be_planned_too(database: Database):
    async with open_house(database) as house, serve(house) as served:
        ben, ada = await served.key(Role.ASSOCIATE, FIRST), await served.key(Role.MANAGER)
        waits = await served.call(ben, "propose_discount", {**DISCOUNT, "skus": ["HAT-1"]})
        yes = {
            "approval_id": waits["approval_id"],
            "approve": True,
            "idempotency_key": "ada-says-yes-1",
            "reason": "He comes every week",
        }
        seen = await served.call(ada, "decide_approval", {**yes, "dry_run": True})
        no = {**yes, "approve": False, "plan_id": seen["plan_id"]}
        assert (await served.call(ada, "decide_approval", no))["error"]["code"] == "plan.stale"
        done = await served.call(ada, "decide_approval", {**yes, "plan_id": seen["plan_id"]})
        assert done["state"] == "executed"
        assert len(house.platform.done) == 1


def test_a_plan_holds_until_its_last_second_and_not_a_moment_longer():
    plan = PLANS.issue(ADA, FACTS, AT)
    assert plan.expires_at == AT + VALID
    PLANS.check(plan.id, ADA, FACTS, AT + VALID - timedelta(microseconds=1))
    with pytest.raises(Refused) as late:
        PLANS.check(plan.id, ADA, FACTS, AT + VALID)
    assert late.value.code == "plan.expired"


@pytest.mark.parametrize("kind", sorted(FACTS))
def test_each_kind_of_fact_is_held_to(kind: str):
    plan = PLANS.issue(ADA, FACTS, AT)
    with pytest.raises(Refused) as stale:
        PLANS.check(plan.id, ADA, {**FACTS, kind: ["something else"]}, AT)
    assert stale.value.code == "plan.stale"


def test_a_plan_of_another_installation_or_kind_is_unknown():
    plan = PLANS.issue(ADA, FACTS, AT)
    for plans, facts in (
        (Plans(b"another installation's secret..."), FACTS),
        (PLANS, {name: value for name, value in FACTS.items() if name != "stock"}),
    ):
        with pytest.raises(Refused) as unknown:
            plans.check(plan.id, ADA, facts, AT)
        assert unknown.value.code == "plan.unknown"


def test_no_changed_character_of_a_plan_passes():
    plan = PLANS.issue(ADA, FACTS, AT).id
    for place in range(len("plan_"), len(plan) - 1):  # the last one carries padding bits
        other = plan[:place] + ("A" if plan[place] != "A" else "B") + plan[place + 1 :]
        with pytest.raises(Refused):
            PLANS.check(other, ADA, FACTS, AT)
