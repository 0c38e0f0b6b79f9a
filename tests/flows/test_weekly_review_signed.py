"""Who makes, reads and signs the weekly review, when it is overdue, and what makes a signature count no longer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.limits import Limits
from policies.rollout import DEFAULT_FILE, Rollout
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import (
    ADA,
    PLACES,
    S1,
    START,
    Shop,
    actor,
)
from tests.flows.review_week import IRA, MARY, TEAMS, WEEK, buy, open_week, report, reviews
from tools.audit.verify import verify
from tools.ladder.watch import watch
from tools.review.overdue import overdue

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_week(database)


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
