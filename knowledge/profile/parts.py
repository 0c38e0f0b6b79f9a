"""What is known of a customer, read from several places at once: each in its own time, each with its age."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.errors import TillhandError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing known.

    Attributes:
        as_of: The newest fact it rests on; `None` where there is none.
    """

    value: Any
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found in time; `missing` names what was not."""

    parts: Mapping[str, Part]
    missing: tuple[str, ...]


async def gather_parts(sources: Mapping[str, Callable[[], Awaitable[Part]]], *, within: float) -> Gathered:
    """Read all sources in parallel; one that is slow or fails is left out and named.

    Args:
        sources: By name; each is called once.
        within: Seconds each may take.
    """
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_read(name, source, within)) for name, source in sources.items()}
    found = {name: part for name, task in tasks.items() if (part := task.result()) is not None}
    return Gathered(found, tuple(sorted(sources.keys() - found.keys())))


async def _read(name: str, source: Callable[[], Awaitable[Part]], within: float) -> Part | None:
    try:
        async with asyncio.timeout(within):
            return await source()
    except (TimeoutError, TillhandError) as error:
        logger.warning("a profile without %s: %s", name, type(error).__name__)
        return None
