"""Shopify's session token: who is signed in at a register, said by Shopify and by nobody else.

It is signed with the app's secret and lives for a minute. It names the signed-in user, which need not be the associate
who is pinned in: a shop that signs all its registers in as one user is one person here.
https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from jwt.exceptions import PyJWTError

from knowledge.store.session import utc_now
from policies.errors import Refused

logger = logging.getLogger(__name__)

LEEWAY: Final = 10  # seconds Shopify's clock and ours may be apart, as Shopify's own libraries allow
_LONGEST: Final = 4_096  # characters; real ones have a few hundred
_LONGEST_NAME: Final = 64
_REQUIRED: Final = ("iss", "dest", "aud", "sub", "exp", "nbf", "iat")


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Checks session tokens of one app at one shop.

    Attributes:
        secrets: The app's, newest first; a replaced one signs for up to an hour more.
        audience: The app's client id; "" when no app is set up, and then no token is good.
        shop: The host of the shop, such as example.myshopify.com.
        now: The present, aware.
    """

    secrets: Sequence[str]
    audience: str
    shop: str
    now: Callable[[], datetime] = utc_now

    def subject(self, token: str) -> str:
        """The Shopify user this token speaks for, as Shopify numbers them.

        Raises:
            Refused: `credential.unknown`; which check failed is told to the log alone.
        """
        if not (self.secrets and self.audience and self.shop):
            raise _not_valid("no app is set up")
        if not 0 < len(token) <= _LONGEST or not token.isascii():
            raise _not_valid("length")
        claims = self._claims(token)
        self._check_times(claims)
        if self._host(claims["dest"]) != self.shop.lower() or self._host(claims["iss"]) != self.shop.lower():
            raise _not_valid("another shop")
        subject = claims["sub"]
        if not 0 < len(subject) <= _LONGEST_NAME or not subject.isalnum():
            raise _not_valid("subject")
        return subject

    def _claims(self, token: str) -> dict[str, Any]:
        wrong: PyJWTError | ValueError | RecursionError | None = None
        for secret in self.secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=["HS256"],
                    audience=self.audience,
                    # times are checked below, by the house's clock
                    options={
                        "require": list(_REQUIRED),
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                        "strict_aud": True,
                    },
                )
            except (PyJWTError, ValueError, RecursionError) as error:
                wrong = error
                continue
            if all(isinstance(claims[name], str) for name in ("iss", "dest", "sub")):
                return claims
            raise _not_valid("claims")
        raise _not_valid(type(wrong).__name__)

    def _check_times(self, claims: dict[str, Any]) -> None:
        at = self.now().timestamp()
        times = [claims[name] for name in ("exp", "nbf", "iat")]
        if not all(type(each) in {int, float} for each in times):
            raise _not_valid("times")
        expires, begins, issued = times
        if at >= expires + LEEWAY:
            raise _not_valid("expired")
        if max(begins, issued) > at + LEEWAY:
            raise _not_valid("not yet")

    def _host(self, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        return (parts.hostname or "") if parts.scheme == "https" else ""


def _not_valid(why: str) -> Refused:
    logger.info("a session token was refused: %s", why)
    return Refused(
        "This session is not valid.",
        code="credential.unknown",
        hint="Sign in at the register again; the app needs Shopify's permission for this user.",
    )
