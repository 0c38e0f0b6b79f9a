"""From an OAuth access token to what it grants: signature, issuer, audience, times, then claims. Anything else: no."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWTError

from knowledge.store.session import utc_now
from policies.errors import Refused
from policies.vocabulary.ids import LocationId
from server.oauth.grant import ClaimNames, Grant, read_grant
from server.oauth.issuer_keys import IssuerKeys

logger = logging.getLogger(__name__)

LONGEST: Final = 8_192  # characters. Providers' access tokens are under 4 KiB; nobody parses more for a stranger
SKEW: Final = 30  # seconds the issuer's clock may be ahead of ours
LONGEST_LIFE: Final = 86_400  # seconds from issue to expiry: a token cannot be called back, so it ends within a day
KEPT_FOR: Final = 10  # seconds a checked token is remembered, so that a burst of calls costs one signature
_MOST_KEPT: Final = 4_096
_ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA"})
_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})  # no ID, logout or DPoP proof token


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens we take, made out to whom.

    Attributes:
        issuer: `iss`, to the letter.
        audience: Must be among `aud`: a token for another service is no token for us.
    """

    issuer: str
    audience: str
    claims: ClaimNames = field(default_factory=ClaimNames)


class Tokens:
    """Checks tokens.

    Args:
        expected: Whose, and for whom.
        keys: The issuer's.
        places: Every location a token may name.
        now: The present, aware.
    """

    def __init__(
        self,
        expected: Expected,
        keys: IssuerKeys,
        places: AbstractSet[LocationId],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._expected = expected
        self._keys = keys
        self._places = places
        self._now = now
        self._kept = OrderedDict[bytes, tuple[Grant, float]]()  # by the token's hash, with when it is checked again

    async def grant(self, token: str) -> Grant:
        """What this token grants.

        Raises:
            Refused: `credential.unknown`: it is not valid, and which check failed is told to the log alone.
                `oauth.claim`, `access.scope`: it is valid, and gives no rights here.
            Unavailable: The issuer's keys were never had.
        """
        if not 0 < len(token) <= LONGEST or not token.isascii():
            raise _not_valid("length")
        name, at = hashlib.sha256(token.encode()).digest(), self._now().timestamp()
        kept = self._kept.get(name)
        if kept is not None and at < kept[1]:
            return kept[0]
        grant = read_grant(await self._claims(token, at), self._expected.claims, self._places)
        self._kept[name] = (grant, min(at + KEPT_FOR, grant.expires_at))
        self._kept.move_to_end(name)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return grant

    async def close(self) -> None:
        """Stop fetching keys."""
        await self._keys.close()

    async def _claims(self, token: str, at: float) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except PyJWTError as error:
            raise _not_valid("not a token") from error
        kid = header.get("kid")
        if header.get("alg") not in _ALGORITHMS or str(header.get("typ") or "").lower() not in _TYPES:
            raise _not_valid("algorithm or type")
        key = await self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise _not_valid("unknown key")
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._expected.audience,
                issuer=self._expected.issuer,
                # times are checked below, by the house's clock
                options={"require": ["exp", "iat"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except (PyJWTError, ValueError, RecursionError) as error:
            raise _not_valid(type(error).__name__) from error
        _check_times(claims, at)
        return claims


def _check_times(claims: dict[str, Any], at: float) -> None:
    issued, expires, begins = claims["iat"], claims["exp"], claims.get("nbf", 0)
    if not all(type(each) in {int, float} for each in (issued, expires, begins)):
        raise _not_valid("times")
    if at >= expires:
        raise _not_valid("expired")
    if max(issued, begins) > at + SKEW:
        raise _not_valid("not yet")
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise _not_valid("lifetime")


def _not_valid(why: str) -> Refused:
    logger.info("a token was refused: %s", why)
    return Refused("This token is not valid.", code="credential.unknown", hint="Get a new one and call again.")
