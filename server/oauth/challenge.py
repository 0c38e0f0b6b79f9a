"""What a caller is told who may not come in: how to, in the words of RFC 6750 and RFC 9728."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from policies.vocabulary.actor import REGISTER_DOORS
from server.oauth.grant import SCOPE, SCOPES

_WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
TOOL_SCOPES: Final = tuple(scope for scope in SCOPES if scope != f"{SCOPE}{REGISTER_DOORS}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """The doors' `WWW-Authenticate`, and the document it points to.

    Attributes:
        resource: Our address as clients know it, such as `https://till.example.com/mcp`; "" without OAuth.
        issuer: The identity provider that gives out tokens for it.
    """

    resource: str = ""
    issuer: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the document is served; none without OAuth."""
        return (f"{_WELL_KNOWN}{urlsplit(self.resource).path}", _WELL_KNOWN) if self.resource else ()

    def document(self) -> Mapping[str, Any]:
        """The protected resource metadata of RFC 9728."""
        return {
            "resource": self.resource,
            "resource_name": "Tillhand",
            "authorization_servers": [self.issuer],
            "scopes_supported": list(SCOPES),
            "bearer_methods_supported": ["header"],
        }

    def header(self, code: str) -> str:
        """The header for a refusal of this code; "" when no other credential would change it."""
        if code == "access.scope":
            return self._told(error="insufficient_scope", scope=" ".join(TOOL_SCOPES))
        if code == "credential.missing":  # RFC 6750, 3.1: no error for a request that carried no credential at all
            return self._told()
        if code == "credential.in_address":
            return self._told(error="invalid_request")
        return self._told(error="invalid_token") if code.startswith("credential.") else ""

    def _told(self, **more: str) -> str:
        if self.resource:
            parts = urlsplit(self.resource)
            more["resource_metadata"] = f"{parts.scheme}://{parts.netloc}{self.paths[0]}"
        return ", ".join(['Bearer realm="tillhand"', *(f'{name}="{value}"' for name, value in more.items())])
