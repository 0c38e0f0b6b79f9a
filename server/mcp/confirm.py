"""Asking the same person once more, inside the call, in both protocol eras.

It proves only that the client said yes, and clients differ in whom they ask. So the rules use it where one more look is
worth having, and send what needs a second person to the approval queue instead.
"""

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

_QUESTION: Final = "confirm"
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
    question = f"{answer.action} {' '.join(reason.sentence for reason in answer.reasons)}".strip()
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        given = (params.input_responses or {}).get(_QUESTION)
        if params.request_state == answer.approval_id and isinstance(given, ElicitResult):
            return _yes(given)
        form = ElicitRequestFormParams(message=question, requested_schema=_FORM)
        return InputRequiredResult(
            input_requests={_QUESTION: ElicitRequest(params=form)}, request_state=answer.approval_id
        )
    try:
        given = await context.session.elicit_form(
            message=question, requested_schema=_FORM, related_request_id=context.request_id
        )
    except (NoBackChannelError, MCPError):
        return None
    return _yes(given)


def _yes(given: ElicitResult) -> bool:
    return given.action == "accept" and (given.content or {}).get("confirm") is True
