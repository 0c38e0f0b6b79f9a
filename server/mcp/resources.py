"""Lists and reads addresses; a caller sees those whose tool they may use, and every reading is a guarded call."""

from collections.abc import Sequence

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    BlobResourceContents,
    EmbeddedResource,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextResourceContents,
)

from policies.errors import NotFound, Refused, TillhandError
from server.mcp.calls import Calls, Context, new_call
from server.mcp.cards import Cards
from server.mcp.pages import page
from server.mcp.views import View


class Resources:
    """The views of a door, and the cards its tools are shown on."""

    def __init__(self, calls: Calls, cards: Cards, views: Sequence[View]) -> None:
        self._calls = calls
        self._cards = cards
        self._views = views

    def seen(self, context: Context) -> list[View]:
        """The views of the tools this caller may use."""
        names = {tool.name for tool in self._calls.visible(context)}
        return [view for view in self._views if view.tool in names]

    async def fixed(self, context: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        """Addresses without a parameter."""
        found = [view.fixed() for view in self.seen(context) if not view.argument]
        found += self._cards.listed({tool.name for tool in self._calls.visible(context)})
        resources, after = page(found, params)
        return ListResourcesResult(resources=resources, next_cursor=after)

    async def templates(self, context: Context, params: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        """Addresses with a parameter."""
        found = [view.varied() for view in self.seen(context) if view.argument or view.query]
        templates, after = page(found, params)
        return ListResourceTemplatesResult(resource_templates=templates, next_cursor=after)

    async def read(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """One address.

        Raises:
            MCPError: Nothing is there, or nothing this caller may see: both read the same. Or it cannot be read now.
        """
        card = self._cards.read(params.uri, {tool.name for tool in self._calls.visible(context)})
        if card is not None:
            return ReadResourceResult(contents=[card])
        return ReadResourceResult(contents=[await self._content(context, params.uri)])

    async def embedded(self, context: Context, uri: str) -> EmbeddedResource:
        """An address's content inside a prompt.

        Raises:
            MCPError: As in `read`.
        """
        return EmbeddedResource(resource=await self._content(context, uri))

    async def _content(self, context: Context, uri: str) -> TextResourceContents | BlobResourceContents:
        # of all views, not of those the caller sees: the guard refuses the others, and that they were asked for is on
        # record
        found = [(view, told) for view in self._views if (told := view.read(uri)) is not None]
        if not found:
            raise _nothing(uri)
        view, told = found[0]
        audit_id = new_call()
        try:
            answer = await self._calls.invoke(context, view.tool, told, audit_id)
        except (NotFound, Refused, MCPError) as error:
            raise _nothing(uri) from error
        except TillhandError as error:
            raise MCPError(code=INTERNAL_ERROR, message=error.message, data={"uri": uri}) from error
        return view.content(uri, answer, audit_id)


def _nothing(uri: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message="Resource not found", data={"uri": uri})
