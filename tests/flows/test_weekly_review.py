"""The weekly review: what it counts and compares, and what it tells of nobody."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, text

from knowledge.store.governance_tables import halt, outcome
from knowledge.store.session import Database
from knowledge.store.stock_tables import oversell
from knowledge.store.tables import customer as customer_table
from policies.ladder import Rung
from tests.flows.guarded_shop import (
    ADA,
    SPECIALIST,
    START,
    Shop,
    customer,
    discount,
    open_shop,
)
from tests.flows.review_week import IRA, MARY, WEEK, buy, open_week, report, reviews
from tools.ladder.rungs import Move, move
from tools.review.words import as_text, heading, sections

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_week(database)


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
