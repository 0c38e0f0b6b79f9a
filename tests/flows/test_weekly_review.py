"""The weekly review: what it counts, who signs it, and what makes a signature count no longer."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.store.governance_tables import halt, outcome
from knowledge.store.session import Database
from knowledge.store.stock_tables import oversell
from knowledge.store.tables import customer as customer_table
from knowledge.store.tables import purchase
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.ladder import Rung
from policies.limits import Limits
from policies.rollout import DEFAULT_FILE, Rollout
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import (
    ADA,
    ORIGIN,
    PLACES,
    S1,
    S2,
    SAMPLE,
    SPECIALIST,
    START,
    Shop,
    actor,
    adjustment,
    customer,
    discount,
    open_shop,
)
from tools.audit.verify import verify
from tools.ladder.rungs import Move, move
from tools.ladder.watch import watch
from tools.proposal import Proposal
from tools.review.overdue import overdue
from tools.review.reviews import Reviews
from tools.review.words import as_text, heading, sections

pytestmark = pytest.mark.anyio

WEEK = "2026-W47"  # of START, a Friday
MARY, IRA = actor(Role.MARKETING, "marketing:mary"), actor(Role.OPERATOR, "operator:ira")
TEAMS = {"store_operations": ADA, "marketing": MARY, "it": IRA}


def reviews(shop: Shop) -> Reviews:
    return Reviews(shop.database, shop.engine, PLACES, shop.now)


async def report(shop: Shop) -> dict[str, Any]:
    shop.clock = max(shop.clock, START + timedelta(days=4))
    return (await reviews(shop).make(IRA, WEEK)).report


async def buy(shop: Shop, name: str, *codes: str, at: datetime = START, **more: Any) -> None:
    row = {"channel": "pos", "location_id": S1, "total": 1, "currency": "USD", "transaction": "", **more}
    async with shop.database.transaction() as connection:
        await connection.execute(
            insert(purchase), {"id": name, "occurred_at": at, "received_at": at, "codes": list(codes), **row}
        )


def code(proposal: Proposal) -> str:
    return str(proposal.action.facts()["code"])


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A Friday with offers made, used, undone, asked about, refused; and one of another week."""
    shop = await open_shop(database)
    used, undone = discount(4_000, transaction="A"), discount(3_000, transaction="B")
    await shop.guard.propose(SPECIALIST, used)
    other = await shop.guard.propose(SPECIALIST, undone)
    waits = [await shop.guard.propose(SPECIALIST, discount(6_000, transaction=name)) for name in "CDE"]
    await shop.guard.propose(SPECIALIST, discount(25_000, transaction="F", store=S2))
    await shop.guard.propose(actor(Role.PLANNER), adjustment(-2))
    for minutes, decision, approve in ((1, waits[0], True), (9, waits[1], False)):
        shop.after(minutes=minutes)
        await shop.guard.answer(ADA, decision.approval_id or "", approve=approve)
    await shop.guard.undo(ADA, other.action_id, key="undo-1", reason="By mistake.", origin=ORIGIN)
    shop.after(hours=1)
    await shop.guard.expire()
    await shop.guard.propose_all([(SPECIALIST, discount(1, lines=[]))])
    await buy(shop, "shopify:order:1", code(used), at=START + timedelta(minutes=5))
    shop.clock = START + timedelta(days=3)  # a Monday
    await shop.count(SAMPLE, 5)
    await shop.guard.propose(SPECIALIST, discount(100, transaction="Z"))
    return shop


