"""Fixtures that ask: over several rounds in the modern era, inside the call in the one before."""

from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

from tests.conformance.moment import Moment, Raw, said


def form(message: str, **properties: str) -> ElicitRequest:
    """A form with these fields, by type, all required."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(text: str, most: int) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(text=text))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=most))


def filled(moment: Moment, key: str, field: str) -> Any:
    """What the person wrote into a field of the form; `None` until they did."""
    given = moment.responses.get(key)
    return (given.content or {}).get(field) if isinstance(given, ElicitResult) else None


async def name_once(moment: Moment, _: dict[str, Any]) -> Raw:
    name = filled(moment, "user_name", "name")
    if not isinstance(name, str):
        return InputRequiredResult(input_requests={"user_name": form("What is your name?", name="string")})
    return said(f"Hello, {name}!")


async def sample_once(moment: Moment, _: dict[str, Any]) -> Raw:
    given = moment.responses.get("capital_question")
    if not isinstance(given, CreateMessageResult):
        return InputRequiredResult(input_requests={"capital_question": _sample("What is the capital of France?", 100)})
    return said(f"It was said: {_text(given)}")


async def roots_once(moment: Moment, _: dict[str, Any]) -> Raw:
    given = moment.responses.get("client_roots")
    if not isinstance(given, ListRootsResult):
        return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})
    return said(" ".join(str(root.uri) for root in given.roots) or "no roots")


async def with_state(moment: Moment, _: dict[str, Any]) -> Raw:
    if moment.params.request_state != "asked" or filled(moment, "confirm", "ok") is None:
        return InputRequiredResult(
            input_requests={"confirm": form("Please confirm", ok="boolean")}, request_state="asked"
        )
    return said("state-ok")


async def several(moment: Moment, _: dict[str, Any]) -> Raw:
    if moment.params.request_state != "asked" or moment.responses.keys() < {"user_name", "greeting", "client_roots"}:
        return InputRequiredResult(
            input_requests={
                "user_name": form("What is your name?", name="string"),
                "greeting": _sample("Generate a greeting", 50),
                "client_roots": ListRootsRequest(),
            },
            request_state="asked",
        )
    return said("all answered")


async def rounds(moment: Moment, _: dict[str, Any]) -> Raw:
    state = moment.params.request_state
    if state == "two" and filled(moment, "step2", "color") is not None:
        return said("both answered")
    if state == "one" and filled(moment, "step1", "name") is not None:
        return InputRequiredResult(
            input_requests={"step2": form("Step 2: What is your favorite color?", color="string")}, request_state="two"
        )
    return InputRequiredResult(
        input_requests={"step1": form("Step 1: What is your name?", name="string")}, request_state="one"
    )


async def what_the_client_can(moment: Moment, _: dict[str, Any]) -> Raw:
    asked: dict[str, Any] = {}
    if moment.declares("sampling"):
        asked["greeting"] = _sample("Generate a greeting", 50)
    if moment.declares("elicitation"):
        asked["user_name"] = form("What is your name?", name="string")
    return InputRequiredResult(input_requests=asked) if asked else said("nobody to ask")


async def needs_sampling(moment: Moment, _: dict[str, Any]) -> Raw:
    if not moment.declares("sampling"):
        raise MCPError(
            code=MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="Missing required client capability",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return said("sampling is declared")


async def sample_inside(moment: Moment, arguments: dict[str, Any]) -> Raw:
    message = SamplingMessage(role="user", content=TextContent(text=str(arguments["prompt"])))
    given = await moment.context.session.create_message(  # pyright: ignore[reportDeprecated]  # the suite asks for it
        messages=[message], max_tokens=100, related_request_id=moment.context.request_id
    )
    return said(f"LLM response: {_text(given)}")


def asking_inside(schema: dict[str, Any]) -> Any:
    """A fixture that asks with a form of this schema, inside the call."""

    async def ask(moment: Moment, arguments: dict[str, Any]) -> Raw:
        given = await moment.context.session.elicit_form(
            message=str(arguments.get("message", "Please tell us")),
            requested_schema=schema,
            related_request_id=moment.context.request_id,
        )
        return said(f"User response: action={given.action}, content={given.content}")

    return ask


def _text(given: Any) -> str:
    return given.content.text if isinstance(given.content, TextContent) else ""
