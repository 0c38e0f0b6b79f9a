"""An identity provider with real keys, on paper: it signs what a test asks for, right or wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://login.example.com/retailer"
RESOURCE = "https://till.example.com/mcp"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@cache
def private_key(name: str) -> Any:
    """A key of the kind its name begins with; the same name is the same key."""
    kind = name.partition("-")[0]
    if kind == "RS256":
        return generate_rsa(65537, 1024 if name.endswith("weak") else 2048)
    if kind == "ES384":
        return generate_private_key(SECP384R1())
    return generate_private_key(SECP256R1()) if kind == "ES256" else Ed25519PrivateKey.generate()


def public(name: str, **more: Any) -> dict[str, Any]:
    """The key as its issuer publishes it; `more` replaces members."""
    key = private_key(name).public_key()
    kind = name.partition("-")[0]
    maker: Any = {"RS256": RSAAlgorithm, "EdDSA": OKPAlgorithm}.get(kind, ECAlgorithm)
    return {**json.loads(maker.to_jwk(key)), "kid": name, "use": "sig", **more}


def key_set(*names: str) -> bytes:
    """A key set."""
    return json.dumps({"keys": [public(name) for name in names]}).encode()


@dataclass(slots=True)
class Issuer:
    """Signs tokens.

    Attributes:
        at: When tokens are issued.
        claims: What every token says unless told otherwise.
    """

    at: datetime = NOW
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def token(
        self, *, key: str = "ES256", algorithm: str = "", header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """A good token for a manager's assistant, but for what is given; `None` leaves a claim out."""
        issued = int(self.at.timestamp())
        told = {
            "iss": ISSUER,
            "aud": RESOURCE,
            "sub": "ada",
            "client_id": "helper",
            "iat": issued,
            "exp": issued + 600,
            "role": "manager",
            "locations": ["*"],
            "scope": "openid tillhand:shop tillhand:approvals",
            **self.claims,
            **claims,
        }
        body = {name: value for name, value in told.items() if value is not None}
        secret: Any = private_key(key) if algorithm != "none" else None
        head = {"kid": key, "typ": "at+jwt", **(header or {})}
        named = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(body, secret, algorithm or key.partition("-")[0], headers=named)
