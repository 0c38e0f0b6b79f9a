"""What a platform would say goods cost: from a list, late, or not at all; it counts how often it is asked."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from policies.errors import Unavailable
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tools.platform import PlatformPrice


@dataclass
class PriceList:
    """The pricing half of `tools.platform.Catalog`.

    Attributes:
        cents: By sku; others are not sold.
        asked: Every question, in order.
        down: The platform does not answer.
        held: While it is there and not set, answers wait for it.
        heard: Set by every question.
    """

    cents: dict[str, int]
    now: Callable[[], datetime]
    asked: list[list[str]] = field(default_factory=list[list[str]])
    down: bool = False
    held: asyncio.Event | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        wanted, at = list(skus), self.now()
        self.asked.append([str(sku) for sku in wanted])
        self.heard.set()
        if self.held is not None:
            await self.held.wait()
        if self.down:
            raise Unavailable("The platform does not answer.", code="platform.unavailable")
        return [PlatformPrice(sku, Money(self.cents[sku], "USD"), at) for sku in wanted if sku in self.cents]
