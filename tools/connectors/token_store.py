"""Rotating tokens kept sealed in the database, so that every process uses the newest and only one of them rotates it.

A refresh token is good once: whoever uses it must keep its successor before anybody else asks.
"""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from knowledge.store.tables import platform_token
from policies.errors import Misconfigured
from tools.connectors.moments import read_moment

# Held until the transaction ends: once a day for the length of one token request, the only place where one waits for a
# network. Its number is the platform's name, among locks of this one purpose.
_LOCK = text("SELECT pg_advisory_xact_lock(:space, hashtext(:platform))")
_LOCK_SPACE = 7_401


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token and the refresh token that replaces it."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


class TokenShelf(Protocol):
    """What is kept."""

    async def load(self) -> Tokens | None:
        """The newest tokens; `None` before there were any."""
        ...

    async def save(self, tokens: Tokens) -> None:
        """Keep these from now on."""
        ...


class TokenStore(TokenShelf, Protocol):
    """Keeps one platform's tokens for every process of the installation."""

    def alone(self) -> AbstractAsyncContextManager[TokenShelf]:
        """Nobody else, in this or another process, is in here at the same time; kept when the block ends well."""
        ...


class DatabaseTokenStore:
    """A row of table `platform_token`, encrypted.

    Args:
        platform: Whose tokens.
        key: A Fernet key: 32 bytes, URL-safe base64.
        now: The present, aware.

    Raises:
        Misconfigured: The key is none.
    """

    def __init__(self, database: Database, platform: str, key: bytes, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._platform = platform
        self._now = now
        try:
            self._seal = Fernet(key)
        except ValueError as error:
            raise Misconfigured(
                "The key that seals stored tokens is not a Fernet key.",
                code="tokens.key",
                hint="Set it to 32 random bytes in URL-safe base64.",
            ) from error

    async def load(self) -> Tokens | None:
        """The newest tokens.

        Raises:
            Misconfigured: They were sealed under another key.
        """
        async with self._database.reading() as connection:
            return await self._load(connection)

    async def save(self, tokens: Tokens) -> None:
        """Keep these from now on."""
        async with self._database.transaction() as connection:
            await self._save(connection, tokens)

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[TokenShelf]:
        """Load and save with nobody else in between."""
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, {"space": _LOCK_SPACE, "platform": self._platform})
            yield _Locked(self, connection)

    async def _load(self, connection: Connection) -> Tokens | None:
        rows = await connection.execute(
            select(platform_token.c.sealed).where(platform_token.c.platform == self._platform)
        )
        sealed = rows.scalar_one_or_none()
        if sealed is None:
            return None
        try:
            kept = json.loads(self._seal.decrypt(bytes(sealed)))
        except InvalidToken as error:
            raise Misconfigured(
                f"The stored tokens of {self._platform.title()} were sealed under another key.",
                code="tokens.key",
                hint="Restore the key, or connect the platform again.",
            ) from error
        return Tokens(kept["access"], kept["refresh"], read_moment(kept["expires_at"]))

    async def _save(self, connection: Connection, tokens: Tokens) -> None:
        kept = {"access": tokens.access, "refresh": tokens.refresh, "expires_at": tokens.expires_at.isoformat()}
        row = {"sealed": self._seal.encrypt(json.dumps(kept).encode()), "at": self._now()}
        await connection.execute(
            insert(platform_token)
            .values(platform=self._platform, **row)
            .on_conflict_do_update(index_elements=["platform"], set_=row)
        )


class _Locked:
    """The store, on the connection that holds the lock."""

    def __init__(self, store: DatabaseTokenStore, connection: Connection) -> None:
        self._store = store
        self._connection = connection

    async def load(self) -> Tokens | None:
        return await self._store._load(self._connection)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - one idea, two faces

    async def save(self, tokens: Tokens) -> None:
        await self._store._save(self._connection, tokens)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - same
