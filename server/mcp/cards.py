"""Cards that a host may show for our results (MCP Apps): an offer with its code to scan, and what waits for a person.

A card shows and links. It loads nothing, calls no tool, and approves nothing: its one button opens the console, where
people answer signed in as themselves. A host that shows no cards has the same facts as text.
https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx
"""

import base64
import hashlib
import html
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import mcp_types
import segno
from mcp.server.apps import APP_MIME_TYPE, Apps, ResourceCsp, client_supports_apps
from mcp.server.context import ServerRequestContext
from mcp_types import Resource, TextResourceContents

QR: Final = "tillhand/qr"
"""In a result's `_meta`: the rows of a QR code, "1" for dark; only for clients that show cards."""

_HOME: Final = Path(__file__).parent / "card"
_OFFER, _APPROVAL = "ui://tillhand/offer", "ui://tillhand/approval"
_SHOWN_ON: Final = {
    "propose_discount": _OFFER,
    "propose_transfer": _APPROVAL,
    "propose_stock_adjustment": _APPROVAL,
    "propose_order": _APPROVAL,
    "propose_forecast_override": _APPROVAL,
    "list_approvals": _APPROVAL,
}
_CARDS: Final = {
    _OFFER: ("offer", "Offer", "A discount's code, for reading and for scanning."),
    _APPROVAL: ("approval", "Approval", "Actions that wait for a person, with the way to the console."),
}
_NOTHING_FROM_ELSEWHERE: Final = ResourceCsp(
    connect_domains=[], resource_domains=[], frame_domains=[], base_uri_domains=[]
)


class Cards:
    """The cards of a door. `console` is the address of the page where people answer; "" when nobody knows it."""

    def __init__(self, console: str = "") -> None:
        apps = Apps()
        self._pages = {uri: _page(title, _script(name), console) for uri, (name, title, _) in _CARDS.items()}
        for uri, (name, title, description) in _CARDS.items():
            apps.add_html_resource(
                uri,
                self._pages[uri],
                name=name,
                title=title,
                description=description,
                csp=_NOTHING_FROM_ELSEWHERE,
                prefers_border=False,
            )
        self._held = {binding.resource.uri: binding.resource for binding in apps.resources()}

    def listed(self, tools: AbstractSet[str]) -> list[Resource]:
        """The cards for these tools' results."""
        uris = {uri for tool, uri in _SHOWN_ON.items() if tool in tools}
        return [
            Resource(
                name=held.name or uri,
                title=held.title,
                uri=uri,
                description=held.description,
                mime_type=held.mime_type,
                _meta=held.meta,
            )
            for uri, held in self._held.items()
            if uri in uris
        ]

    def read(self, uri: str, tools: AbstractSet[str]) -> TextResourceContents | None:
        """A card's page, which holds no data; `None` when it is none of these tools'."""
        card = next((each for each in self.listed(tools) if each.uri == uri), None)
        if card is None:
            return None
        return TextResourceContents(uri=uri, mime_type=APP_MIME_TYPE, text=self._pages[uri], _meta=card.meta)

    def shown(self, context: ServerRequestContext[Any], tool: str, result: dict[str, Any]) -> dict[str, Any]:
        """A result with what its card needs besides; the result itself for clients that show no cards."""
        told = result.get("structuredContent")
        if tool not in _SHOWN_ON or not told or not told.get("code") or not client_supports_apps(context):
            return result
        return {**result, "_meta": {**result.get("_meta", {}), QR: scannable(told["code"])}}


def bound(tool: mcp_types.Tool) -> mcp_types.Tool:
    """The tool with its card. What is shown is for people: no write may be called from inside a card."""
    reads = tool.annotations is not None and tool.annotations.read_only_hint
    uri = _SHOWN_ON.get(tool.name)
    if reads and uri is None:
        return tool
    ui = {**({"resourceUri": uri} if uri else {}), **({} if reads else {"visibility": ["model"]})}
    return tool.model_copy(update={"meta": {**(tool.meta or {}), "ui": ui}})


def scannable(code: str) -> list[str]:
    """A QR code's rows without its margin; a quarter of it may be unreadable on a scratched display."""
    matrix = segno.make_qr(code, error="q").matrix
    return ["".join(map(str, row)) for row in matrix]


def _script(name: str) -> str:
    return "\n".join((_HOME / part).read_text(encoding="utf-8") for part in (f"{name}.js", "host.js"))


def _page(title: str, script: str, console: str) -> str:
    """One document that may run its own script and style and nothing else, even where the host forgets to say so."""
    style = (_HOME / "card.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="console" content="{html.escape(console, quote=True)}">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n<main></main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
