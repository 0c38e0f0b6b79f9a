"""Any single decision judged again, bit for bit, under exactly the rules that made it."""

import json
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from evals.bench.recorded_month import LIMITS, decide_month, shops
from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import Misconfigured, NotFound, Refused
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.actor import Role
from server.commands import policy
from server.commands.context import OPERATOR, Keyboard
from tests.flows.guarded_shop import ADA, PLACES, S2, SAMPLE, SPECIALIST, START, Shop, actor, discount, open_shop
from tests.flows.open_house import OpenHouse, open_house
from tools.past.past import Past
from tools.past.ruleset import find_ruleset, keep_ruleset

pytestmark = pytest.mark.anyio

STRICT = Limits(DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1", 1))
IRA = actor(Role.OPERATOR, "operator:ira")


async def keep(shop: Shop, engine: Engine) -> None:
    async with shop.database.transaction() as connection:
        await keep_ruleset(connection, engine, shop.now())


async def test_every_decision_of_a_day_of_ten_shops_comes_out_the_same(database: Database):
    await decide_month(database, days=1, a_day=20)
    past = Past(database, Engine.read(LIMITS), shops())
    async with database.reading() as connection:
        actions = (await connection.execute(text("SELECT id FROM action"))).scalars().all()
    found = [each for action in actions for each in await past.recompute(IRA, action)]
    assert len(actions) == 200
    assert all(each.told.equal and each.told.same_rules and each.kept for each in found)
    assert len({each.told.now.outcome for each in found}) == 3


async def test_an_older_decision_is_judged_under_the_rules_of_then(database: Database):
    shop = await open_shop(database, engine=Engine.read(STRICT))
    await keep(shop, shop.engine)
    old = await shop.guard.propose(SPECIALIST, discount(4_000, transaction="A"))
    now = Past(shop.database, Engine.read(Limits.read()), PLACES, shop.now)
    (again,) = await now.recompute(IRA, old.action_id)
    assert (again.kept, again.told.same_rules, again.told.equal, again.holds) == (True, True, True, True)
    assert again.told.now.outcome.value == "approve"


async def test_a_decision_judged_twice_is_recomputed_twice(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(6_000, transaction="A"))
    await shop.count(SAMPLE, 0)
    await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    told = await Past(database, shop.engine, PLACES).recompute(IRA, decision.action_id)
    assert [(each.told.again, each.told.now.outcome.value) for each in told] == [(False, "approve"), (True, "deny")]
    assert all(each.told.equal for each in told)


async def test_without_its_own_rules_the_ones_in_force_judge_and_it_is_said(database: Database):
    shop = await open_shop(database, engine=Engine.read(STRICT))
    old = await shop.guard.propose(SPECIALIST, discount(4_000, transaction="A"))
    (again,) = await Past(database, Engine.read(Limits.read()), PLACES).recompute(IRA, old.action_id)
    assert (again.kept, again.told.same_rules, again.holds) == (False, False, True)


async def test_rules_are_kept_once_and_come_back_whole(database: Database):
    shop = await open_shop(database)
    for _ in range(2):
        await keep(shop, shop.engine)
    await keep(shop, Engine.read(STRICT))
    async with database.reading() as connection:
        digests = (await connection.execute(text("SELECT digest FROM ruleset"))).scalars().all()
        back = await find_ruleset(connection, shop.engine.digest)
        none = await find_ruleset(connection, "0" * 64)
    assert (len(digests), none) == (2, None)
    assert back is not None
    assert (back.digest, back.texts, back.limits.text) == (
        shop.engine.digest,
        shop.engine.texts,
        shop.engine.limits.text,
    )


_ALTER = {
    "limits": "UPDATE ruleset SET limits = replace(limits, :sign, :spaced)",
    "schema": "UPDATE ruleset SET schema = replace(schema, :sign, :spaced)",
    "rules": "UPDATE ruleset SET rules = replace(rules, :sign, :spaced)",
}


@pytest.mark.parametrize("column", list(_ALTER))
async def test_rules_altered_where_they_are_kept_are_refused(database: Database, column: str):
    shop = await open_shop(database)
    await keep(shop, shop.engine)
    async with database.transaction() as connection:  # a space more, somewhere it means nothing
        sign = "=" if column == "limits" else "{"
        await connection.execute(text(_ALTER[column]), {"sign": sign, "spaced": f" {sign}"})
    async with database.reading() as connection:
        with pytest.raises(Misconfigured):
            await find_ruleset(connection, shop.engine.digest)


async def test_a_decision_elsewhere_and_one_nobody_made_read_the_same(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(100, transaction="A"))
    past = Past(database, shop.engine, PLACES)
    said: list[str] = []
    for who, action in ((actor(Role.MANAGER, locations=frozenset({S2})), decision.action_id), (IRA, "act_none")):
        with pytest.raises(NotFound) as refusal:
            await past.recompute(who, action)
        said.append(refusal.value.message)
    assert said[0] == said[1]
    with pytest.raises(Refused):
        await past.recompute(actor(Role.ASSOCIATE), decision.action_id)


def at(opened: OpenHouse) -> tuple[Keyboard, StringIO]:
    told = StringIO()
    return Keyboard(opened.house, OPERATOR, Console(file=told, width=200)), told


def asked(**given: object) -> Namespace:
    return Namespace(
        **{
            "since": "30d",
            "until": "",
            "limits": None,
            "rules": None,
            "rollout": None,
            "location": [],
            "top": 10,
            "json": False,
            **given,
        }
    )


async def test_from_a_keyboard_rules_are_tried_and_a_decision_is_recomputed(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        keyboard, told = at(opened)
        place = next(place for place in opened.house.places if place.kind == "shop")
        async with opened.database.reading() as connection:
            row = (await connection.execute(text("SELECT sku, price FROM variant ORDER BY sku LIMIT 1"))).one()
        proposal = discount(
            row.price // 10,
            base=row.price // 10 * 10,
            transaction="A",
            store=place.id,
            lines=[{"sku": row.sku, "units": 1, "price": row.price // 10 * 10}],
        )
        decision = await opened.house.guard.propose(SPECIALIST, proposal, wait=False)
        strict = tmp_path / "strict.toml"
        strict.write_text(STRICT.text, encoding="utf-8")

        code = await policy.try_rules(keyboard, asked(limits=strict, json=True))
        facts = json.loads(told.getvalue())
        assert (code, facts["decided"]) == (0, 1)
        held = await policy.recompute(keyboard, Namespace(action=decision.action_id))
        assert held == 0
        assert "Judged again by its own rules: the same." in told.getvalue()

        async with opened.database.transaction() as connection:
            await connection.execute(
                text("UPDATE ledger SET entry = replace(entry, :was, :now) WHERE kind = 'decision'"),
                {"was": f'"outcome":"{decision.outcome}"', "now": '"outcome":"confirm"'},
            )
        assert await policy.recompute(keyboard, Namespace(action=decision.action_id)) == 1


async def test_a_folder_of_rules_is_tried_and_a_folder_without_any_is_refused(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        keyboard, told = at(opened)
        for name, rules in opened.house.engine.texts.items():
            file = tmp_path / "mine" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(rules, encoding="utf-8")
        assert await policy.try_rules(keyboard, asked(rules=tmp_path / "mine")) == 0
        assert "0 decisions" in told.getvalue()
        (tmp_path / "empty").mkdir()
        for wrong in ({"rules": tmp_path / "empty"}, {"limits": tmp_path / "none.toml"}, {"rollout": tmp_path}):
            with pytest.raises(Misconfigured):
                await policy.try_rules(keyboard, asked(**wrong))


NOW = START.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("30d", NOW - timedelta(days=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("4w", NOW - timedelta(weeks=4)),
        ("3660d", NOW - timedelta(days=3660)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_so_long_ago_or_a_day(told: str, moment: datetime):
    assert policy.moment(told, NOW, "since") == moment


@pytest.mark.parametrize("told", ["", "0d", "-1d", "3661d", "30", "d", "2026-13-01", "2026-11-1", "30d ", "2026-W47-1"])
def test_what_names_no_moment_is_refused(told: str):
    with pytest.raises(Refused) as refusal:
        policy.moment(told, NOW, "since")
    assert refusal.value.field == "since"
