"""What a client may read by address: decision records, stock and the approval queue, each through its guarded tool."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from policies.errors import TillhandError
from server.mcp.calls import Calls, Context
from server.mcp.results import answered

_SCHEME = "tillhand://"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class _View:
    """A tool's answer under an address; `argument` is what the address ends in, "" for an address without one."""

    path: str
    tool: str
    argument: str
    title: str
    description: str

    @property
    def uri(self) -> str:
        return f"{_SCHEME}{self.path}" + (f"/{{{self.argument}}}" if self.argument else "")


_VIEWS = (
    _View(
        "decisions",
        "explain_decision",
        "id",
        "Decision record",
        "Why an action happened or not, from event to outcome.",
    ),
    _View("stock", "check_inventory", "sku", "Stock of one sku", "Counts at every location the caller may look at."),
    _View("approvals", "list_approvals", "", "Waiting approvals", "Actions that wait for a person."),
)


class Resources:
    """Lists and reads addresses; a caller sees those whose tool they may use."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def fixed(self, context: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        """Addresses without a parameter."""
        return ListResourcesResult(
            resources=[
                Resource(name=view.path, title=view.title, uri=view.uri, description=view.description, mime_type=_JSON)
                for view in self._seen(context)
                if not view.argument
            ]
        )

    async def templates(
        self,
        context: Context,
        params: PaginatedRequestParams | None,
    ) -> ListResourceTemplatesResult:
        """Addresses with a parameter."""
        return ListResourceTemplatesResult(
            resource_templates=[
                ResourceTemplate(
                    name=view.path,
                    title=view.title,
                    uri_template=view.uri,
                    description=view.description,
                    mime_type=_JSON,
                )
                for view in self._seen(context)
                if view.argument
            ]
        )

    async def read(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """One address.

        Raises:
            MCPError: Nothing is there, or nothing this caller may see: both read the same.
        """
        view, value = _parse(params.uri)
        if view is None or view not in self._seen(context):
            raise _nothing(params.uri)
        try:
            answer = await self._calls.invoke(context, view.tool, {view.argument: value} if view.argument else {})
        except TillhandError as error:
            raise _nothing(params.uri) from error
        result: dict[str, Any] = answered(answer)
        if result["isError"]:
            raise _nothing(params.uri)
        text = json.dumps(result["structuredContent"], separators=(",", ":"), ensure_ascii=False)
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, mime_type=_JSON, text=text)])

    def _seen(self, context: Context) -> list[_View]:
        names = {tool.name for tool in self._calls.visible(context)}
        return [view for view in _VIEWS if view.tool in names]


def _parse(uri: str) -> tuple[_View | None, str]:
    path, _, value = uri.removeprefix(_SCHEME).partition("/") if uri.startswith(_SCHEME) else ("", "", "")
    view = next((view for view in _VIEWS if view.path == path and bool(view.argument) == bool(value)), None)
    return view, unquote(value)


def _nothing(uri: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message="Resource not found", data={"uri": uri})
