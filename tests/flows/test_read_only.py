"""A read-only installation looks and never acts, whatever anybody asks for and whatever was allowed before."""

from pathlib import Path

import pytest

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import ADA, ASSOCIATE, ORIGIN, PLACES, SPECIALIST, discount, open_shop
from tests.flows.open_house import SAMPLE, open_house
from tools.executor import Executor
from tools.guard import Guard

pytestmark = pytest.mark.anyio


async def test_in_a_read_only_house_nothing_is_done_through_any_door(database: Database):
    shop = await open_shop(database)
    waits = await shop.guard.propose(ASSOCIATE, discount(6_000))
    done = await shop.guard.propose(ADA, discount(100, transaction="T0"))
    allowed = await shop.guard.propose(SPECIALIST, discount(100, transaction="T2"), wait=False)
    assert (waits.state, done.state, allowed.state) == ("waiting", "executed", "allowed")
    effects = shop.effects
    executor = Executor(database, {"shopify": shop.platform}, PLACES, shop.engine, shop.now, read_only=True)
    guard = Guard(database, shop.engine, PLACES, executor, {}, shop.now, read_only=True)
    refusals: list[str] = []
    for attempt in (
        guard.answer(ADA, waits.approval_id or "", approve=True),
        guard.undo(ADA, done.action_id, key="undo-it-now", reason="Wrong", origin=ORIGIN),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        refusals.append(refused.value.code)
    assert refusals == ["guard.read_only"] * 2
    for told in (await guard.propose(ADA, discount(100)), *await guard.propose_all([(SPECIALIST, discount(100))])):
        assert (told.state, told.reasons[0][0]) == ("denied", "guard.read_only")
    assert (await executor.carry_out(allowed.action_id)).state == "allowed"
    assert shop.effects == effects
    assert (await shop.executor.carry_out(allowed.action_id)).state == "executed"  # once it is read-only no more


async def test_a_read_only_house_answers_the_till_without_an_offer(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, TILLHAND_READ_ONLY="true") as opened:
        answer = await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))
        assert (answer.status_code, answer.json()["status"], answer.json()["discount_code"]) == (200, "silent", None)
        assert await opened.count("SELECT count(*) FROM action WHERE state <> 'denied'") == 0
        assert opened.house.guard.visible(ADA)
