"""Whatever a model does, the words are there in time, and they say the decision."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from agents.answer import ModelAnswer, ask
from agents.breaker import Breaker
from agents.model import ModelDoor, ModelSettings
from agents.prompt import read_prompt
from agents.word_check import Said
from agents.words import Sayable, Writer
from knowledge.offers.candidates import Why
from policies.errors import Misconfigured
from policies.vocabulary.percent import Percent

pytestmark = pytest.mark.anyio

OFFERS = [
    Sayable("offer-1", Said("Slim Jeans", Percent.whole(10), "THA", ("Wool Socks",)), Why.COMPANION),
    Sayable("offer-2", Said("Wool Socks", Percent.whole(15), "THB", ("Slim Jeans",)), Why.VIEWED),
]
TEMPLATE = "Slim Jeans goes well with your basket: 10% off with this code."


class Size(ModelAnswer):
    units: int


def soon(seconds: float = 2.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def line(offer: str, words: str) -> str:
    return json.dumps({"offer": offer, "line": words})


@pytest.fixture
async def door(ollama: Any) -> AsyncGenerator[ModelDoor]:
    made = ModelDoor(ModelSettings(ollama.url, "m"))
    yield made
    await made.close()


async def test_a_well_worded_choice_is_used_and_its_model_named(ollama: Any, door: ModelDoor):
    ollama.contents = [line("offer-2", "Wool Socks for cold days: 15% off.")]
    written = await Writer(door).write(OFFERS, deadline=soon())
    prompt = read_prompt("offers")
    assert (written.choice, written.text, written.source) == (1, "Wool Socks for cold days: 15% off.", "live")
    assert written.model == f"m@{prompt.digest[:12]}"


async def test_the_model_is_asked_not_to_think_and_to_keep_to_the_schema(ollama: Any, door: ModelDoor):
    await Writer(door).write(OFFERS, deadline=soon())
    sent = ollama.asked[0]
    assert (sent["think"], sent["keep_alive"], sent["stream"]) == (False, -1, False)
    assert sent["format"]["additionalProperties"] is False
    assert sent["options"]["num_ctx"] == 4096


@pytest.mark.parametrize("way", ["truncated", "broken", "500", "redirect"])
async def test_a_failing_model_gives_template_text(ollama: Any, door: ModelDoor, way: str):
    ollama.contents, ollama.ways = [line("offer-1", "Slim Jeans: 10% off.")], [way]
    written = await Writer(door).write(OFFERS, deadline=soon())
    assert (written.choice, written.text, written.source) == (0, TEMPLATE, "template")
    assert len(ollama.asked) == 1


@pytest.mark.parametrize("way", ["hang", "trickle"])
async def test_a_slow_model_gives_template_text_within_the_deadline(ollama: Any, door: ModelDoor, way: str):
    ollama.contents, ollama.ways = [line("offer-1", "Slim Jeans: 10% off.")], [way]
    deadline = soon(0.15)
    written = await Writer(door).write(OFFERS, deadline=deadline)
    assert written.text == TEMPLATE
    assert asyncio.get_running_loop().time() < deadline + 0.1


@pytest.mark.parametrize(
    "content",
    [
        line("offer-1", "Slim Jeans for 15% off!"),
        line("offer-1", "Slim Jeans for 10% off, visit https://evil.example"),
        line("offer-9", "Slim Jeans: 10% off."),
        line("offer-2", "Slim Jeans: 10% off."),
        '{"offer": "offer-1", "line": "Slim Jeans: 10% off."',
        '{"offer": "offer-1", "line": "Slim Jeans: 10% off.", "percent": 90}',
        '{"offer": 1, "line": "Slim Jeans: 10% off."}',
        '```json\n{"offer": "offer-1", "line": "Slim Jeans: 10% off."}\n```',
        "null",
        "",
        "[" * 5000,
        "a" * 30_000,
    ],
)
async def test_a_hostile_answer_gives_template_text(ollama: Any, door: ModelDoor, content: str):
    ollama.contents = [content]
    written = await Writer(door).write(OFFERS, deadline=soon())
    assert (written.choice, written.text, written.source, written.model) == (0, TEMPLATE, "template", "")


async def test_thinking_beside_the_answer_is_ignored(ollama: Any, door: ModelDoor):
    ollama.contents, ollama.ways = [line("offer-1", "Slim Jeans: 10% off.")], ["think"]
    assert (await Writer(door).write(OFFERS, deadline=soon())).text == "Slim Jeans: 10% off."


async def test_a_cut_off_number_is_never_read_as_a_smaller_one(ollama: Any, door: ModelDoor):
    ollama.contents = ['{"units": 1']
    assert await ask(door, read_prompt("offers"), "{}", Size, deadline=soon()) is None
    assert len(ollama.asked) == 2, "asked once more to repair it, then given up"


async def test_an_answer_out_of_shape_may_be_repaired_once(ollama: Any, door: ModelDoor):
    ollama.contents = ['{"units": "7"}', '{"units": 7}']
    assert await ask(door, read_prompt("offers"), "{}", Size, deadline=soon()) == Size(units=7)
    assert "units: int_type" in ollama.asked[1]["messages"][-1]["content"]


async def test_a_second_question_does_not_wait_for_the_first(ollama: Any, door: ModelDoor):
    ollama.ways = ["hang"]
    async with asyncio.TaskGroup() as group:
        first = group.create_task(door.ask([], {}, deadline=soon(0.3)))
        await ollama.reached.wait()
        before = asyncio.get_running_loop().time()
        assert await door.ask([], {}, deadline=soon(5)) is None
        assert asyncio.get_running_loop().time() - before < 0.05
    assert first.result() is None
    assert len(ollama.asked) == 1


async def test_a_question_given_up_is_hung_up(ollama: Any, door: ModelDoor):
    ollama.ways = ["hang"]
    await door.ask([], {}, deadline=soon(0.1))
    async with asyncio.timeout(5):
        await ollama.hung_up.wait()


async def test_with_thirty_milliseconds_left_nobody_is_asked(ollama: Any, door: ModelDoor):
    assert await door.ask([], {}, deadline=soon(0.029)) is None
    assert ollama.asked == []


async def test_after_five_failures_nobody_is_asked_for_ten_seconds(ollama: Any):
    clock = [0.0]
    door = ModelDoor(ModelSettings(ollama.url, "m"), breaker=Breaker(clock=lambda: clock[0]))
    ollama.ways = ["500"]
    for _ in range(7):
        await door.ask([], {}, deadline=soon())
    assert len(ollama.asked) == 5
    clock[0] = 9.999
    assert not door.ready(soon())
    clock[0] = 10.0
    assert door.ready(soon())
    await door.ask([], {}, deadline=soon())
    assert len(ollama.asked) == 6
    assert not door.ready(soon()), "one more failure after the rest opens it again"
    await door.close()


async def test_a_server_that_is_not_there_gives_template_text():
    door = ModelDoor(ModelSettings("http://127.0.0.1:9", "m"))
    assert (await Writer(door).write(OFFERS, deadline=soon())).text == TEMPLATE
    await door.close()


async def test_without_a_model_the_template_is_there_at_once():
    assert (await Writer().write(OFFERS, deadline=soon(0))).text == TEMPLATE


@pytest.mark.parametrize(
    "host",
    ["http://8.8.8.8:11434", "https://api.example.com", "http://ollama:11434", "http://169.254.169.254", "0.0.0.0",  # noqa: S104
     "http://[2606:4700::1111]", "", "http://[bad"],
)  # fmt: skip
def test_a_host_outside_the_retailers_network_is_refused(host: str):
    with pytest.raises(Misconfigured):
        ModelDoor(ModelSettings(host, "m"))


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:11434", "localhost:11434", "http://10.1.2.3", "192.168.1.5:11434", "http://[::1]:11434"]
)
def test_a_host_in_the_retailers_network_is_accepted(host: str):
    assert ModelDoor(ModelSettings(host, "m")).name == "m"


def test_the_operator_may_declare_another_host():
    assert ModelDoor(ModelSettings("https://models.example.com", "m", anywhere=True)).name == "m"
