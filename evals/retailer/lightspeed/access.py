"""Access tokens of the app: one exchange of a consent code, then refresh tokens that rotate.

https://x-series-api.lightspeedhq.com/docs/authorization
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from evals.retailer.lightspeed.settings import LightspeedSettings

Answer = dict[str, object]


class BadGrant(Exception):
    """The token endpoint refuses, with an OAuth error name."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class Tokens:
    """Every token this retailer has issued to the app.

    A refresh token is good once. A caller that loses the answer to a refresh has lost the connection, as at Lightspeed,
    and needs the retailer's consent again.
    """

    def __init__(self, settings: LightspeedSettings) -> None:
        self._settings = settings
        self._codes = {settings.authorization_code}
        self._expires: dict[str, datetime] = {}
        self._refresh: set[str] = set()

    def consent(self) -> str:
        """A fresh authorization code, as the consent page hands over when the retailer agrees."""
        code = secrets.token_hex(20)
        self._codes.add(code)
        return code

    def grant(self, form: Mapping[str, str]) -> Answer:
        """Answer `POST /api/1.0/token`.

        Raises:
            BadGrant: The client, the grant, the code or the refresh token is not acceptable.
        """
        self._check_client(form)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            return self._use(self._codes, form.get("code", ""), "The code was used, or never given.")
        if kind == "refresh_token":
            return self._use(self._refresh, form.get("refresh_token", ""), "The refresh token was revoked.")
        raise BadGrant("unsupported_grant_type", "The grant type is not supported.")

    def accepts(self, token: str) -> bool:
        """Whether the access token is known and has not expired."""
        personal = self._settings.personal_token
        if personal and hmac.compare_digest(token.encode(), personal.encode()):
            return True
        expires = self._expires.get(token)
        return expires is not None and self._settings.now() < expires

    def revoke_all(self) -> None:
        """Forget every token, as when the retailer disconnects the app."""
        self._expires.clear()
        self._refresh.clear()

    def _check_client(self, form: Mapping[str, str]) -> None:
        known = hmac.compare_digest(form.get("client_id", "").encode(), self._settings.client_id.encode())
        secret = hmac.compare_digest(form.get("client_secret", "").encode(), self._settings.client_secret.encode())
        if not (known and secret):
            raise BadGrant("invalid_client", "The client id or secret is wrong.", 401)

    def _use(self, good: set[str], offered: str, refusal: str) -> Answer:
        if offered not in good:
            raise BadGrant("invalid_grant", refusal)
        good.remove(offered)
        lives = self._settings.access_token_lives
        expires = self._settings.now() + timedelta(seconds=lives)
        access, refresh = secrets.token_hex(24), secrets.token_hex(24)
        self._expires[access] = expires
        self._refresh.add(refresh)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires": int(expires.timestamp()),
            "expires_in": lives,
            "refresh_token": refresh,
            "domain_prefix": self._settings.domain_prefix,
            "scope": " ".join(sorted(self._settings.scopes)),
        }
