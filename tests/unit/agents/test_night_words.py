"""Words of the night: a model may choose and say, and may state nothing of its own."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from agents.model import ModelDoor, ModelSettings
from agents.night_words import NightWords, objection, plainly
from knowledge.planning.noticing import Noticed

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 23)


def noticed(sku: str = "TEE", percent: int = -20) -> Noticed:
    figures: dict[str, int | str] = {"sold": 3, "expected": 30, "percent": abs(percent), "days": 7}
    return Noticed("below_band", sku, "STORE_1", percent, TODAY, date(2026, 11, 29), figures, 2_700)


class Scripted(ModelDoor):
    """A door behind which answers lie ready; an exhausted one is a model that is gone."""

    def __init__(self, *answers: str) -> None:
        super().__init__(ModelSettings("http://127.0.0.1:1", "scripted"))
        self.answers = list(answers)

    async def ask(self, messages: Sequence[dict[str, str]], schema: dict[str, Any], *, deadline: float) -> str | None:
        return self.answers.pop(0) if self.answers else None


def says(name: str, words: str) -> str:
    return json.dumps({"id": name, "words": words})


GOOD = "TEE at STORE_1 sold 3 in the last 7 days; 30 are expected in the next 7. Proposed: 20 % less until 2026-11-29."


async def test_without_a_model_the_order_is_the_cores_and_the_words_the_houses():
    found = [noticed("TEE"), noticed("JEANS", 0)]
    for words in (NightWords(), NightWords(Scripted(), 9.0), NightWords(Scripted(says("n1", GOOD)), 0.0)):
        told = await words.write(found)
        assert [each.noticed for each in told] == found
        assert [each.words for each in told] == [plainly(each) for each in found]
        assert {each.model for each in told} == {""}
    assert plainly(found[0]) == GOOD


async def test_a_model_may_choose_what_comes_first_and_say_it():
    found = [noticed("JEANS", 0), noticed("TEE")]
    said = "TEE sold 3 at STORE_1 in the last 7 days; 30 are expected in the next 7."
    told = await NightWords(Scripted(says("n2", said)), 9.0).write(found)
    assert [(each.noticed.sku, each.words) for each in told] == [("TEE", said), ("JEANS", plainly(found[0]))]
    assert told[0].model.startswith("scripted@")


@pytest.mark.parametrize(
    "answer",
    [
        "not json",
        says("n9", GOOD),
        json.dumps({"id": "n1", "words": GOOD, "percent": 90}),
    ],
)
async def test_a_choice_that_is_none_changes_nothing(answer: str):
    told = await NightWords(Scripted(answer, answer), 9.0).write([noticed()])
    assert [(each.words, each.model) for each in told] == [(GOOD, "")]


@pytest.mark.parametrize(
    "words",
    [
        GOOD.replace("20 %", "25 %"),
        GOOD.replace("30 are", "31 are"),
        GOOD.replace("less", "more"),
        GOOD.replace("TEE", "JEANS"),
        GOOD.replace("sold 3 ", "sold 30 ").replace("30 are", "3 are"),
        GOOD.replace("STORE_1", "STORE_2"),
        f"{GOOD} See www.example.com.",
        f"{GOOD} Order 500 units.",
        f"<b>{GOOD}</b>",
        f"{GOOD}\u200b",
        "",
        GOOD * 3,
    ],
)
async def test_words_that_state_anything_of_their_own_are_replaced_by_the_houses(words: str):
    assert objection(words, noticed())
    told = await NightWords(Scripted(says("n1", words)), 9.0).write([noticed()])
    assert [(each.words, each.model) for each in told] == [(GOOD, "")]