async def test_the_weeks_offers_answers_and_refusals_are_counted(shop: Shop):
    told = await report(shop)
    offers, answers = told["chain"]["offers"], told["chain"]["approvals"]
    assert {name: offers[name] for name in ("proposed", "made", "accepted", "undone", "refused")} == {
        "proposed": 6,
        "made": 3,
        "accepted": 1,
        "undone": 1,
        "refused": 1,
    }
    assert (offers["given"], offers["margin_kept"], offers["promised"]) == (
        {"USD": 4_000},
        {"USD": 36_000},
        {"USD": 13_000},
    )
    assert offers["acceptance"]["share_bp"] == 3_333
    assert answers == {
        "asked": 3,
        "approved": 1,
        "rejected": 1,
        "expired": 1,
        "waiting": 0,
        "median_s": 60,
        "p90_s": 600,
    }
    assert "offers.transaction_cap" in told["chain"]["refusals"]
    assert told["locations"]["S2"]["offers"]["refused"] == 1
    assert told["chain"]["others"]["stock_adjustment"]["made"] == 1
    assert told["unjudged"] == [{"location": "S1", "code": "discount.base", "count": 1}]


async def test_what_a_till_told_counts_before_what_was_promised(shop: Shop):
    async with shop.database.transaction() as connection:
        action = (await connection.execute(text("SELECT id FROM action WHERE money = 4000"))).scalar_one()
        for kind, minor in (("shown", None), ("accepted", 3_500), ("given_back", 500)):
            row = {"action_id": action, "kind": kind, "source": "o", "at": START, "minor": minor, "currency": "USD"}
            await connection.execute(insert(outcome), {**row, "recorded_at": START})
    offers = (await report(shop))["chain"]["offers"]
    assert (offers["given"], offers["shown_at_least"], offers["accepted"]) == ({"USD": 3_000}, 1, 1)


async def test_the_same_records_give_the_same_report_to_the_letter(shop: Shop):
    desk = reviews(shop)
    await report(shop)
    first = await desk.read(ADA, WEEK)
    shop.after(days=1)
    again = await desk.make(IRA, WEEK)
    assert (again.digest, again.made_at) == (first.digest, first.made_at)


async def test_moves_and_stops_of_the_week_are_told(shop: Shop):
    at = START + timedelta(minutes=1)
    async with shop.database.transaction() as connection:
        for before, after in ((Rung.AUTO, Rung.APPROVE), (Rung.APPROVE, Rung.SUGGEST)):
            down = Move("discount", "S2", before, after)
            await move(connection, down, by=MARY.id, reason="Odd.", evidence={}, at=at)
        for start, end in ((at, START + timedelta(days=9)), (START - timedelta(days=9), START - timedelta(days=8))):
            thrown = {"scope": "location", "name": "S1", "reason": "Look.", "set_by": "manager:ada", "set_at": start}
            await connection.execute(insert(halt), {**thrown, "lifted_by": "manager:ada", "lifted_at": end})
    told = (await report(shop))["automation"]
    assert [(each["before"], each["after"]) for each in told["moves"]] == [("auto", "approve"), ("approve", "suggest")]
    assert [(each["name"], each["lifted_at"]) for each in told["stops"]] == [("S1", "")]  # lifted in a later week


async def _customers(shop: Shop, names: Sequence[str], first: datetime | None, spent: int) -> None:
    rows = [
        {"ref": customer(name), "orders": 1, "spent": spent, "first_order_at": first, "observed_at": START}
        for name in names
    ]
    async with shop.database.transaction() as connection:
        await connection.execute(insert(customer_table), rows)


async def _orders_of(shop: Shop, names: Sequence[str], offered: int) -> None:
    """One order for each of these customers; the first `offered` had an offer made an hour before."""
    if offered:
        proposals = [
            (SPECIALIST, discount(1, transaction=f"N-{name}", customer=customer(name))) for name in names[:offered]
        ]
        for decision in await shop.guard.propose_all(proposals):
            await shop.executor.carry_out(decision.action_id)
    for name in names:
        await buy(shop, f"o-{name}", at=START + timedelta(hours=1), customer_ref=customer(name))


