"""The app's access token by client credentials, shared by everybody who asks and renewed before it expires.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, ValidationError

from policies.errors import Misconfigured, Unavailable
from tools.connectors.amounts import read_json
from tools.connectors.clock import Clock
from tools.connectors.http import Http, Request
from tools.connectors.rate_limit import Budget
from tools.connectors.shopify.settings import ShopifySettings
from tools.connectors.told import Wire

_RENEW_BEFORE = timedelta(minutes=5)
_OK = 200


class _Granted(Wire):
    access_token: str = Field(min_length=1)
    expires_in: int | None = None  # seconds; absent when the token does not expire


class AccessToken:
    """One token for the whole process."""

    def __init__(
        self, settings: ShopifySettings, client: httpx.AsyncClient, now: Callable[[], datetime], clock: Clock
    ) -> None:
        self._settings = settings
        self._now = now
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at: datetime | None = None
        # Tokens have a budget of their own: Shopify does not count them in query points.
        self._http: Http[Any] = Http(
            client, "shopify", Budget(10, 1, clock), _body, patience=settings.patience, clock=clock
        )

    async def get(self) -> str:
        """A token that is good for some minutes; only one caller at a time asks for a new one.

        Raises:
            Misconfigured: Shopify does not accept the app's credentials.
            Unavailable: Shopify does not answer.
        """
        async with self._lock:
            if not self._token or (self._renew_at is not None and self._now() >= self._renew_at):
                await self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """Shopify refused this token: the next caller gets a new one. Another one meanwhile renewed stays."""
        if token == self._token:
            self._token = ""

    async def _renew(self) -> None:
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "grant_type": "client_credentials",
        }
        answer = await self._http.send(
            Request(
                name="POST access_token",
                method="POST",
                url=f"{self._settings.base_url}/admin/oauth/access_token",
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                content=json.dumps(form).encode(),
            )
        )
        if answer.status != _OK:
            raise Misconfigured(
                "Shopify does not accept the app's client id and secret.",
                code="shopify.credentials",
                hint="Check them, and that the app is installed on this shop.",
            )
        try:
            granted = _Granted.model_validate(answer.body)
        except ValidationError as error:
            raise Unavailable("Shopify's answer is not understood.", code="shopify.unavailable") from error
        self._token = granted.access_token
        lives = None if granted.expires_in is None else timedelta(seconds=granted.expires_in)
        # A short-lived token is renewed half way through its life.
        self._renew_at = None if lives is None else self._now() + max(lives - _RENEW_BEFORE, lives / 2)


def _body(response: httpx.Response) -> Any:
    try:
        return read_json(response.content)
    except ValueError:
        return None
