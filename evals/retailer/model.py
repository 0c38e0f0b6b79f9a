"""A local model that speaks the Ollama API and behaves as told: well, slowly, brokenly, or with bad intent."""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal, cast, get_args

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evals.retailer.model_text import hostile, plain, random_answer
from evals.retailer.watched_response import WatchedResponse

Behavior = Literal[
    "scripted",  # the script answers; without one, something harmless that fits the schema
    "slow",  # `slow_s` before the first word
    "hang",  # never a word
    "trickle",  # `trickle_s` between any two parts
    "midstream_error",  # an error object after the first parts; without a stream, a 500
    "broken_json",  # the text stops in the middle, and the model says it is finished
    "truncated",  # the same, with done_reason "length"
    "error_500",
    "busy_503",
    "missing",  # 404: no such model
    "thinking",  # thinks for `slow_s` first, unless told think: false
    "hostile",
    "random",  # anything that fits the schema
]
Script = Callable[[dict[str, Any]], str | dict[str, Any]]

_REFUSALS: dict[str, tuple[int, str]] = {
    "busy_503": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "error_500": (500, "llama runner process has terminated: exit status 2"),
    "missing": (404, "model not found"),
}
_BEHAVIORS: tuple[str, ...] = get_args(Behavior)
_THOUGHTS = ("Let me see. ", "The customer has ", "some things in the basket.")
_VERSION = "0.12.6"
_DETAILS = {
    "families": ["simulated"],
    "family": "simulated",
    "format": "gguf",
    "parameter_size": "0",
    "parent_model": "",
    "quantization_level": "F16",
}


@dataclass(slots=True)
class ModelBehavior:
    """How the model answers; every field may be changed between two requests.

    Attributes:
        behavior: For every model whose name is not itself a behavior (`slow`, `hostile:latest`).
        script: Answers a `/api/chat` body with text, or with an object to be written as JSON.
        slow_s: Seconds.
        trickle_s: Seconds between parts.
        part: Characters in one streamed part.
        names: The models it lists.
        dimensions: Of an embedding.
        seed: The same requests in the same order get the same random answers.
    """

    behavior: Behavior = "scripted"
    script: Script | None = None
    slow_s: float = 2.0
    trickle_s: float = 0.4
    part: int = 8
    names: tuple[str, ...] = ("gemma4:e4b", "gemma4:e2b")
    dimensions: int = 64
    seed: int = 0


@dataclass(slots=True)
class Asked:
    """One request, for graders: what left the product for the model.

    Attributes:
        answer: The whole text the model meant to send; "" when it meant to send none.
        left: The caller went away before the end.
    """

    path: str
    body: dict[str, Any]
    answer: str = ""
    left: bool = False


