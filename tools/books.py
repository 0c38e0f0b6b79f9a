"""What is written in books of our own instead of at a platform: who is one person, and what changes a forecast.

As at a platform, only `tools.executor` writes, or a burst the guard itself carries out.
"""

from collections.abc import Sequence
from typing import Protocol

from policies.actions.forecast_override import CancelForecastOverride, ForecastOverride
from policies.actions.profile_link import ProfileLink
from policies.errors import TillhandError
from tools.platform import Receipt, WriteContext


class Links(Protocol):
    """Which customers are one person, where it is written down."""

    async def say(self, link: ProfileLink, context: WriteContext) -> Receipt:
        """Write it down once, or find that an earlier try did.

        Raises:
            NotFound: One of the customers is known no more.
            Refused: Two who were taken apart would meet by it (`identity.apart`).
        """
        ...

    async def say_all(self, links: Sequence[tuple[ProfileLink, WriteContext]]) -> list[Receipt | TillhandError]:
        """The same for many at once: each one's receipt, or why it is not."""
        ...


class Overrides(Protocol):
    """Changes of forecasts, where they are written down."""

    async def keep(self, override: ForecastOverride, context: WriteContext) -> Receipt:
        """Write it down once, in force at once, or find that an earlier try did.

        Raises:
            NotFound: There is no forecast to change.
            Refused: Some of its days were changed meanwhile (`override.overlaps`).
        """
        ...

    async def end(self, cancel: CancelForecastOverride, context: WriteContext) -> Receipt:
        """End it; ended again, nothing is changed.

        Raises:
            NotFound: There is none by this reference.
        """
        ...
