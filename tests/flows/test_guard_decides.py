"""What may be promised, to the cent, whoever asks and however many ask at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Door, Role
from policies.vocabulary.ids import LocationId, Sku
from tests.flows.guarded_shop import (
    ASSOCIATE,
    GIFT,
    ORIGIN,
    PEN,
    S1,
    S2,
    SAMPLE,
    SCARF,
    SPECIALIST,
    START,
    WAREHOUSE,
    actor,
    adjustment,
    customer,
    discount,
    open_shop,
    transfer,
)
from tools.proposal import Decision, Origin

pytestmark = pytest.mark.anyio


async def test_fifty_dollars_pass_and_one_cent_more_waits_for_a_manager(database: Database):
    shop = await open_shop(database)
    passes = await shop.guard.propose(SPECIALIST, discount(5_000))
    waits = await shop.guard.propose(SPECIALIST, discount(5_001, percent=1, transaction="T2", sku=SCARF))
    assert (passes.state, passes.outcome, shop.effects) == ("executed", "allow", 1)
    assert (waits.state, waits.outcome) == ("waiting", "approve")
    assert [rule for rule, _ in waits.reasons] == ["offers.over_free_limit"]
    assert waits.approval_id
    assert waits.expires_at == START + timedelta(minutes=15)


async def test_an_offer_split_in_two_on_one_transaction_waits_as_the_whole_would(database: Database):
    shop = await open_shop(database)
    first = await shop.guard.propose(SPECIALIST, discount(3_000))
    second = await shop.guard.propose(ASSOCIATE, discount(2_001, percent=1, store=S2, sku=SCARF))
    assert (first.state, second.state) == ("executed", "waiting")
    assert await shop.promised() == {"shopify:T1": 5_001}


async def test_a_burst_is_counted_in_its_order(database: Database):
    shop = await open_shop(database)
    burst = [(SPECIALIST, discount(cents)) for cents in (2_000, 3_000, 100)]
    assert [each.state for each in await shop.guard.propose_all(burst)] == ["allowed", "allowed", "waiting"]


async def test_fifty_proposals_at_once_never_exceed_what_a_transaction_may_have(database: Database):
    shop = await open_shop(database)
    decisions = await asyncio.gather(*(shop.guard.propose(SPECIALIST, discount(500), wait=False) for _ in range(50)))
    states = [each.state for each in decisions]
    assert (states.count("allowed"), states.count("waiting"), states.count("denied")) == (10, 30, 10)
    assert await shop.promised() == {"shopify:T1": 20_000}


@pytest.mark.parametrize(
    ("limit", "cents", "rule"),
    [("customer", 20_000, "offers.customer_day_cap"), ("location", 150_000, "offers.location_day_cap")],
)
async def test_a_day_holds_its_cap_to_the_cent(database: Database, limit: str, cents: int, rule: str):
    shop = await open_shop(database)
    who = customer("ada") if limit == "customer" else None
    parts = [
        (SPECIALIST, discount(5_000, transaction=f"T{number}", customer=who)) for number in range(cents // 5_000 - 1)
    ]
    await shop.guard.propose_all([*parts, (SPECIALIST, discount(4_999, percent=1, transaction="L", customer=who))])
    at_cap = await shop.guard.preview(SPECIALIST, discount(1, transaction="X", customer=who))
    beyond = await shop.guard.preview(SPECIALIST, discount(2, transaction="X", customer=who))
    assert (at_cap.outcome, beyond.outcome) == ("allow", "deny")
    assert [name for name, _ in beyond.reasons] == [rule]


async def test_a_day_ends_at_midnight_in_the_shop(database: Database):
    shop = await open_shop(database)
    shop.clock = START.replace(hour=4, minute=59)  # a minute before midnight in New York
    await shop.guard.propose(SPECIALIST, discount(100))
    shop.after(minutes=1)
    await shop.guard.propose(SPECIALIST, discount(200, transaction="T2"))
    assert await shop.promised("location_day") == {"S1:2026-11-19": 100, "S1:2026-11-20": 200}


async def test_the_most_a_transaction_may_have_is_denied_one_cent_later(database: Database):
    shop = await open_shop(database)
    waits = await shop.guard.preview(SPECIALIST, discount(20_000, percent=3_000))
    assert waits.outcome == "approve"
    denied = await shop.guard.preview(SPECIALIST, discount(20_001, percent=1))
    assert denied.outcome == "deny"


async def test_goods_of_unknown_cost_go_to_a_manager(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(100, sku=GIFT))
    assert (decision.state, [rule for rule, _ in decision.reasons]) == ("waiting", ["offers.cost_unknown"])


async def test_the_margin_floor_holds_on_both_sides(database: Database):
    shop = await open_shop(database)  # a pen costs 8.00: of 8.89 a tenth is left, 8.88 leaves 0.88 and needs 0.89
    holds = await shop.guard.preview(SPECIALIST, discount(11, percent=123, base=900, sku=PEN))
    breaks = await shop.guard.preview(SPECIALIST, discount(12, percent=133, base=900, sku=PEN))
    assert (holds.outcome, breaks.outcome) == ("allow", "deny")
    assert [rule for rule, _ in breaks.reasons] == ["offers.margin_floor"]


async def test_goods_that_are_out_of_stock_are_not_offered(database: Database):
    shop = await open_shop(database)
    await shop.count(SAMPLE, 0)
    decision = await shop.guard.propose(SPECIALIST, discount(100))
    assert (decision.state, [rule for rule, _ in decision.reasons]) == ("denied", ["offers.out_of_stock"])
    assert shop.effects == 0


@pytest.mark.parametrize(("seconds", "outcome"), [(120, "allow"), (120.5, "deny")])
async def test_an_event_is_too_late_for_an_offer_after_two_minutes(database: Database, seconds: float, outcome: str):
    shop = await open_shop(database)
    origin = Origin(ORIGIN.correlation, "event-2", START - timedelta(seconds=seconds))
    assert (await shop.guard.preview(SPECIALIST, discount(100, origin=origin))).outcome == outcome


@pytest.mark.parametrize(("seconds", "outcome"), [(5, "allow"), (5.5, "deny")])
async def test_a_price_is_too_old_after_five_seconds(database: Database, seconds: float, outcome: str):
    shop = await open_shop(database)
    proposal = discount(100, priced_at=START - timedelta(seconds=seconds))
    assert (await shop.guard.preview(SPECIALIST, proposal)).outcome == outcome


async def test_an_unknown_sku_is_refused_with_what_to_do_and_recorded(database: Database):
    shop = await open_shop(database)
    with pytest.raises(NotFound, match="not in the catalog") as refusal:
        await shop.guard.propose(SPECIALIST, discount(100, sku=Sku("NOWHERE")))
    assert refusal.value.code == "sku.unknown"
    assert refusal.value.hint
    assert await shop.kinds() == ["refused"]


async def test_a_discount_whose_lines_do_not_add_up_is_refused(database: Database):
    shop = await open_shop(database)
    with pytest.raises(Refused) as refusal:
        await shop.guard.propose(SPECIALIST, discount(100, lines=[{"sku": "SAMPLE", "units": 1, "price": 999}]))
    assert refusal.value.code == "discount.base"


async def test_an_unknown_location_is_refused(database: Database):
    shop = await open_shop(database)
    with pytest.raises(NotFound) as refusal:
        await shop.guard.propose(SPECIALIST, discount(100, store=LocationId("NOWHERE")))
    assert refusal.value.code == "location.unknown"


async def test_one_bad_proposal_does_not_keep_a_burst_from_being_judged(database: Database):
    shop = await open_shop(database)
    burst = [discount(100), discount(100, sku=Sku("NOWHERE")), discount(100, lines=[{"sku": 1.5}]), discount(100)]
    decisions = await shop.guard.propose_all([(SPECIALIST, proposal) for proposal in burst])
    assert [each.state for each in decisions] == ["allowed", "denied", "denied", "allowed"]
    assert [each.reasons[0][0] for each in decisions[1:3]] == ["sku.unknown", "record.not_exact"]


@pytest.mark.parametrize("field", ["key", "rationale", "model", "correlation", "causation"])
async def test_text_that_cannot_be_stored_spoils_one_proposal_and_not_its_burst(database: Database, field: str):
    shop = await open_shop(database)
    bad = discount(100)
    if field in {"correlation", "causation"}:
        bad = replace(bad, origin=replace(ORIGIN, **{field: "a\0b"}))
    else:
        bad = replace(bad, **{field: "a\0b"})
    decisions = await shop.guard.propose_all([(SPECIALIST, bad), (SPECIALIST, discount(100))])
    assert [(each.state, each.reasons[0][0]) for each in decisions] == [
        ("denied", "record.characters"),
        ("allowed", "offers.who"),
    ]


async def test_bursts_at_once_count_every_cent_and_never_wait_for_each_other_for_ever(database: Database):
    shop = await open_shop(database)
    order = list(range(12))
    bursts = [order[turn:] + order[:turn] for turn in order]
    await asyncio.gather(
        *(
            shop.guard.propose_all(
                [(SPECIALIST, discount(10, transaction=f"T{name}", customer=customer(str(name)))) for name in burst]
            )
            for burst in bursts
        )
    )
    assert set((await shop.promised()).values()) == {120}
    assert await shop.promised("location_day") == {"S1:2026-11-20": 1_440}


async def test_a_preview_promises_and_keeps_nothing(database: Database):
    shop = await open_shop(database)
    preview = await shop.guard.preview(SPECIALIST, discount(5_000))
    assert (preview.action_id, preview.state) == ("", "allowed")
    assert (await shop.promised(), await shop.kinds(), shop.effects) == ({}, [], 0)


async def test_stock_moves_until_the_origin_would_be_stripped(database: Database):
    shop = await open_shop(database)
    planner = actor(Role.PLANNER)
    first = await shop.guard.propose(planner, transfer(38))
    again = await shop.guard.propose(planner, transfer(1))
    assert (first.state, again.state) == ("executed", "denied")  # the draft moved nothing yet, and still counts
    assert [rule for rule, _ in again.reasons] == ["inventory.strips_origin"]


async def test_transfers_at_once_never_strip_the_origin(database: Database):
    shop = await open_shop(database)
    planner = actor(Role.PLANNER)
    decisions = await asyncio.gather(*(shop.guard.propose(planner, transfer(10)) for _ in range(8)))
    assert sorted(each.state for each in decisions) == ["denied"] * 5 + ["executed"] * 3


async def test_stock_does_not_move_to_another_platform_nor_out_of_a_foreign_location(database: Database):
    shop = await open_shop(database)
    across = await shop.guard.preview(actor(Role.PLANNER), transfer(1, to="L1"))
    local = actor(Role.PLANNER, locations=frozenset({S1}))
    foreign = await shop.guard.preview(local, transfer(1))
    assert [rule for rule, _ in across.reasons] == ["inventory.two_platforms"]
    assert [rule for rule, _ in foreign.reasons] == ["inventory.origin_outside_locations"]


async def test_counts_too_old_to_move_goods_on_deny_a_transfer(database: Database):
    shop = await open_shop(database)
    shop.after(minutes=15)
    assert (await shop.guard.preview(actor(Role.PLANNER), transfer(1))).outcome == "allow"
    shop.after(seconds=1)
    assert (await shop.guard.preview(actor(Role.PLANNER), transfer(1))).outcome == "deny"


async def test_an_adjustment_worth_much_goes_to_a_manager(database: Database):
    shop = await open_shop(database)  # a scarf costs 10.00 and 200.00 are free
    planner = actor(Role.PLANNER)
    assert (await shop.guard.preview(planner, adjustment(-20))).outcome == "allow"
    assert (await shop.guard.preview(planner, adjustment(-21))).outcome == "approve"


async def test_nobody_acts_outside_their_locations(database: Database):
    shop = await open_shop(database)
    elsewhere = actor(Role.ASSOCIATE, locations=frozenset({S2, WAREHOUSE}))
    decision = await shop.guard.propose(elsewhere, discount(100))
    assert [rule for rule, _ in decision.reasons] == ["access.outside_locations"]


@pytest.mark.parametrize("cents", [100, 5_000, 5_001, 20_000, 20_001])
async def test_the_same_situation_gets_the_same_verdict_through_either_door(database: Database, cents: int):
    shop = await open_shop(database)
    verdicts: list[Decision] = []
    for door in (Door.EVENT, Door.MCP, Door.CHECKOUT, Door.CONSOLE):
        who = actor(Role.ASSOCIATE, "associate:same", door=door)
        verdicts.append(await shop.guard.preview(who, discount(cents, percent=1, sku=SCARF)))
    assert len({(each.outcome, each.reasons) for each in verdicts}) == 1