@dataclass
class LocalModel:
    """Serve `app`; read `requests`; change `settings`."""

    settings: ModelBehavior = field(default_factory=ModelBehavior)
    requests: list[Asked] = field(default_factory=list[Asked])

    def __post_init__(self) -> None:
        self._chance = Random(self.settings.seed)
        self.app = Starlette(
            routes=[
                Route("/api/chat", self._chat, methods=["POST"]),
                Route("/api/embed", self._embed, methods=["POST"]),
                Route("/api/show", self._show, methods=["POST"]),
                Route("/api/tags", self._tags),
                Route("/api/version", self._version),
            ]
        )

    async def _chat(self, request: Request) -> Response:
        body = await _object(request)
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model or not isinstance(messages, list):
            return _error(400, "model and messages are required")
        asked = Asked("/api/chat", body)
        self.requests.append(asked)
        behavior = self._behavior(model)
        thinks = behavior == "thinking"
        if behavior == "midstream_error" and body.get("stream") is False:
            behavior = "error_500"
        if behavior in _REFUSALS:
            return _error(*_REFUSALS[behavior])
        if body.get("think") not in {None, False} and not thinks:
            return _error(400, f'"{model}" does not support thinking')
        asked.answer = self._text(body, behavior)
        parts = self._parts(body, behavior, asked)
        if body.get("stream", True):
            return WatchedResponse(_lines(parts), "application/x-ndjson", lambda: _leave(asked))
        return WatchedResponse(_whole(parts), "application/json", lambda: _leave(asked))

    def _behavior(self, model: str) -> Behavior:
        name = model.partition(":")[0]
        return cast("Behavior", name) if name in _BEHAVIORS else self.settings.behavior

    def _text(self, body: dict[str, Any], behavior: Behavior) -> str:
        if behavior == "hostile":
            return hostile(body, self._chance)
        if behavior == "random":
            return random_answer(body, self._chance)
        script = self.settings.script
        written = script(body) if script else plain(body, self._chance)
        text = written if isinstance(written, str) else json.dumps(written)
        return text[: len(text) // 2] if behavior in {"broken_json", "truncated"} else text

    async def _parts(self, body: dict[str, Any], behavior: Behavior, asked: Asked) -> AsyncIterator[dict[str, Any]]:
        """The stream's objects, in time."""
        settings, began = self.settings, time.perf_counter_ns()
        head = {"model": body["model"]}
        if behavior == "hang":
            await asyncio.Event().wait()
        if behavior == "thinking" and body.get("think") is not False:
            for thought in _THOUGHTS:
                await asyncio.sleep(settings.slow_s / len(_THOUGHTS))
                yield {**_stamped(head), "message": _message("", thought), "done": False}
        elif behavior == "slow":
            await asyncio.sleep(settings.slow_s)
        text = asked.answer
        for place in range(0, len(text), settings.part):
            if behavior == "trickle":
                await asyncio.sleep(settings.trickle_s)
            if behavior == "midstream_error" and place >= len(text) // 2:
                yield {"error": "an error was encountered while running the model: unexpected EOF"}
                return
            yield {**_stamped(head), "message": _message(text[place : place + settings.part]), "done": False}
        took = time.perf_counter_ns() - began
        yield {
            **_stamped(head),
            "message": _message(""),
            "done": True,
            "done_reason": "length" if behavior == "truncated" else "stop",
            "total_duration": took,
            "load_duration": 0,
            "prompt_eval_count": len(json.dumps(body["messages"])) // 4,
            "prompt_eval_duration": took // 2,
            "eval_count": len(text) // 4 + 1,
            "eval_duration": took - took // 2,
        }

    async def _embed(self, request: Request) -> Response:
        body = await _object(request)
        given = body.get("input")
        if not isinstance(body.get("model"), str) or not isinstance(given, str | list):
            return _error(400, "model and input are required")
        self.requests.append(Asked("/api/embed", body))
        texts = [given] if isinstance(given, str) else cast("list[Any]", given)
        vectors = [_vector(str(text), self.settings.dimensions) for text in texts]
        tokens = sum(len(str(text)) for text in texts) // 4
        counts = {"total_duration": 1, "load_duration": 0, "prompt_eval_count": tokens}
        return JSONResponse({"model": body["model"], "embeddings": vectors, **counts})

    async def _show(self, request: Request) -> Response:
        model = (await _object(request)).get("model")
        if not isinstance(model, str) or self._behavior(model) == "missing":
            return _error(*_REFUSALS["missing"])
        thinks = self._behavior(model) == "thinking"
        return JSONResponse(
            {
                "capabilities": ["completion", *(["thinking"] if thinks else [])],
                "details": _DETAILS,
                "license": "",
                "model_info": {"general.architecture": "simulated"},
                "modified_at": "2026-11-01T00:00:00Z",
                "parameters": "num_ctx 4096",
                "template": "{{ .Prompt }}",
            }
        )

    async def _tags(self, _request: Request) -> Response:
        models = [
            {
                "details": _DETAILS,
                "digest": hashlib.sha256(name.encode()).hexdigest(),
                "model": name,
                "modified_at": "2026-11-01T00:00:00Z",
                "name": name,
                "size": 1,
            }
            for name in self.settings.names
        ]
        return JSONResponse({"models": models})

    async def _version(self, _request: Request) -> Response:
        return JSONResponse({"version": _VERSION})


async def _lines(parts: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for part in parts:
        yield json.dumps(part).encode() + b"\n"


async def _whole(parts: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """The stream's objects as one: the texts joined, the rest from the last."""
    content, thinking, last = "", "", cast("dict[str, Any]", {})
    async for part in parts:
        last = part
        content += part.get("message", {}).get("content", "")
        thinking += part.get("message", {}).get("thinking", "")
    yield json.dumps(last if "error" in last else {**last, "message": _message(content, thinking)}).encode()


def _leave(asked: Asked) -> None:
    asked.left = True


async def _object(request: Request) -> dict[str, Any]:
    try:
        body: Any = json.loads(await request.body())
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _stamped(head: dict[str, Any]) -> dict[str, Any]:
    return {**head, "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z")}


def _message(content: str, thinking: str = "") -> dict[str, str]:
    return {"role": "assistant", "content": content, **({"thinking": thinking} if thinking else {})}


def _vector(text: str, dimensions: int) -> list[float]:
    """A unit vector in which texts that share words lie close."""
    found = [0.0] * dimensions
    for word in text.lower().split():
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        found[int.from_bytes(digest[:4], "big") % dimensions] += 1.0 if digest[4] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in found)) or 1.0
    return [value / length for value in found]


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status)