async def test_a_group_treated_otherwise_is_named_with_how_far_it_is_apart(database: Database):
    shop = await open_shop(database)
    new, known = [f"new{number}" for number in range(40)], [f"known{number}" for number in range(40)]
    await _customers(shop, new, None, 0)
    await _customers(shop, known, START - timedelta(days=400), 5_000)
    await _orders_of(shop, known, 30)
    await _orders_of(shop, new, 4)
    fairness = (await report(shop))["fairness"]
    found = [each for each in fairness["comparisons"] if each["differs"]]
    assert {(each["kind"], each["rate"]) for each in found} == {("customer", "offered")}
    (apart,) = found
    assert (apart["name"], apart["share_bp"], apart["others_bp"]) == ("new", 1_000, 7_500)
    assert apart["apart_low_bp"] < -6_500 < apart["apart_high_bp"] < 0
    told = as_text(sections({**(await report(shop))}), "Week")
    assert "Customer new: 10.0 % had an offer before they paid, of all others 75.0 %" in told


@pytest.mark.parametrize(("orders", "told"), [(19, False), (20, True)])
async def test_a_group_under_twenty_is_neither_told_nor_compared(database: Database, orders: int, told: bool):
    shop = await open_shop(database)
    few, many = [f"few{number}" for number in range(orders)], [f"many{number}" for number in range(30)]
    await _customers(shop, few, None, 0)
    await _customers(shop, many, START - timedelta(days=400), 5_000)
    await _orders_of(shop, few, 0)
    await _orders_of(shop, many, 30)
    fairness = (await report(shop))["fairness"]
    group = next(each for each in fairness["groups"] if each["name"] == "new")
    assert (group["offered"] is not None) == told
    assert any(each["kind"] == "customer" for each in fairness["comparisons"]) == told
    assert fairness["too_few"] > 0


async def test_a_location_unlike_its_weeks_before_is_told_and_chance_is_not(database: Database):
    shop = await open_shop(database)
    for weeks, refused in ((4, 3), (3, 5), (2, 4), (1, 3), (0, 40)):
        shop.clock = START - timedelta(weeks=weeks)
        await shop.guard.propose_all(
            [(SPECIALIST, discount(25_000, transaction=f"{weeks}-{number}")) for number in range(refused)]
        )
    told = (await report(shop))["unusual"]
    assert [(each["location"], each["what"], each["count"]) for each in told] == [
        ("S1", "proposed", 40),
        ("S1", "refused", 40),
    ]
    assert told[0]["before"] == [3, 5, 4, 3]


async def test_with_fewer_than_four_weeks_before_nothing_is_called_unusual(database: Database):
    shop = await open_shop(database)
    for weeks, refused in ((3, 5), (2, 4), (1, 3), (0, 40)):
        shop.clock = START - timedelta(weeks=weeks)
        await shop.guard.propose_all(
            [(SPECIALIST, discount(25_000, transaction=f"{weeks}-{number}")) for number in range(refused)]
        )
    assert (await report(shop))["unusual"] == []


async def test_oversells_of_the_week_are_told_with_their_cost_and_the_way_out_that_was_taken(database: Database):
    shop = await open_shop(database)
    ways = [
        {"remedy": "move", "cost": 900, "sentence": "Send."},
        {"remedy": "cancel", "cost": 2500, "sentence": "Sorry."},
    ]
    hour = timedelta(hours=1)
    rows = [
        (1, START + hour, START + 2 * hour, "cancel", False),  # not the one proposed
        (2, START + hour, START + 9 * 24 * hour, "move", True),  # settled after the week
        (3, START + hour, START + 2 * hour, "stock came", False),
        (4, START - 7 * 24 * hour, None, "", False),  # of the week before
    ]
    async with database.transaction() as connection:
        for units, found, settled, remedy, late in rows:
            row = {"sku": f"SKU-{units}", "location_id": "S1", "units": units, "orders": [], "remedies": ways}
            told = {"late": late, "found_at": found, "settled_at": settled, "remedy": remedy}
            await connection.execute(insert(oversell).values(**row, **told))
    found = await report(shop)
    assert found["oversold"] == {
        "found": 3,
        "units": 6,
        "late": 1,
        "money": {"": 2500 + 900},
        "taken": {
            "cancel": {"found": 1, "units": 1},
            "open": {"found": 1, "units": 2},
            "stock came": {"found": 1, "units": 3},
        },
    }


