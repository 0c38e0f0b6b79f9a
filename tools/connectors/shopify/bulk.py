"""Bulk operations: started, looked at, and their results read line by line from any byte on.

A result lies for seven days at an address of its own, on another host than the shop: where only listed hosts may be
connected to, the operator lists that host.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import httpx

from policies.errors import Refused, Unavailable
from tools.connectors.amounts import read_json
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.graphql import Admin

_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)  # seconds between two pieces
_PARTIAL: Final = 206


@dataclass(frozen=True, slots=True)
class BulkState:
    """Where an operation stands.

    Attributes:
        running: Look again later.
        url: Where its result lies; "" when there is none.
        whole: The result holds everything.
    """

    running: bool
    url: str
    whole: bool


class Bulk:
    """One shop's bulk operations."""

    def __init__(self, admin: Admin, client: httpx.AsyncClient) -> None:
        self._admin = admin
        self._client = client

    async def start(self, query: str) -> str:
        """Have a query run over everything; returns the operation's id, or "" while another one runs.

        Raises:
            Refused: Shopify does not take the query.
        """
        data = await self._admin.ask(operations.BULK_START, {"query": query}, Priority.SWEEP)
        answer = data["bulkOperationRunQuery"]
        codes = {error.get("code") for error in answer["userErrors"]}
        if codes & {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
            return ""
        if codes or answer["bulkOperation"] is None:
            raise Refused("Shopify does not run this bulk operation.", code="shopify.bulk_refused")
        return str(answer["bulkOperation"]["id"])

    async def look(self, operation: str) -> BulkState:
        """How far it is; one that is gone, or whose result is, has neither."""
        found: Any = (await self._admin.ask(operations.BULK, {"id": operation}, Priority.SWEEP))["bulkOperation"]
        if found is None:
            return BulkState(running=False, url="", whole=False)
        whole = found["status"] == "COMPLETED"
        running = found["status"] in {"CREATED", "RUNNING", "CANCELING"}
        return BulkState(running, found["url"] or found["partialDataUrl"] or "", whole)

    async def lines(self, url: str, begin: int) -> AsyncGenerator[tuple[int, Any]]:
        """Each object of a result from a byte on, with the byte behind it. A line that was cut off is none.

        Raises:
            Unavailable: The result cannot be read now, or lies there no more.
        """
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={begin}-"} if begin else {})
        try:
            async with self._client.stream("GET", url, headers=headers, timeout=_TIMEOUT) as answer:
                if not answer.is_success:
                    raise _unavailable()
                place = begin if answer.status_code == _PARTIAL else 0
                rest = b""
                async for piece in answer.aiter_bytes():
                    *whole, rest = (rest + piece).split(b"\n")
                    for line in whole:
                        place += len(line) + 1
                        if line and place > begin:
                            yield place, read_json(line)
        except (httpx.HTTPError, ValueError) as error:
            raise _unavailable() from error


def _unavailable() -> Unavailable:
    return Unavailable(
        "The result of Shopify's bulk operation cannot be read.",
        code="shopify.bulk_result",
        hint="Run the import again. With TILLHAND_EGRESS=listed, its host has to be in TILLHAND_EGRESS_HOSTS.",
    )
