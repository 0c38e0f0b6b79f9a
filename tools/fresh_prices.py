"""What goods cost right now, asked of the platform that sells them: a price decides over money only while it is fresh.

Whoever computes a discount asks here first, and rests on nothing the platform did not say within the last seconds. Many
who ask about the same goods at once are answered by one question.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from knowledge.store.session import utc_now
from policies.errors import TillhandError
from policies.vocabulary.ids import Sku
from tools.platform import PlatformPrice

_KEPT: Final = 4_096  # prices; far more than anybody asks about within seconds
WITHIN: Final = 2.0  # seconds a question may take when nobody waits at a register


class Prices(Protocol):
    """The one read of a platform's catalog that decisions rest on."""

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        """What these cost as of now; those the platform does not sell are left out."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    skus: frozenset[Sku]
    answer: "asyncio.Task[None]"


class FreshPrices:
    """Prices of now, by platform.

    Args:
        catalogs: By the platform's name.
        now: The present, aware.
    """

    def __init__(self, catalogs: Mapping[str, Prices], now: Callable[[], datetime] = utc_now) -> None:
        self._catalogs = catalogs
        self._now = now
        self._told: dict[tuple[str, Sku], PlatformPrice] = {}
        self._asking: dict[str, list[_Asked]] = {}

    async def of(
        self, platform: str, skus: Iterable[str], *, younger_than: int, within: float = WITHIN
    ) -> dict[Sku, PlatformPrice]:
        """The prices that could be had; what the platform does not tell in time is left out.

        Args:
            platform: Whose prices.
            skus: Of which goods.
            younger_than: Seconds; what was told longer ago is asked for again.
            within: Seconds to wait for the platform; 0 or less asks nothing.
        """
        wanted = frozenset(map(Sku, skus))
        missing = wanted - self._young(platform, wanted, younger_than).keys()
        if missing and within > 0 and platform in self._catalogs:
            waiting = self._ask(platform, missing)
            await asyncio.wait(waiting, timeout=within)  # late answers still come, for whoever asks next
        return self._young(platform, wanted, younger_than)

    async def close(self) -> None:
        """Stop asking."""
        asked = [each.answer for some in self._asking.values() for each in some]
        for answer in asked:
            answer.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _young(self, platform: str, skus: Iterable[Sku], seconds: int) -> dict[Sku, PlatformPrice]:
        since = self._now() - timedelta(seconds=seconds)
        told = {sku: self._told.get((platform, sku)) for sku in skus}
        return {sku: price for sku, price in told.items() if price is not None and price.observed_at >= since}

    def _ask(self, platform: str, missing: frozenset[Sku]) -> "set[asyncio.Task[None]]":
        """The questions whose answers cover these goods: those under way, and one more for the rest."""
        under_way = self._asking.setdefault(platform, [])
        useful = [each for each in under_way if each.skus & missing]
        rest = missing.difference(*(each.skus for each in useful))
        if rest:
            asked = _Asked(rest, asyncio.create_task(self._put(platform, rest), name=f"prices of {platform}"))
            under_way.append(asked)
            asked.answer.add_done_callback(lambda _: under_way.remove(asked))
            useful.append(asked)
        return {each.answer for each in useful}

    async def _put(self, platform: str, skus: frozenset[Sku]) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                told = await self._catalogs[platform].prices(sorted(skus))
        except (TillhandError, TimeoutError):
            return  # no price is an answer too: nothing is offered on it
        if len(self._told) > _KEPT:
            self._told.clear()
        self._told.update({(platform, price.sku): price for price in told})
