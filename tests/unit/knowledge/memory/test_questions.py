"""A question's vector comes in time or not at all, and a failing model is left alone for a while."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.memory.questions import Questions

pytestmark = pytest.mark.anyio


class Model:
    """Answers when it is let, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.let = asyncio.Event()
        self.fails = fails
        self.asked = 0

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += 1
        if self.fails:
            raise OSError("no weights")
        await self.let.wait()
        return np.ones((len(texts), 384), dtype=np.float32)


async def test_a_late_vector_is_none_now_and_there_for_the_next(anyio_backend_name: str):
    assert anyio_backend_name == "asyncio"
    model = Model()
    questions = Questions(model, within=0.01)
    assert await questions.vector("red shoes") is None
    assert await questions.vector("red shoes") is None
    model.let.set()
    patient = Questions(model, within=5)
    assert await patient.vector("red shoes") is not None
    await asyncio.wait_for(_until(questions), 5)
    assert model.asked == 2  # once by each: asking again while it comes asks nobody
    await questions.close()
    await patient.close()


async def test_the_same_question_is_read_once():
    model = Model()
    model.let.set()
    questions = Questions(model, within=5)
    first = await questions.vector("red shoes")
    assert first is not None
    assert (await questions.vector("red shoes") is first, model.asked) == (True, 1)


async def test_a_failing_model_is_not_asked_again_at_once():
    model = Model(fails=True)
    questions = Questions(model, within=5)
    assert await questions.vector("red shoes") is None
    assert await questions.vector("blue shoes") is None
    assert model.asked == 1


async def test_what_was_asked_is_not_kept_readable():
    model = Model()
    model.let.set()
    questions = Questions(model, within=5)
    await questions.vector("for jane.roe@example.com")
    assert "jane" not in repr(vars(questions))


async def _until(questions: Questions) -> None:
    while await questions.vector("red shoes") is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
