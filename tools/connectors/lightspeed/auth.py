"""Access by a refresh token that rotates: each is good once, and its successor is kept before anybody uses it.

https://x-series-api.lightspeedhq.com/docs/authorization
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import Field, ValidationError

from policies.errors import Misconfigured, Unavailable
from tools.connectors.amounts import read_json
from tools.connectors.clock import Clock
from tools.connectors.http import AnswerLost, Http, Request
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.settings import LightspeedSettings
from tools.connectors.rate_limit import Budget
from tools.connectors.token_store import Tokens, TokenShelf, TokenStore
from tools.connectors.told import Wire

_RENEW_BEFORE = timedelta(minutes=5)
_OK = 200


class _Granted(Wire):
    access_token: str = Field(min_length=1)
    refresh_token: str = Field(min_length=1)
    expires_in: int


class AccessToken:
    """One token for every process of the installation."""

    def __init__(
        self,
        settings: LightspeedSettings,
        store: TokenStore,
        client: httpx.AsyncClient,
        now: Callable[[], datetime],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._lock = asyncio.Lock()
        self._tokens: Tokens | None = None
        self._refused = ""
        # The token endpoint is not part of the API's allowance.
        self._http: Http[Any] = Http(
            client, PLATFORM, Budget(10, 1, clock), _body, patience=settings.patience, clock=clock
        )

    async def get(self) -> str:
        """A token that is good for some minutes; only one caller in the installation rotates it.

        Raises:
            Misconfigured: The connection is lost: the retailer has to agree again.
            Unavailable: Lightspeed does not answer.
        """
        async with self._lock:
            if not self._good(self._tokens):
                self._tokens = await self._store.load()
            if not self._good(self._tokens):
                async with self._store.alone() as shelf:
                    self._tokens = await self._renewed(shelf)
            if self._tokens is None:  # cannot be: renewing gives some, or raises
                raise _not_connected()
            return self._tokens.access

    def forget(self, token: str) -> None:
        """Lightspeed refused this token; another one meanwhile rotated stays."""
        self._refused = token

    def _good(self, tokens: Tokens | None) -> bool:
        """Whether a token will do; a short-lived one is renewed when it has ended, for half its life says nothing."""
        return tokens is not None and tokens.access != self._refused and tokens.expires_at > self._now()

    async def _renewed(self, shelf: TokenShelf) -> Tokens:
        kept = await shelf.load()
        if kept is not None and self._good(kept):
            return kept  # another process was first
        refresh = kept.refresh if kept else self._settings.refresh_token
        if not refresh:
            raise _not_connected()
        tokens = await self._rotate(refresh)
        await shelf.save(tokens)
        return tokens

    async def _rotate(self, refresh: str) -> Tokens:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        try:
            answer = await self._http.send(
                Request(
                    name="POST token",
                    method="POST",
                    url=f"{self._settings.base_url}/api/1.0/token",
                    headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                    content=urlencode(form).encode(),
                    repeatable=False,  # the token is used up, whether or not we hear its successor
                )
            )
        except AnswerLost as error:
            # If it was carried out, the next try is refused and says so; if not, it succeeds.
            raise Unavailable("Lightspeed does not answer at the moment.", code="lightspeed.unavailable") from error
        if answer.status != _OK:
            raise _not_connected()
        try:
            granted = _Granted.model_validate(answer.body)
        except ValidationError as error:
            raise Unavailable("Lightspeed's answer is not understood.", code="lightspeed.unavailable") from error
        lives = timedelta(seconds=granted.expires_in)
        expires_at = self._now() + max(lives - _RENEW_BEFORE, lives / 2)
        return Tokens(granted.access_token, granted.refresh_token, expires_at)


def _not_connected() -> Misconfigured:
    return Misconfigured(
        "Lightspeed is not connected: its refresh token is missing, or was used or revoked.",
        code="lightspeed.credentials",
        hint="Have the retailer agree again, and set the new refresh token.",
    )


def _body(response: httpx.Response) -> Any:
    try:
        return read_json(response.content)
    except ValueError:
        return None
