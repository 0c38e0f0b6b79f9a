"""A campaign is planned, fixed, and told; nothing is told of too little, and nothing is chosen afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.limits import Limits
from policies.vocabulary.actor import Role
from tests.small_chain import actor, stock_chain
from tests.unit.tools.measure.past import NOW, SHARE, bought, campaign, choice, ledger_kinds, offer, withhold
from tools.measure.office import MeasureOffice
from tools.measure.policy import propensity
from tools.review.week import Week
from tools.review.withheld import withheld

pytestmark = pytest.mark.anyio

MARKETING = actor(Role.MARKETING)
ENGINE = Engine.read(Limits.read())
BEGINS = NOW - timedelta(days=60)


def office(database: Database, *, days_ago: int = 0, share: int = SHARE) -> MeasureOffice:
    return MeasureOffice(database, ENGINE, share, lambda: NOW - timedelta(days=days_ago))


async def spenders(database: Database, count: int) -> None:
    async with database.transaction() as connection:
        for number in range(count):
            for days in (80, 100):
                at = NOW - timedelta(days=days)
                await bought(connection, f"e{number}-{days}", f"c_{number}", at, units=1 + number % 3)


async def test_a_plan_tells_what_could_be_seen_and_keeps_nothing(database: Database):
    await spenders(database, 150)
    plan = await office(database, days_ago=60).plan(MARKETING, "SPRING", 8)
    assert (plan.customers, plan.share_bp, plan.weeks) == (150, SHARE, 8)
    assert plan.sees > plan.sees_once > 0
    assert not plan.enough
    with pytest.raises(NotFound) as refusal:
        await office(database).lift(MARKETING, "SPRING", "margin")
    assert refusal.value.code == "measure.unplanned"


async def test_a_plan_that_began_is_never_changed(database: Database):
    await spenders(database, 150)
    first, digest = await office(database, days_ago=60).start(MARKETING, "SPRING", 8)
    with pytest.raises(Refused) as refusal:
        await office(database, days_ago=60).start(MARKETING, "SPRING", 2)
    assert refusal.value.code == "measure.begun"
    async with database.reading() as connection:
        kept = (await connection.execute(text("SELECT plan, digest FROM measurement"))).one()
    assert kept.digest == digest
    assert f'"cap":{first.cap}' in kept.plan
    assert "note" in await ledger_kinds(database)


async def test_the_lift_of_margin_is_what_offers_added(database: Database):
    await stock_chain(database)
    await spenders(database, 150)
    await office(database, days_ago=60).start(MARKETING, "SPRING", 4)
    await campaign(database, begins=BEGINS, customers=1_000, stocked=True)
    plan, found = await office(database).lift(MARKETING, "SPRING", "margin")
    assert (found["offered"], found["held_out"]) == (500, 500)
    assert found["low"] <= 1_600 <= found["high"], "a belt more, of 25.00 that cost 9.00"
    assert found["shown"] == 1
    assert found["ordered_bp"] == [10_000, 10_000]
    assert (plan.cap, plan.order_cap) == (3 * 1_600, 3 * 2_500), "the most anybody spent before"
    _, average = await office(database).lift(MARKETING, "SPRING", "average_order_value")
    assert average["low"] <= 2_500 <= average["high"]


async def test_a_share_that_was_changed_on_the_way_is_not_measured(database: Database):
    await spenders(database, 150)
    await office(database, days_ago=60).start(MARKETING, "SPRING", 4)
    await withhold(database, "o1", "c_1", BEGINS + timedelta(hours=1), share=500)
    with pytest.raises(Refused) as refusal:
        await office(database).lift(MARKETING, "SPRING", "margin")
    assert refusal.value.code == "measure.share_changed"


async def test_customers_are_counted_once_their_window_is_over(database: Database):
    await spenders(database, 150)
    await office(database, days_ago=60).start(MARKETING, "SPRING", 4)
    await campaign(database, begins=BEGINS, customers=500)
    with pytest.raises(Refused) as refusal:
        await office(database, days_ago=32).lift(MARKETING, "SPRING", "margin")
    assert refusal.value.code == "measure.too_few"
    assert (await office(database, days_ago=28).lift(MARKETING, "SPRING", "margin"))[1]["offered"] == 250


async def test_without_a_hold_out_nothing_can_be_planned(database: Database):
    with pytest.raises(Refused) as refusal:
        await office(database, share=0).plan(MARKETING, "", 8)
    assert refusal.value.code == "measure.no_holdout"


async def test_without_a_past_nothing_can_be_planned(database: Database):
    await spenders(database, 99)
    with pytest.raises(Refused) as refusal:
        await office(database, days_ago=60).plan(MARKETING, "", 8)
    assert refusal.value.code == "measure.no_past"


@pytest.mark.parametrize(("weeks", "good"), [(0, False), (1, True), (104, True), (105, False)])
async def test_a_measurement_takes_one_to_a_hundred_and_four_weeks(database: Database, weeks: int, good: bool):
    await spenders(database, 100)
    if good:
        assert (await office(database, days_ago=60).plan(MARKETING, "", weeks)).weeks == weeks
        return
    with pytest.raises(Refused) as refusal:
        await office(database).plan(MARKETING, "", weeks)
    assert refusal.value.code == "measure.weeks"


async def test_another_policy_is_told_from_the_draws_or_refused(database: Database):
    with pytest.raises(Refused) as nothing:
        await office(database).policy(MARKETING, "always", "SPRING")
    assert nothing.value.code == "measure.no_draws"
    await campaign(database, begins=BEGINS, customers=1_600)
    found = await office(database).policy(MARKETING, "always", "SPRING")
    assert found["low"] <= 1_600 <= found["high"]
    assert found["beside"] == "silence"
    with pytest.raises(Refused) as thin:
        await office(database).policy(MARKETING, "beside", "SPRING")
    assert thin.value.code == "measure.thin_support"


async def test_kinds_of_buyer_and_goods_are_told(database: Database):
    await campaign(database, begins=BEGINS, customers=200)
    async with database.transaction() as connection:
        await offer(connection, "denied", "c_1", BEGINS, state="denied")
    fair = await office(database).fairness(MARKETING, "SPRING")
    (kind,) = [each for each in fair["groups"] if each["kind"] == "buyer"]
    assert (kind["name"], kind["offered"]["whole"], kind["offered"]["part"]) == ("new", 201, 100)
    (belt,) = await office(database).sell_through(MARKETING, "SPRING")
    assert (belt.sku, belt.offers, belt.sold > belt.sold_before) == ("BELT-1", 100, True)
    assert belt.share_bp == 10_000 * belt.sold // (belt.sold + 40)


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.REGISTER, Role.OFFERS_SPECIALIST])
async def test_only_those_who_answer_for_offers_measure_them(database: Database, role: Role):
    with pytest.raises(Refused):
        await office(database).fairness(actor(role), "SPRING")


def test_the_chance_of_a_silence_counts_the_hold_out_and_the_draw():
    assert propensity(choice("o", "silence", share=500)) == pytest.approx(0.05)
    assert propensity(choice("o", "beside", share=500)) == pytest.approx(0.95 * 0.05)
    stranger = choice("o", "silence", share=0)
    stranger["arms"][0]["bp"] = 500
    assert propensity(stranger) == pytest.approx(0.05)


async def test_what_was_withheld_is_kept_once_with_its_record(database: Database):
    at = NOW - timedelta(days=1)
    assert await withhold(database, "o1", "c_1", at)
    assert not await withhold(database, "o1", "c_1", at)
    assert (await ledger_kinds(database)).count("withheld") == 1


async def test_the_weekly_review_tells_what_was_withheld(database: Database):
    week = Week.read("2026-W47", "UTC")
    async with database.reading() as connection:
        assert await withheld(connection, week) is None
    await withhold(database, "o1", "c_1", week.begins)
    await withhold(database, "o2", "c_2", week.ends)
    async with database.reading() as connection:
        assert await withheld(connection, week) == {"held_out": 1, "drawn": 0}
