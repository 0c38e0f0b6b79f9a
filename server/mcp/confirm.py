"""Asking the same person once more, inside the call, in both protocol eras.

It proves only that the client said yes, and clients differ in whom they ask. So the rules use it where one more look is
worth having, and send what needs a second person to the approval queue instead.
"""

from collections.abc import Iterable
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from tools.propose.decided import Decided

QUESTION: Final = "confirm"
"""The key of the one question this door asks."""

_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Confirm", "description": "Do it?"}},
    "required": ["confirm"],
}


def needs_confirmation(answer: object) -> bool:
    """Whether an action waits for its own proposer to say yes once more."""
    return isinstance(answer, Decided) and answer.state == "waiting" and answer.outcome == "confirm"


async def ask(
    context: ServerRequestContext[object], params: CallToolRequestParams, answer: Decided
) -> bool | InputRequiredResult | None:
    """The person's answer; in the modern era first the question to send back; `None` when the client cannot ask.

    The question's state is the approval's id, sealed to this caller and these arguments by the endpoint.
    """
    capabilities = context.session.client_capabilities
    if capabilities is None or capabilities.elicitation is None:
        return None
    sentence = question(answer.action, (reason.sentence for reason in answer.reasons))
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        given = (params.input_responses or {}).get(QUESTION)
        if params.request_state == answer.approval_id and isinstance(given, ElicitResult):
            return said_yes(given)
        return InputRequiredResult(input_requests={QUESTION: _elicit(sentence)}, request_state=answer.approval_id)
    try:
        given = await context.session.elicit_form(
            message=sentence, requested_schema=_FORM, related_request_id=context.request_id
        )
    except (NoBackChannelError, MCPError):
        return None
    return said_yes(given)


def question(action: str, reasons: Iterable[str]) -> str:
    """What the person is asked: the action, and why it needs one more look."""
    return " ".join([action, *(reason for reason in reasons if reason)])


def asked(sentence: str) -> dict[str, Any]:
    """The question as a task carries it."""
    return _elicit(sentence).model_dump(by_alias=True, mode="json", exclude_none=True)


def said_yes(given: ElicitResult) -> bool:
    """Whether the answer is a yes; closing the question is a no."""
    return given.action == "accept" and (given.content or {}).get("confirm") is True


def _elicit(sentence: str) -> ElicitRequest:
    return ElicitRequest(params=ElicitRequestFormParams(message=sentence, requested_schema=_FORM))
