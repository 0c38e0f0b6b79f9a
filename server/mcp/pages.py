"""Lists over MCP in pages, whatever they list."""

from collections.abc import Sequence
from typing import Final, TypeVar

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams

from policies.errors import Refused
from tools.read.page import next_page, page_start

PER_PAGE: Final = 25

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], params: PaginatedRequestParams | None) -> tuple[list[_Item], str | None]:
    """The page a client asks for, and the cursor of the next one; `None` after the last.

    Raises:
        MCPError: The cursor is not one of ours.
    """
    try:
        start = page_start(params.cursor if params and params.cursor else "")
    except Refused as error:
        raise MCPError(code=INVALID_PARAMS, message=error.message) from error
    end = start + PER_PAGE
    return list(items[start:end]), next_page(end) if end < len(items) else None
