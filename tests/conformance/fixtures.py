"""The tools the official suite asks for, each a tool of the guard with one Cedar action of its own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic import ConfigDict

from policies.actions.action import Effect
from server.mcp.tasks import declared
from tests.conformance import questions
from tests.conformance.moment import Moment, Raw, now, said
from tools.tool import Answer, Arguments, Call, Tool

Fixture = Callable[[Moment, dict[str, Any]], Awaitable[Raw]]

PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SILENCE: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
BUS: Final = InMemorySubscriptionBus()
TASK_TOOLS: Final = frozenset(
    {"slow_compute", "failing_job", "protocol_error_job", "confirm_delete", "multi_input", "test_tool_with_task"}
)
NEEDS_TASKS: Final = frozenset({"failing_job"})
_EMPTY: Final[dict[str, Any]] = {"type": "object", "properties": {}}
_SCHEMA_2020: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
_DEFAULTS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
}
_TITLED: Final = [
    {"const": "value1", "title": "First Option"},
    {"const": "value2", "title": "Second Option"},
    {"const": "value3", "title": "Third Option"},
]
_ENUMS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": _TITLED},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
    },
}
_CONTACT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"username": {"type": "string"}, "email": {"type": "string"}},
    "required": ["username", "email"],
}


def _fixed(*content: dict[str, Any]) -> Fixture:
    async def tell(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
        return {"resultType": "complete", "content": list(content)}

    return tell


def _told(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _held(uri: str, kind: str, text: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": text}}


async def _break(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
    raise RuntimeError("This tool intentionally returns an error for testing")


async def _log(moment: Moment, _arguments: dict[str, Any]) -> Raw:
    for step in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await moment.context.session.send_log_message(  # pyright: ignore[reportDeprecated]  # the suite asks for it
            level="info", data=step, related_request_id=moment.context.request_id
        )
        await asyncio.sleep(0.05)
    return said("logged")


async def _report(moment: Moment, _arguments: dict[str, Any]) -> Raw:
    for share in (0, 50, 100):
        await moment.context.session.report_progress(share, 100, f"Completed step {share} of 100")
        await asyncio.sleep(0.05)
    return said("reported")


async def _drop_the_stream(moment: Moment, _arguments: dict[str, Any]) -> Raw:
    if moment.context.close_sse_stream is not None:
        await moment.context.close_sse_stream()
    await asyncio.sleep(0.2)
    return said("came back")


async def _change_tools(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
    await BUS.publish(ToolsListChanged())
    return said("told")


async def _change_prompts(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
    await BUS.publish(PromptsListChanged())
    return said("told")


async def _greet(_moment: Moment, arguments: dict[str, Any]) -> Raw:
    return said(f"Hello, {arguments.get('name', 'World')}!")


async def _compute(_moment: Moment, arguments: dict[str, Any]) -> Raw:
    await asyncio.sleep(float(arguments.get("seconds", 0)))
    return said(f"computed {arguments.get('label', '')}")


async def _fail(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
    await asyncio.sleep(1)
    return said("it did not work", isError=True)


async def _fault(_moment: Moment, _arguments: dict[str, Any]) -> Raw:
    raise MCPError(code=INTERNAL_ERROR, message="It broke.")


_PICTURE: Final = {"type": "image", "data": PIXEL, "mimeType": "image/png"}
_SOUND: Final = {"type": "audio", "data": SILENCE, "mimeType": "audio/wav"}
FIXTURES: Final[dict[str, tuple[Fixture, dict[str, Any]]]] = {
    "test_simple_text": (_fixed(_told("This is a simple text response for testing.")), _EMPTY),
    "test_image_content": (_fixed(_PICTURE), _EMPTY),
    "test_audio_content": (_fixed(_SOUND), _EMPTY),
    "test_embedded_resource": (
        _fixed(_held("test://embedded-resource", "text/plain", "This is an embedded resource content.")),
        _EMPTY,
    ),
    "test_multiple_content_types": (
        _fixed(
            _told("Multiple content types test:"),
            _PICTURE,
            _held("test://mixed-content-resource", "application/json", json.dumps({"test": "data", "value": 123})),
        ),
        _EMPTY,
    ),
    "test_error_handling": (_break, _EMPTY),
    "test_tool_with_logging": (_log, _EMPTY),
    "test_tool_with_progress": (_report, _EMPTY),
    "test_sampling": (
        questions.sample_inside,
        {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    ),
    "test_elicitation": (
        questions.asking_inside(_CONTACT),
        {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
    ),
    "test_elicitation_sep1034_defaults": (questions.asking_inside(_DEFAULTS), _EMPTY),
    "test_elicitation_sep1330_enums": (questions.asking_inside(_ENUMS), _EMPTY),
    "json_schema_2020_12_tool": (_fixed(_told("valid")), _SCHEMA_2020),
    "test_x_mcp_header": (
        _fixed(_told("header read")),
        {
            "type": "object",
            "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
            "required": ["region"],
        },
    ),
    "test_missing_capability": (questions.needs_sampling, _EMPTY),
    "test_input_required_result_elicitation": (questions.name_once, _EMPTY),
    "test_input_required_result_sampling": (questions.sample_once, _EMPTY),
    "test_input_required_result_list_roots": (questions.roots_once, _EMPTY),
    "test_input_required_result_request_state": (questions.with_state, _EMPTY),
    "test_input_required_result_multiple_inputs": (questions.several, _EMPTY),
    "test_input_required_result_multi_round": (questions.rounds, _EMPTY),
    "test_input_required_result_tampered_state": (questions.with_state, _EMPTY),
    "test_input_required_result_capabilities": (questions.what_the_client_can, _EMPTY),
    "test_streaming_elicitation": (questions.name_once, _EMPTY),
    "test_logging_tool": (_log, _EMPTY),
    "test_reconnection": (_drop_the_stream, _EMPTY),
    "test_trigger_tool_change": (_change_tools, _EMPTY),
    "test_trigger_prompt_change": (_change_prompts, _EMPTY),
    "greet": (_greet, {"type": "object", "properties": {"name": {"type": "string"}}}),
    "slow_compute": (
        _compute,
        {"type": "object", "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}}},
    ),
    "failing_job": (_fail, _EMPTY),
    "protocol_error_job": (_fault, _EMPTY),
    "confirm_delete": (
        _fixed(_told("nobody was asked")),
        {"type": "object", "properties": {"filename": {"type": "string"}}},
    ),
    "multi_input": (_fixed(_told("nobody was asked")), _EMPTY),
    "test_tool_with_task": (questions.name_once, _EMPTY),
}


class _Anything(Arguments):
    model_config = ConfigDict(extra="allow", strict=True)


class Done(Answer):
    """A fixture ran; its result is in its moment."""

    done: bool


async def _run(call: Call, arguments: _Anything) -> Done:
    del call
    moment = now()
    if moment is not None and not (moment.params.name in TASK_TOOLS and follows(moment)):
        fixture, _ = FIXTURES[moment.params.name]
        moment.raw = await fixture(moment, arguments.model_extra or {})
    return Done(done=True)


def follows(moment: Moment) -> bool:
    """Whether this call is to be followed as a task: its client knows them, and nothing is left to ask beforehand."""
    asks_first = moment.params.name == "test_tool_with_task"
    return declared(moment.context) and (not asks_first or bool(moment.responses))


def fixture_tools() -> dict[str, Tool]:
    """The fixtures as tools of the guard."""
    return {
        name: Tool(
            name, name, f"A fixture of the suite: {name}.", Effect.READ, _Anything, Done, _run, toolset="decisions"
        )
        for name in FIXTURES
    }
