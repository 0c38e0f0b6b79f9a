"""The vector of a question, in time or not at all: a search by words never waits long for one by meaning."""

import asyncio
import hashlib
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

_WITHIN: Final = 0.15  # seconds; ten times what a question takes on an idle core
_REST: Final = 30.0  # seconds without asking a model that failed
_KEPT: Final = 4_096  # questions, 6 MB; what is asked often is asked in the same words
_log = logging.getLogger(__name__)


class Embedding(Protocol):
    """Texts to vectors; `knowledge.memory.embed.Embedder` in the product."""

    async def embed(self, texts: Sequence[str]) -> Vector:
        """One row per text."""
        ...


class Questions:
    """Vectors of questions, remembered under a keyed digest: what somebody typed is not kept readable.

    Args:
        embedder: What reads them.
        within: Seconds a question may take; a vector that comes later serves the next who asks the same.
    """

    def __init__(self, embedder: Embedding, within: float = _WITHIN) -> None:
        self._embedder = embedder
        self._within = within
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, Vector] = OrderedDict()
        self._coming: dict[bytes, asyncio.Task[None]] = {}
        self._resting_until = float("-inf")

    async def vector(self, text: str) -> Vector | None:
        """The question's unit vector; `None` when there is none in time."""
        name = hashlib.blake2b(text.encode(), key=self._key, digest_size=16).digest()
        if name in self._known:
            self._known.move_to_end(name)
            return self._known[name]
        if time.monotonic() < self._resting_until:
            return None
        task = self._coming.get(name)
        if task is None:
            task = self._coming[name] = asyncio.create_task(self._learn(name, text), name="read a question")
        await asyncio.wait({task}, timeout=self._within)
        return self._known.get(name)

    async def close(self) -> None:
        """Stop reading."""
        tasks = list(self._coming.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _learn(self, name: bytes, text: str) -> None:
        try:
            self._known[name] = (await self._embedder.embed([text]))[0]
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the model, words still find
            self._resting_until = time.monotonic() + _REST
            _log.warning("questions are read by words only for a while: %s", type(error).__name__)
        finally:
            self._coming.pop(name, None)
