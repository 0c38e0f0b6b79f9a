"""One caller cannot take what others need: so many calls a minute, so many at once, and no read for ever."""

import json

import anyio
import pytest

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import Unavailable
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CorrelationId
from tests.mcp_house import open_house
from tests.mcp_served import serve
from tests.small_chain import FIRST, actor
from tools.pace import Allowance, Pace
from tools.proposal import Origin
from tools.tool import Answer, Arguments, Call, Tool

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
ORIGIN = Origin(CorrelationId("call_1"), "call_1")
ADA, BEN = actor(Role.MANAGER, name="manager:ada"), actor(Role.ASSOCIATE, FIRST, name="associate:ben")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def pace(clock: Clock, *, reads: int = 60, writes: int = 30, at_once: int = 4, within: float = 5.0) -> Pace:
    return Pace(Allowance(reads, writes, at_once, within), clock)


def test_a_burst_passes_and_one_call_more_is_told_when_to_come_back():
    clock = Clock()
    limited = pace(clock)  # 60 a minute: ten at once, then one a second
    for _ in range(10):
        limited.spend(ADA, "check_inventory", Effect.READ)
    with pytest.raises(Unavailable) as refused:
        limited.spend(ADA, "check_inventory", Effect.READ)
    assert (refused.value.code, refused.value.retryable, refused.value.retry_after_ms) == ("rate.limited", True, 1000)
    clock.now += refused.value.retry_after_ms / 1000
    limited.spend(ADA, "check_inventory", Effect.READ)
    with pytest.raises(Unavailable):
        limited.spend(ADA, "check_inventory", Effect.READ)


def test_what_is_not_used_does_not_pile_up():
    clock = Clock()
    limited = pace(clock)
    limited.spend(ADA, "check_inventory", Effect.READ)
    clock.now += 86_400
    for _ in range(10):
        limited.spend(ADA, "check_inventory", Effect.READ)
    with pytest.raises(Unavailable):
        limited.spend(ADA, "check_inventory", Effect.READ)


def test_every_caller_and_every_tool_has_a_measure_of_its_own():
    limited = pace(Clock(), writes=6)
    for _ in range(5):
        limited.spend(ADA, "propose_discount", Effect.WRITE)
    with pytest.raises(Unavailable):
        limited.spend(ADA, "propose_discount", Effect.WRITE)
    limited.spend(ADA, "propose_transfer", Effect.WRITE)
    limited.spend(BEN, "propose_discount", Effect.WRITE)


def test_more_calls_at_once_than_allowed_are_refused_until_one_has_ended():
    limited = pace(Clock(), at_once=2)
    with limited.turn(ADA):
        with limited.turn(ADA):
            with pytest.raises(Unavailable) as refused:
                limited.turn(ADA)
            assert (refused.value.code, refused.value.retry_after_ms > 0) == ("rate.concurrent", True)
            with limited.turn(BEN):
                pass
        with limited.turn(ADA):
            pass


@BOTH_ERAS
async def test_over_mcp_one_call_too_many_is_an_answer_with_a_time_and_the_next_caller_is_served(
    database: Database, mode: str
):
    async with open_house(database, pace=pace(Clock(), reads=6)) as house, serve(house) as served:
        ada, ben = await served.key(Role.MANAGER), await served.key(Role.ASSOCIATE, FIRST)
        answers = [await served.call(ada, "check_inventory", {"sku": "JEANS-M"}, mode) for _ in range(6)]
        assert ["error" in each for each in answers] == [False] * 5 + [True]
        error = answers[-1]["error"]
        assert (error["code"], error["retryable"], error["retry_after_ms"]) == ("rate.limited", True, 10_000)
        assert "error" not in await served.call(ben, "check_inventory", {"sku": "JEANS-M"}, mode)
        await house.guard.flush()
        async with database.reading() as connection:
            rows = await connection.execute("SELECT entry FROM ledger WHERE kind = 'call' ORDER BY seq")
            results = [json.loads(row.entry)["body"]["result"] for row in rows]
        assert results.count("rate.limited") == 1


async def test_asking_for_hidden_and_for_unknown_tools_is_counted_alike(database: Database):
    async with open_house(database, pace=pace(Clock(), reads=6)) as house:
        refusals: list[str] = []
        for name in ("decide_approval", "no_such_tool") * 3:
            with pytest.raises(Exception) as refused:  # noqa: PT011  # unknown, and at last too often: both are told
                await house.guard.invoke(BEN, name, {}, ORIGIN)
            refusals.append(getattr(refused.value, "code", ""))
        assert refusals == ["tool.unknown"] * 5 + ["rate.limited"]


class Slow(Arguments):
    """Nothing is asked."""


class Done(Answer):
    done: bool


def _slow(effect: Effect, finished: anyio.Event, begun: anyio.Event) -> Tool:
    async def run(call: Call, asked: Slow) -> Done:
        del call, asked
        begun.set()
        with anyio.move_on_after(0.2):
            await anyio.sleep_forever()
        finished.set()
        return Done(done=True)

    name = "check_inventory" if effect is Effect.READ else "propose_transfer"
    return Tool(name, name, name, effect, Slow, Done, run, toolset="shop")


async def test_a_read_that_takes_too_long_is_given_up_and_a_write_is_not(database: Database):
    async with open_house(database, pace=pace(Clock(), within=0.01)) as house:
        read, write, begun = anyio.Event(), anyio.Event(), anyio.Event()
        for tool in (_slow(Effect.READ, read, begun), _slow(Effect.WRITE, write, begun)):
            house.tools[tool.name] = tool
        with anyio.fail_after(5):
            with pytest.raises(Unavailable) as late:
                await house.guard.invoke(ADA, "check_inventory", {}, ORIGIN)
            assert (late.value.code, late.value.retryable) == ("tool.timeout", True)
            assert not read.is_set()
            answer = await house.guard.invoke(ADA, "propose_transfer", {}, ORIGIN)
        assert answer == Done(done=True)
        assert write.is_set()