async def test_an_empty_week_has_a_report_too(database: Database):
    told = await report(await open_shop(database))
    assert told["chain"]["offers"]["proposed"] == 0
    text_ = as_text(sections(told), heading(told))
    assert "Nobody was asked anything." in text_
    assert "too few to say" in text_


async def test_each_team_signs_once_and_each_signature_is_on_record(shop: Shop):
    await report(shop)
    desk = reviews(shop)
    signed = await desk.read(ADA, WEEK)
    for team, who in TEAMS.items():
        seen = (await desk.read(who, WEEK)).digest
        signed = await desk.sign(who, WEEK, team, seen=seen, note="Looks right. Call 212 555 0142.")
        again = await desk.sign(who, WEEK, team, seen=seen)
        assert again.signatures == signed.signatures
    assert (signed.missing, [each.by for each in signed.signatures]) == ((), [IRA.id, MARY.id, ADA.id])
    assert "555" not in signed.signatures[0].note
    async with shop.database.reading() as connection:
        rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'review' ORDER BY seq"))
        bodies = [json.loads(entry)["body"] for entry in rows.scalars()]
        assert [(body["step"], body.get("team")) for body in bodies] == [
            ("made", None),
            *(("signed", team) for team in TEAMS),
        ]
        assert {body["digest"] for body in bodies} == {signed.digest}
        assert (await verify(connection)).whole


async def test_a_report_made_again_with_other_figures_is_unsigned(shop: Shop):
    await report(shop)
    desk = reviews(shop)
    before = await desk.sign(ADA, WEEK, "store_operations", seen=(await desk.read(ADA, WEEK)).digest)
    async with shop.database.reading() as connection:
        used = "SELECT facts ->> 'code' FROM action WHERE money = 6000 AND state = 'executed'"
        late = (await connection.execute(text(used))).scalar_one()
    await buy(shop, "shopify:order:9", str(late), at=START + timedelta(hours=2))
    after = await desk.make(IRA, WEEK)
    assert after.digest != before.digest
    assert after.missing == ("store_operations", "it", "marketing")
    assert [each.valid for each in after.signatures] == [False]
    with pytest.raises(Refused) as refusal:
        await desk.sign(ADA, WEEK, "store_operations", seen=before.digest)
    assert refusal.value.code == "review.changed"
    assert (await desk.sign(ADA, WEEK, "store_operations", seen=after.digest)).missing == ("it", "marketing")


@pytest.mark.parametrize("role", list(Role))
async def test_a_team_is_signed_for_by_its_own_role_alone(shop: Shop, role: Role):
    await report(shop)
    own = {Role.MANAGER: "store_operations", Role.MARKETING: "marketing", Role.OPERATOR: "it"}.get(role)
    desk = reviews(shop)
    digest = (await desk.read(IRA, WEEK)).digest
    assert desk.teams_of(actor(role)) == ((own,) if own else ())
    for who in (actor(role, locations=frozenset({S1})), actor(role, model=True), actor(role)):
        for team in TEAMS:
            if who.locations is None and not who.model and team == own:
                assert team not in (await desk.sign(who, WEEK, team, seen=digest)).missing
                continue
            with pytest.raises(Refused) as refusal:
                await desk.sign(who, WEEK, team, seen=digest)
            assert refusal.value.code.startswith(("review.", "access."))


@pytest.mark.parametrize("role", list(Role))
async def test_a_review_is_read_and_made_by_the_roles_that_may(shop: Shop, role: Role):
    await report(shop)
    desk, who = reviews(shop), actor(role)
    reads, makes = {Role.MANAGER, Role.MARKETING, Role.AUDITOR, Role.OPERATOR}, {Role.AUDITOR, Role.OPERATOR}
    assert desk.may_read(who) == (role in reads)
    if role not in reads:
        with pytest.raises(Refused):
            await desk.read(who, WEEK)
        with pytest.raises(Refused):
            await desk.listed(who)
    if role not in makes:
        with pytest.raises(Refused):
            await desk.make(who, WEEK)


