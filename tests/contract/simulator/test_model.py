"""The simulated model speaks the Ollama API as documented, and misbehaves exactly as told."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import httpx
import pytest
from jsonschema import Draft202012Validator

from evals.retailer.model import LocalModel, ModelBehavior
from evals.retailer.model_text import INVENTED_SKU
from evals.retailer.server import serve
from tests.contract.simulator.openapi_contract import SPECS, OpenApi

pytestmark = pytest.mark.anyio
SPEC = SPECS / "ollama" / "openapi.yaml"
documented = pytest.mark.skipif(not SPEC.exists(), reason="Ollama's OpenAPI document is not beside us")
SCHEMA: dict[str, Any] = {
    "$defs": {
        "Line": {"type": "object", "properties": {"sku": {"type": "string", "maxLength": 12}}, "required": ["sku"]}
    },
    "type": "object",
    "properties": {
        "action": {"enum": ["offer", "none"]},
        "discount_basis_points": {"type": "integer", "minimum": 0, "maximum": 1500},
        "lines": {
            "type": "array",
            "items": {"$ref": "#/$defs/Line"},
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
        },
        "message": {"anyOf": [{"type": "string", "minLength": 3, "maxLength": 80}, {"type": "null"}]},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    },
    "required": ["action", "discount_basis_points", "lines", "message"],
    "additionalProperties": False,
}


@pytest.fixture
def model() -> LocalModel:
    return LocalModel(ModelBehavior(slow_s=0.02, trickle_s=0.001))


@pytest.fixture
async def http(model: LocalModel) -> AsyncGenerator[httpx.AsyncClient]:
    async with (
        serve(model=model.app) as running,
        httpx.AsyncClient(base_url=running.model_url, trust_env=False) as client,
    ):
        yield client


def chat(model: str = "gemma4:e4b", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], "think": False, **more}


async def ask(http: httpx.AsyncClient, **body: Any) -> tuple[str, dict[str, Any]]:
    """The whole text and the last object of a stream."""
    response = await http.post("/api/chat", json=chat(**body))
    parts = [json.loads(line) for line in response.text.splitlines()]
    return "".join(part.get("message", {}).get("content", "") for part in parts), parts[-1]


@documented
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/chat", chat(stream=False)),
        ("POST", "/api/chat", chat(stream=False, format=SCHEMA)),
        ("POST", "/api/chat", chat("thinking", stream=False, think=True)),
        ("POST", "/api/embed", {"model": "gemma4:e4b", "input": ["one two", "two"]}),
        ("POST", "/api/show", {"model": "gemma4:e4b"}),
        ("GET", "/api/tags", None),
        ("GET", "/api/version", None),
    ],
)
async def test_every_answer_is_as_documented(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    response = await http.request(method, path, json=body)
    assert response.status_code == 200
    assert OpenApi(SPEC).exchange_errors(response) == []


@documented
async def test_every_part_of_a_stream_is_as_documented(http: httpx.AsyncClient) -> None:
    document = OpenApi(SPEC)
    response = await http.post("/api/chat", json=chat(format=SCHEMA))
    *parts, last = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert [document.errors(document.schema("ChatStreamEvent"), part) for part in parts] == [[]] * len(parts)
    assert document.errors(document.schema("ChatResponse"), last) == []
    assert (last["done"], last["done_reason"]) == (True, "stop")


async def test_a_script_answers_what_it_was_asked(model: LocalModel, http: httpx.AsyncClient) -> None:
    model.settings.script = lambda body: {"echo": body["messages"][0]["content"]}
    text, _ = await ask(http)
    assert json.loads(text) == {"echo": "Hello"}
    assert (model.requests[0].body["model"], model.requests[0].answer) == ("gemma4:e4b", text)


async def test_random_answers_fit_the_schema(http: httpx.AsyncClient) -> None:
    validator = Draft202012Validator(SCHEMA)
    answers = [json.loads((await ask(http, model="random", format=SCHEMA))[0]) for _ in range(200)]
    assert [error.message for answer in answers for error in validator.iter_errors(answer)] == []
    assert {answer["action"] for answer in answers} == {"offer", "none"}
    assert {answer["message"] is None for answer in answers} == {True, False}


async def test_a_hostile_model_invents_goods_and_goes_beyond_every_limit(http: httpx.AsyncClient) -> None:
    answers = [json.loads((await ask(http, model="hostile", format=SCHEMA))[0]) for _ in range(20)]
    assert all(line["sku"] == INVENTED_SKU for answer in answers for line in answer["lines"])
    assert all(not 0 <= answer["discount_basis_points"] <= 1500 for answer in answers)
    begging = [answer["message"] for answer in answers if answer["message"]]
    assert any("card number" in message or "home address" in message for message in begging)


async def test_broken_json_claims_to_be_finished(http: httpx.AsyncClient) -> None:
    text, last = await ask(http, model="broken_json", format=SCHEMA)
    assert last["done_reason"] == "stop"
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_a_truncated_answer_says_so(http: httpx.AsyncClient) -> None:
    text, last = await ask(http, model="truncated", format=SCHEMA)
    assert last["done_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_an_error_can_come_in_the_middle_of_a_stream(http: httpx.AsyncClient) -> None:
    text, last = await ask(http, model="midstream_error")
    assert text
    assert set(last) == {"error"}
    assert (await http.post("/api/chat", json=chat("midstream_error", stream=False))).status_code == 500


@pytest.mark.parametrize(("name", "status"), [("error_500", 500), ("busy_503", 503), ("missing", 404)])
async def test_a_failing_model_answers_an_error(http: httpx.AsyncClient, name: str, status: int) -> None:
    response = await http.post("/api/chat", json=chat(name))
    assert (response.status_code, set(response.json())) == (status, {"error"})


@pytest.mark.parametrize(("think", "thinks"), [(False, False), (True, True), (None, True)])
async def test_a_thinking_model_thinks_unless_told_not_to(
    http: httpx.AsyncClient, think: bool | None, thinks: bool
) -> None:
    body = chat("thinking:8b", stream=False)
    body.pop("think")
    response = await http.post("/api/chat", json=body if think is None else {**body, "think": think})
    assert ("thinking" in response.json()["message"]) is thinks


async def test_a_model_that_cannot_think_refuses_to(http: httpx.AsyncClient) -> None:
    assert (await http.post("/api/chat", json=chat(think=True))).status_code == 400


@pytest.mark.parametrize("stream", [True, False])
async def test_a_hanging_model_notices_that_its_caller_left(
    model: LocalModel, http: httpx.AsyncClient, stream: bool
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/api/chat", json=chat("hang", stream=stream), timeout=0.05)
    with anyio.fail_after(5):
        while not model.requests[0].left:
            await anyio.lowlevel.checkpoint()


async def test_slow_and_trickling_models_answer_in_the_end(http: httpx.AsyncClient) -> None:
    for name in ("slow", "trickle"):
        text, last = await ask(http, model=name)
        assert (bool(text), last["done_reason"]) == (True, "stop")


async def test_the_setting_decides_for_models_named_otherwise(model: LocalModel, http: httpx.AsyncClient) -> None:
    model.settings.behavior = "busy_503"
    assert (await http.post("/api/chat", json=chat("gemma4:e4b"))).status_code == 503
    assert (await http.post("/api/chat", json=chat("scripted"))).status_code == 200


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"model": "m", "messages": "hello"}, [], None])
async def test_a_request_without_a_model_or_messages_is_refused(http: httpx.AsyncClient, body: Any) -> None:
    assert (await http.post("/api/chat", json=body)).status_code == 400


async def test_texts_that_share_words_lie_close_to_each_other(http: httpx.AsyncClient) -> None:
    texts = ["blue slim jeans", "slim jeans", "coffee mug"]
    vectors = (await http.post("/api/embed", json={"model": "m", "input": texts})).json()["embeddings"]

    def likeness(left: int, right: int) -> float:
        return sum(a * b for a, b in zip(vectors[left], vectors[right], strict=True))

    assert likeness(0, 0) == pytest.approx(1)
    assert likeness(0, 1) > likeness(0, 2)
