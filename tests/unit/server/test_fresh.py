"""An answer is never older than its question, and a burst costs one or two."""

import anyio
import pytest

from server.fresh import Fresh

pytestmark = pytest.mark.anyio


class Slow:
    """Answers how often it was asked, when told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = anyio.Event()

    async def __call__(self, name: str) -> tuple[str, int]:
        self.asked += 1
        mine = self.asked
        await self.go.wait()
        if name == "bad":
            raise LookupError(name)
        return name, mine


async def settle() -> None:
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def test_callers_during_a_question_share_the_next_one():
    slow = Slow()
    fresh = Fresh(slow)
    told: list[tuple[str, int]] = []

    async def call(name: str) -> None:
        told.append(await fresh(name))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call, "a")
            await settle()
            for _ in range(10):
                group.start_soon(call, "a")
            await settle()
            assert slow.asked == 1
            slow.go.set()

    assert sorted(told) == [("a", 1), *[("a", 2)] * 10]


async def test_whoever_comes_after_an_answer_asks_anew_and_names_do_not_wait_for_each_other():
    slow = Slow()
    slow.go.set()
    fresh = Fresh(slow)

    assert [await fresh("a"), await fresh("a"), await fresh("b")] == [("a", 1), ("a", 2), ("b", 3)]


async def test_whoever_hangs_up_leaves_the_others_their_answer():
    slow = Slow()
    fresh = Fresh(slow)
    told: list[tuple[str, int]] = []

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            leaving = anyio.CancelScope()

            async def hang_up() -> None:
                with leaving:
                    await fresh("a")

            async def stay() -> None:
                told.append(await fresh("a"))

            group.start_soon(hang_up)
            group.start_soon(stay)
            await anyio.lowlevel.checkpoint()
            leaving.cancel()
            await settle()
            slow.go.set()

    assert [name for name, _ in told] == ["a"]


async def test_an_error_reaches_everybody_who_asked_and_is_forgotten():
    slow = Slow()
    slow.go.set()
    fresh = Fresh(slow)

    for _ in range(2):
        with pytest.raises(LookupError):
            await fresh("bad")
