"""Gather what a specialist may see: all sources at once, each in its own time; what is late is left out and named."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.errors import TillhandError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to find out.

    Attributes:
        read: Called once.
        within: Seconds it may take.
        otherwise: What stands in for it when it is late or fails.
    """

    read: Callable[[], Awaitable[Any]]
    within: float
    otherwise: Any


@dataclass(frozen=True, slots=True)
class Context:
    """What was found; `missing` names sources that were late or failed, so that a decision can say what it lacked."""

    found: Mapping[str, Any]
    missing: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether something is missing."""
        return bool(self.missing)


async def gather(sources: Mapping[str, Source]) -> Context:
    """Read all sources in parallel. One that fails takes nothing from the others; cancelling stops them all."""
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_read(name, source)) for name, source in sources.items()}
    results = {name: task.result() for name, task in tasks.items()}
    missing = tuple(sorted(name for name, (_, told) in results.items() if not told))
    return Context({name: value for name, (value, _) in results.items()}, missing)


async def _read(name: str, source: Source) -> tuple[Any, bool]:
    try:
        async with asyncio.timeout(source.within):
            return await source.read(), True
    except (TimeoutError, TillhandError) as error:
        logger.warning("context without %s: %s", name, type(error).__name__)
        return source.otherwise, False
