"""all-MiniLM-L6-v2, run as six layers of plain matrix products: a question is read in a few milliseconds on one core.

The libraries that usually run it take seconds to import and as long again per question as the model itself. The weights
and the tokenizer lie in a package; nothing is fetched. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DIMENSIONS: Final = 384
LONGEST: Final = 256  # tokens; what is beyond is not read, as the model was trained
_HEADS: Final = 12
_LAYERS: Final = 6
_EPSILON: Final = 1e-12


class Encoder:
    """The model in memory, 90 MB. Not to be used from two threads at once.

    Raises:
        OSError: The weights cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        torch: Any = importlib.import_module("torch")
        tensors: Any = importlib.import_module("safetensors.torch")
        tokenizers: Any = importlib.import_module("tokenizers")
        self._torch = torch
        self._weights: dict[str, Any] = tensors.load_file(str(folder / "model.safetensors"))
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._layers = [self._layer(f"encoder.layer.{number}.") for number in range(_LAYERS)]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row of 384 per text; texts of like length together are read fastest."""
        torch = self._torch
        torch.set_num_threads(1)  # of this thread, and each has its own: a server has other work for its other cores
        read = [self._tokenizer.encode(text).ids for text in texts]
        longest = max(map(len, read))
        ids = torch.zeros((len(read), longest), dtype=torch.long)
        there = torch.zeros((len(read), longest), dtype=torch.bool)
        for row, tokens in enumerate(read):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            there[row, : len(tokens)] = True
        with torch.inference_mode():
            told = there.unsqueeze(-1)
            states = self._read(ids, None if bool(there.all()) else there[:, None, None, :])
            meant = (states * told).sum(1) / told.sum(1)
            return np.asarray(torch.nn.functional.normalize(meant).numpy(), dtype=np.float32)

    def _read(self, ids: Any, mask: Any) -> Any:
        torch, weights = self._torch, self._weights
        functional = torch.nn.functional
        many, length = ids.shape
        states = functional.layer_norm(
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0],
            (DIMENSIONS,),
            weights["embeddings.LayerNorm.weight"],
            weights["embeddings.LayerNorm.bias"],
            _EPSILON,
        )
        for asks, mixes, first, widens, narrows, second in self._layers:
            parts = functional.linear(states, *asks).view(many, length, 3, _HEADS, DIMENSIONS // _HEADS)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
            seen = seen.transpose(1, 2).reshape(many, length, DIMENSIONS)
            states = functional.layer_norm(states + functional.linear(seen, *mixes), (DIMENSIONS,), *first, _EPSILON)
            wide = functional.gelu(functional.linear(states, *widens))
            states = functional.layer_norm(states + functional.linear(wide, *narrows), (DIMENSIONS,), *second, _EPSILON)
        return states

    def _layer(self, name: str) -> tuple[tuple[Any, Any], ...]:
        """Weight and bias of each step of a layer, in their order; attention asks its three questions at once."""
        own = [self._pair(f"{name}attention.self.{part}") for part in ("query", "key", "value")]
        asks = tuple(self._torch.cat([pair[place] for pair in own]) for place in (0, 1))
        return (
            (asks[0], asks[1]),
            self._pair(f"{name}attention.output.dense"),
            self._pair(f"{name}attention.output.LayerNorm"),
            self._pair(f"{name}intermediate.dense"),
            self._pair(f"{name}output.dense"),
            self._pair(f"{name}output.LayerNorm"),
        )

    def _pair(self, name: str) -> tuple[Any, Any]:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
