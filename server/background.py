"""Work that goes on after its answer was given: counted, bounded, and finished before the process ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)

_MOST = 1_000  # tasks at once; what is beyond is left to the workers, who find it in the database
_END_WITHIN = 10.0  # seconds to finish when the process stops


class Background:
    """Holds tasks until they are done; only for work that the database remembers anyway."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Begin now; an error is logged by its type, for the workers try again."""
        if len(self._tasks) >= _MOST:
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Wait for what is under way, but not for ever."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_END_WITHIN)
            for task in late:
                task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("%s is left to the workers: %s", task.get_name(), type(error).__name__)
