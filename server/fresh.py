"""Answers that are never older than the question: callers who come before one is asked share it, later ones ask anew.

Remembering who holds a key for a few seconds would leave a stolen one working for as long. Asking for every call by
itself would cost a burst as many questions as it has calls.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Fresh(Generic[T]):
    """Asks about names.

    Args:
        ask: The question; what it answers was true at some moment after it was called.
    """

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._question = ask
        self._next: dict[str, asyncio.Task[T]] = {}  # the question about a name that has not been sent yet
        self._turns = WeakValueDictionary[str, asyncio.Lock]()  # one question about a name at a time

    async def __call__(self, name: str) -> T:
        """The answer about this name, as of now or later; whatever the question raises is raised here."""
        task = self._next.get(name)
        if task is None:
            task = self._next[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(_heard)
        return await asyncio.shield(task)  # whoever hangs up does not hang up for the others

    async def _ask(self, name: str) -> T:
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            del self._next[name]  # from here on, whoever comes asks anew
            return await self._question(name)


def _heard(task: asyncio.Task[T]) -> None:
    """An error nobody waits for any more is nobody's error."""
    if not task.cancelled():
        task.exception()
