"""Access tokens of the app on the shop: client credentials, token exchange and refresh.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from evals.retailer.shopify.settings import ShopifySettings

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_SUBJECT = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"
EXPIRING_OFFLINE_LIVES = 3_600  # seconds
REFRESH_LIVES = 90 * 86_400  # seconds
SESSION_LEEWAY = 10  # seconds of clock difference that Shopify's own library grants a session token

Answer = dict[str, object]


class BadGrant(Exception):
    """The token endpoint refuses, with an OAuth error name."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


@dataclass(frozen=True, slots=True)
class _Pair:
    """An expiring access token and the refresh token that replaces it."""

    access: str
    refresh: str
    refresh_expires: datetime


class Tokens:
    """Every token this shop has issued to the app."""

    def __init__(self, settings: ShopifySettings) -> None:
        self._settings = settings
        self._expires: dict[str, datetime | None] = {}
        self._pairs: dict[str, _Pair] = {}  # by refresh token
        self._successors: dict[str, _Pair] = {}  # by the refresh token they were issued for
        self._replaced: dict[str, _Pair] = {}  # by either token of the successor

    def grant(self, form: Mapping[str, Any]) -> Answer:
        """Answer `POST /admin/oauth/access_token`.

        Raises:
            BadGrant: The client, the grant or the token offered is not acceptable.
        """
        self._check_client(form)
        kind = form.get("grant_type")
        if kind == "client_credentials":
            return self._issue(self._settings.access_token_lives)
        if kind == EXCHANGE:
            return self._exchange(form)
        if kind == "refresh_token":
            return self._refresh(str(form.get("refresh_token", "")))
        raise BadGrant("unsupported_grant_type", "The grant type is not supported.")

    def accepts(self, token: str) -> bool:
        """Whether the access token is known and has not expired. Using a replacement retires what it replaced."""
        if token not in self._expires:
            return False
        expires = self._expires[token]
        if expires is not None and expires <= self._settings.now():
            return False
        self._retire_replaced_by(token)
        return True

    def revoke_all(self) -> None:
        """Forget every token, as when the merchant removes the app."""
        self._expires.clear()
        self._pairs.clear()
        self._successors.clear()
        self._replaced.clear()

    def _check_client(self, form: Mapping[str, Any]) -> None:
        known = hmac.compare_digest(str(form.get("client_id", "")).encode(), self._settings.client_id.encode())
        secret = hmac.compare_digest(str(form.get("client_secret", "")).encode(), self._settings.client_secret.encode())
        if not (known and secret):
            raise BadGrant("invalid_client", "The client id or secret is wrong.", 401)

    def _exchange(self, form: Mapping[str, Any]) -> Answer:
        if form.get("subject_token_type") != _SUBJECT:
            raise BadGrant("invalid_request", "The subject token type must be an id token.")
        claims = self._session(str(form.get("subject_token", "")))
        if form.get("requested_token_type") == ONLINE:
            answer = self._issue(self._settings.access_token_lives)
            user = str(claims["sub"])
            return answer | {"associated_user_scope": answer["scope"], "associated_user": {"id": user}}
        if form.get("requested_token_type") != OFFLINE:
            raise BadGrant("invalid_request", "The requested token type is unknown.")
        return self._answer(self._new_pair()) if str(form.get("expiring", "0")) == "1" else self._issue(None)

    def _session(self, token: str) -> dict[str, Any]:
        """The claims of a session token, checked as Shopify's library checks them, against the shop's clock."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._settings.client_secret,
                algorithms=["HS256"],
                audience=self._settings.client_id,
                options={
                    "require": ["exp", "nbf", "dest", "sub"],
                    "verify_exp": False,  # the times are checked below, by the shop's clock
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise BadGrant("invalid_subject_token", "The session token is not valid.") from error
        now = self._settings.now().timestamp()
        in_time = float(claims["nbf"]) - SESSION_LEEWAY <= now < float(claims["exp"]) + SESSION_LEEWAY
        if not in_time or claims["dest"] != f"https://{self._settings.shop_domain}":
            raise BadGrant("invalid_subject_token", "The session token is expired or for another shop.")
        return claims

    def _refresh(self, refresh: str) -> Answer:
        """A new pair. The same refresh token answers the same pair until the app uses it, so a lost answer is no loss.

        https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens
        """
        self._retire_replaced_by(refresh)
        pair = self._pairs.get(refresh)
        if pair is None or pair.refresh_expires <= self._settings.now():
            raise BadGrant("invalid_grant", "The refresh token is expired or was revoked.")
        return self._answer(self._successors.get(refresh) or self._new_pair(pair))

    def _issue(self, lives: int | None) -> Answer:
        token = f"shpat_{secrets.token_hex(16)}"
        self._expires[token] = None if lives is None else self._settings.now() + timedelta(seconds=lives)
        answer: Answer = {"access_token": token, "scope": ",".join(sorted(self._settings.scopes))}
        return answer if lives is None else answer | {"expires_in": lives}

    def _new_pair(self, replacing: _Pair | None = None) -> _Pair:
        access = str(self._issue(EXPIRING_OFFLINE_LIVES)["access_token"])
        expires = self._settings.now() + timedelta(seconds=REFRESH_LIVES)
        pair = _Pair(access, f"shprt_{secrets.token_hex(16)}", expires)
        self._pairs[pair.refresh] = pair
        if replacing:
            self._successors[replacing.refresh] = pair
            self._replaced[pair.access] = self._replaced[pair.refresh] = replacing
        return pair

    def _answer(self, pair: _Pair) -> Answer:
        return {
            "access_token": pair.access,
            "scope": ",".join(sorted(self._settings.scopes)),
            "expires_in": EXPIRING_OFFLINE_LIVES,
            "refresh_token": pair.refresh,
            "refresh_token_expires_in": int((pair.refresh_expires - self._settings.now()).total_seconds()),
        }

    def _retire_replaced_by(self, token: str) -> None:
        pair = self._replaced.pop(token, None)
        if pair:
            self._pairs.pop(pair.refresh, None)
            self._successors.pop(pair.refresh, None)
            self._expires.pop(pair.access, None)