async def test_a_week_is_made_from_its_end_on_and_not_before(shop: Shop):
    desk = reviews(shop)
    shop.clock = datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC)  # a second before Monday in New York
    with pytest.raises(Refused) as refusal:
        await desk.make(IRA, WEEK)
    assert refusal.value.code == "week.not_over"
    shop.after(seconds=1)
    assert (await desk.make(IRA, WEEK)).week == WEEK


async def test_the_clock_makes_last_weeks_report_once_on_monday_at_five(shop: Shop):
    desk = reviews(shop)
    shop.clock = datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC)
    assert await desk.make_due() is None
    shop.after(seconds=1)
    made = await desk.make_due()
    assert made is not None
    assert made.week == WEEK
    shop.after(days=2)
    assert await desk.make_due() is None


async def test_a_review_is_overdue_from_the_weeks_end_until_all_teams_signed(shop: Shop):
    async def late(at: datetime) -> tuple[str, int, tuple[str, ...]] | None:
        async with shop.database.reading() as connection:
            found = await overdue(connection, at)
        return (found.week, found.days, found.missing) if found else None

    ends = datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert await late(ends - timedelta(seconds=1)) is None
    assert await late(ends) == (WEEK, 0, ("store_operations", "it", "marketing"))
    assert await late(ends + timedelta(days=3, seconds=-1)) == (WEEK, 2, ("store_operations", "it", "marketing"))
    await report(shop)
    desk = reviews(shop)
    digest = (await desk.read(ADA, WEEK)).digest
    for team, who in TEAMS.items():
        await desk.sign(who, WEEK, team, seen=digest)
        if team == "store_operations":
            assert await late(ends + timedelta(days=3)) == (WEEK, 3, ("it", "marketing"))
    assert await late(ends + timedelta(days=3)) is None
    assert await late(ends + timedelta(days=7)) == ("2026-W48", 0, ("store_operations", "it", "marketing"))
    assert await late(ends + timedelta(weeks=20)) is None  # what nobody looked at for two months is history


@pytest.mark.parametrize(("days", "kinds"), [(0, 0), (3, 11)])
async def test_an_overdue_review_sends_ai_down_once_where_the_plan_says_so(shop: Shop, days: int, kinds: int):
    told = DEFAULT_FILE.read_text(encoding="utf-8")
    plan = Rollout(told.replace("review_overdue_days = 0", f"review_overdue_days = {days}"))
    engine = Engine.read(Limits.read(), rollout=plan)
    due = datetime(2026, 11, 26, 5, tzinfo=UTC)  # three days after the week
    for at, moved in ((due - timedelta(seconds=1), 0), (due, kinds), (due + timedelta(days=1), 0)):
        async with shop.database.transaction() as connection:
            moves = await watch(connection, engine, PLACES, at)
        assert len([each for each in moves if not each.location]) == moved
    if kinds:
        # messages, purchase orders and changes of forecasts begin a rung lower than the others
        assert sorted(each.after for each in await _rungs(shop)) == ["approve"] * 8 + ["suggest"] * 3


async def _rungs(shop: Shop) -> list[Any]:
    async with shop.database.reading() as connection:
        return list((await connection.execute(text("SELECT rung AS after FROM rung"))).all())


async def test_a_review_nobody_made_and_a_team_nobody_knows(shop: Shop):
    desk = reviews(shop)
    with pytest.raises(NotFound):
        await desk.read(ADA, WEEK)
    with pytest.raises(NotFound):
        await desk.sign(ADA, WEEK, "store_operations", seen="0")
    with pytest.raises(Refused) as refusal:
        await desk.sign(ADA, WEEK, "nobody", seen="0")
    assert refusal.value.field == "team"
