"""What a fixture needs beside its arguments: the protocol's context of the call being handled, and a way to answer raw.

Tools of ours never see the protocol. The suite's do: it asks for images, questions and logs. So a fixture runs through
the same adapter and the same guard as our tools, and leaves its raw result here, for the handler that wraps ours.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types import CallToolRequestParams, InputRequiredResult, InputResponses

Raw = dict[str, Any] | InputRequiredResult


@dataclass
class Moment:
    """One call; `raw` is its result once its fixture ran."""

    context: ServerRequestContext[Any]
    params: CallToolRequestParams
    raw: Raw | None = None

    @property
    def responses(self) -> InputResponses:
        return self.params.input_responses or {}

    def declares(self, capability: str) -> bool:
        """Whether this request's client says it can do something, such as `sampling`."""
        capabilities = self.context.session.client_capabilities
        return getattr(capabilities, capability, None) is not None


_NOW: ContextVar[Moment | None] = ContextVar("moment", default=None)


def begin(context: ServerRequestContext[Any], params: CallToolRequestParams) -> Moment:
    """The call that is handled from here on."""
    moment = Moment(context, params)
    _NOW.set(moment)
    return moment


def now() -> Moment | None:
    """The call being handled; `None` when it is an address that is read."""
    return _NOW.get()


def said(text: str, **more: Any) -> dict[str, Any]:
    """A result of one text."""
    return {"resultType": "complete", "content": [{"type": "text", "text": text}], **more}
