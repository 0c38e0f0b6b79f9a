"""Addresses a client may read: each is a guarded tool's answer, so nothing is told here that a tool would not tell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    BlobResourceContents,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from server.mcp.results import answered
from tools.tool import Answer

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class View:
    """A tool's answer under an address.

    Attributes:
        path: What the address begins with, such as `stock`.
        tool: Whose answer it is; the view is hidden wherever the tool is.
        argument: What the address ends in, as the tool names it; "" for an address that ends in nothing.
        query: Further arguments, as `?name=value`.
        completes: Which kind of name `argument` is, for completion; "" for one that nobody lists.
    """

    path: str
    tool: str
    title: str
    description: str
    argument: str = ""
    query: tuple[str, ...] = ()
    completes: str = ""
    scheme: str = "tillhand://"

    @property
    def address(self) -> str:
        """Without its query."""
        return f"{self.scheme}{self.path}" + (f"/{{{self.argument}}}" if self.argument else "")

    @property
    def template(self) -> str:
        """RFC 6570; the address itself when nothing in it varies."""
        return self.address + (f"{{?{','.join(self.query)}}}" if self.query else "")

    def fixed(self) -> Resource:
        """As `resources/list` tells it."""
        return Resource(
            name=self.path, title=self.title, uri=self.address, description=self.description, mime_type=_JSON
        )

    def varied(self) -> ResourceTemplate:
        """As `resources/templates/list` tells it."""
        return ResourceTemplate(
            name=self.path, title=self.title, uri_template=self.template, description=self.description, mime_type=_JSON
        )

    def read(self, uri: str) -> dict[str, str] | None:
        """The tool's arguments in an address; `None` when it is not one of this view."""
        where, _, asked = uri.partition("?")
        if not where.startswith(self.scheme):
            return None
        path, slash, value = where.removeprefix(self.scheme).partition("/")
        if path != self.path or bool(value) != bool(self.argument) or (slash and not value):
            return None
        try:
            told = parse_qsl(asked, keep_blank_values=True, strict_parsing=True) if asked else []
        except ValueError:
            return None
        given = dict(told)
        if len(given) != len(told) or not given.keys() <= set(self.query):
            return None
        return {**({self.argument: unquote(value)} if self.argument else {}), **given}

    def content(self, uri: str, answer: Answer, audit_id: str) -> TextResourceContents | BlobResourceContents:
        """The tool's answer as the content of this address, labelled and bounded like every answer.

        Raises:
            MCPError: It is too large to send.
        """
        result: dict[str, Any] = answered(answer, audit_id)
        if result["isError"]:
            why = json.loads(result["content"][0]["text"])["error"]["message"]
            raise MCPError(code=INTERNAL_ERROR, message=why, data={"uri": uri})
        return TextResourceContents(
            uri=uri, mime_type=_JSON, text=result["content"][0]["text"], _meta=result.get("_meta")
        )


VIEWS: Final[Sequence[View]] = (
    View(
        "approvals",
        "list_approvals",
        "Waiting approvals",
        "Actions that wait for a person.",
        query=("location_id", "cursor"),
    ),
    View(
        "cohorts",
        "search_cohorts",
        "Groups of customers",
        "What groups of at least 20 customers do, in round numbers.",
        query=("text", "location_id", "cursor"),
    ),
    View(
        "customers",
        "get_customer",
        "Customer",
        "A customer's history and consent, without personal data.",
        argument="customer",
    ),
    View(
        "decisions",
        "explain_decision",
        "Decision record",
        "Why an action happened or not, from event to outcome.",
        argument="id",
        completes="action",
    ),
    View("orders", "get_order", "Order", "One order in full.", argument="order_id"),
    View("playbooks", "read_playbook", "Playbooks", "The store policies and playbooks the caller may read, by name."),
    View(
        "playbooks",
        "read_playbook",
        "Playbook",
        "One store policy or playbook, with the lines of each passage.",
        argument="document",
    ),
    View(
        "policies",
        "read_policies",
        "Policies",
        "Every rule and limit in force, with its owner, file and line.",
        query=("location_id", "cursor"),
    ),
    View(
        "stock",
        "check_inventory",
        "Stock of one sku",
        "Counts at every location the caller may look at.",
        argument="sku",
        query=("location_id",),
        completes="sku",
    ),
)

QUERY_COMPLETES: Final[Mapping[str, str]] = {"location_id": "location"}
"""Which kind of name an argument in a query is."""
