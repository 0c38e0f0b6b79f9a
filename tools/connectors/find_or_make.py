"""Exactly one effect where a platform remembers no keys: look for it, make it, and after a lost answer look again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tools.connectors.http import AnswerLost

T = TypeVar("T")
_TRIES = 3


async def find_or_make(find: Callable[[], Awaitable[T | None]], make: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
    """The one thing, and whether it was there already.

    Args:
        find: Looks for what an earlier try made.
        make: Makes it once; raises `AnswerLost` when whether it did is not known.

    Raises:
        AnswerLost: It was not found after several tries, none of which was answered.
    """
    for tries_left in reversed(range(_TRIES)):
        found = await find()
        if found is not None:
            return found, True
        try:
            return await make(), False
        except AnswerLost:
            if not tries_left:
                raise
    raise AssertionError("the last try answers or raises")
