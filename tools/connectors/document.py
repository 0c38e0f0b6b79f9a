"""One small document by its web address: in time, up to a size, and from nowhere else than that address."""

import asyncio
from typing import Final

import httpx

from policies.errors import Unavailable
from tools.connectors.trust import authorities

_OK: Final = 200


class WebDocument:
    """A document that is read again and again.

    Args:
        url: Its address.
        limit: Bytes; a longer one is not read.
        within_s: Seconds the whole of it may take.
    """

    def __init__(self, url: str, *, limit: int = 262_144, within_s: float = 5.0) -> None:
        self._url = url
        self._limit = limit
        self._within_s = within_s
        self._client: httpx.AsyncClient | None = None  # commands that never read it open nothing

    async def read(self) -> bytes:
        """Its bytes as of now.

        Raises:
            Unavailable: It did not come whole and in time, or is too long.
        """
        if self._client is None:
            # a redirect could lead anywhere, and a proxy of the environment's is not what the operator set
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                timeout=self._within_s,
                verify=authorities(trust_env=False),
            )
        try:
            async with asyncio.timeout(self._within_s):
                return await self._read(self._client)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._unavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()

    async def _read(self, client: httpx.AsyncClient) -> bytes:
        body = bytearray()
        async with client.stream("GET", self._url, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != _OK:
                raise self._unavailable(f"status {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > self._limit:
                    raise self._unavailable("too long")
        return bytes(body)

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(f"{self._url} could not be read: {why}.", code="document.unavailable")
