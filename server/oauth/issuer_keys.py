"""The identity provider's public keys: fetched, kept, and fetched again when it has changed them."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from policies.errors import Unavailable

logger = logging.getLogger(__name__)

Fetch = Callable[[], Awaitable[bytes]]
"""The key set as it is published (RFC 7517); raises `Unavailable` when it cannot be had in time."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

FRESH_FOR: Final = 300.0  # seconds; a key the provider withdraws is good for no longer than this
ASK_AGAIN: Final = 60.0  # seconds between questions that unknown key ids cause: anybody can make one up
TRY_AGAIN: Final = 5.0  # seconds between attempts while there are no keys at all
_MOST_KEYS: Final = 64
_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key, and the one algorithm it is used with: what a token says of itself never chooses."""

    algorithm: str
    key: PublicKey


class IssuerKeys:
    """Finds a key by its id.

    Once there were keys, they are used until the provider publishes others, however long it cannot be reached: shops do
    not close because an identity provider is down.

    Args:
        fetch: Gets the published key set.
        clock: Monotonic seconds.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, IssuerKey] | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> IssuerKey | None:
        """The key of this id, or `None` when the provider has none.

        Raises:
            Unavailable: No key was ever had, so nothing can be said about any token.
        """
        now = self._clock()
        if self._keys is None:
            if now - self._tried_at >= TRY_AGAIN or self._busy():
                await self._read_again()
            if self._keys is None:
                raise Unavailable(
                    "The identity provider's keys are not known yet, so nobody can be recognized by a token.",
                    code="oauth.keys_unavailable",
                    hint="Check TILLHAND_OAUTH_JWKS; keys of our own (th_...) work meanwhile.",
                )
        elif now - self._read_at >= FRESH_FOR and now - self._tried_at >= TRY_AGAIN:
            self._begin()  # those who come meanwhile are judged by the keys we have
        found = self._keys.get(kid)
        if found is None and now - self._tried_at >= ASK_AGAIN:
            await self._read_again()
            found = self._keys.get(kid)
        return found

    async def close(self) -> None:
        """Stop fetching."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_again(self) -> None:
        await asyncio.shield(self._begin())

    def _busy(self) -> bool:
        return self._reading is not None and not self._reading.done()

    def _begin(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            self._keys = read_key_set(await self._fetch())
        except (Unavailable, ValueError) as error:
            logger.warning("the identity provider's keys were not read: %s", error)
        else:
            self._read_at = self._clock()


def read_key_set(body: bytes) -> dict[str, IssuerKey]:
    """Keys by id: those with an id that are for signing and of a kind we trust; others are passed over.

    Raises:
        ValueError: It is no key set, or nothing in it can be used.
    """
    told: Any = json.loads(body)  # a ValueError too when it is no JSON
    entries: Any = cast("dict[str, Any]", told).get("keys") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it is not a JSON Web Key Set")  # noqa: TRY004  # of what was sent, not of a type of ours
    keys: dict[str, IssuerKey] = {}
    for entry in cast("list[Any]", entries)[:_MOST_KEYS]:
        if isinstance(entry, dict):
            told_key = cast("dict[str, Any]", entry)
            if (key := _key(told_key)) is not None:
                keys.setdefault(told_key["kid"], key)
    if not keys:
        raise ValueError("it holds no key with an id for RS256, ES256 or EdDSA")
    return keys


def _key(entry: dict[str, Any]) -> IssuerKey | None:
    kid = entry.get("kid")
    if not isinstance(kid, str) or not kid or entry.get("use", "sig") != "sig":
        return None
    try:
        key = PyJWK(entry).key
    except (PyJWTError, TypeError, ValueError, KeyError):
        return None
    algorithm = _algorithm(key)
    return IssuerKey(algorithm, key) if algorithm and entry.get("alg", algorithm) == algorithm else None


def _algorithm(key: object) -> str:
    if isinstance(key, RSAPublicKey) and key.key_size >= _RSA_BITS:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    return "EdDSA" if isinstance(key, Ed25519PublicKey) else ""  # a private or a shared key is none of them
