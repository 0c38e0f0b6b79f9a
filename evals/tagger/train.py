"""`python -m evals.tagger.train`: makes the tagger's weights, the same bytes each time on the same kind of processor.

One thread, fixed seeds, and Faker and torch as constraints.txt pins them. `--check` trains again and compares.
"""

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evals.tagger import network, pools
from evals.tagger.filling import LABELS, Example, Filling
from knowledge.privacy.features import ENDINGS, GAPS, REST, SHAPES, Reader, checksum
from knowledge.privacy.tokens import plain, tokens

WEIGHTS: Final = Path(__file__).parents[2] / "knowledge" / "privacy" / "weights" / "tagger.npz"
_SEED: Final = 20261
_BATCH: Final = 32
_POOL: Final = 60  # batches drawn at once, so that texts of a length go together
_RATE: Final = 2.5e-3
_UNLISTED: Final = 0.3  # of examples are read as if no list held their names
_UNKNOWN: Final = 0.1  # of words lose their pieces


def train(
    steps: int, width: int, depth: int, *, found: pools.Pools | None = None, report: int = 0
) -> dict[str, NDArray[Any]]:
    """The arrays of a tagger after so many batches; `report` prints the loss every so many."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(_SEED)
    found = found or pools.read()
    lists = word_lists(found)
    reader = Reader(network.pieces(), [frozenset(int(mark) for mark in marks) for marks in lists])
    model = network.Network(network.embeddings(), width, depth)
    trained = [values for values in model.parameters() if values.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps, pct_start=0.06)
    criterion = nn.CrossEntropyLoss(ignore_index=-100)
    model.train()
    began, total = time.monotonic(), 0.0
    for step, (inputs, target) in zip(range(1, steps + 1), _batches(Filling(found, _SEED), reader), strict=False):
        loss = criterion(model(*inputs).reshape(-1, len(LABELS)), target.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
        if report and step % report == 0:
            print(f"{step} of {steps}, {time.monotonic() - began:.0f} s, loss {total / report:.4f}", flush=True)
            total = 0.0
    arrays = model.arrays()
    arrays["pieces"] = np.frombuffer("\n".join(network.pieces()).encode(), np.uint8)
    for number, marks in enumerate(lists):
        arrays[f"list{number}"] = marks
    return arrays


def word_lists(found: pools.Pools) -> list[NDArray[np.uint32]]:
    """Checksums of given names, family names and places that the tagger may know."""
    groups = (
        [name for names in found.names.values() for name in names.first],
        [name for names in found.names.values() for name in names.last],
        found.places,
    )
    return [
        np.array(
            sorted({checksum(plain(token.text)) for name in group for token in tokens(name) if token.text.isalpha()}),
            np.uint32,
        )
        for group in groups
    ]


def write(arrays: dict[str, NDArray[Any]], path: Path) -> str:
    """Write the arrays; returns the SHA-256 of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    named: dict[str, Any] = arrays
    np.savez_compressed(path, **named)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _batches(filling: Filling, reader: Reader) -> Iterator[tuple[tuple[Tensor, Tensor, Tensor, Tensor], Tensor]]:
    chance = random.Random(_SEED)
    while True:
        drawn = [filling.example() for _ in range(_BATCH * _POOL)]
        drawn.sort(key=lambda example: len(example.text))
        cuts = [drawn[start : start + _BATCH] for start in range(0, len(drawn), _BATCH)]
        chance.shuffle(cuts)
        for cut in cuts:
            yield _batch(cut, reader, chance)


def _batch(
    examples: list[Example], reader: Reader, chance: random.Random
) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], Tensor]:
    read = [_read(example, reader, chance) for example in examples]
    longest = max(len(target) for *_, target in read)
    count = len(read)
    first = np.zeros((count, longest), np.int64)
    rest = np.full((count, longest, REST), -1, np.int64)
    extra = np.full((count, longest, 5), len(reader.pieces), np.int64)
    target = np.full((count, longest), -100, np.int64)
    for row, (one, others, more, marks) in enumerate(read):
        first[row, : len(one)] = one
        rest[row, : len(one)] = others
        extra[row, : len(one)] = more
        target[row, : len(one)] = marks
    there = torch.from_numpy((target != -100).astype(np.float32)).unsqueeze(-1)  # noqa: PLR2004
    return (torch.from_numpy(first), torch.from_numpy(rest), torch.from_numpy(extra), there), torch.from_numpy(target)


def _read(example: Example, reader: Reader, chance: random.Random) -> tuple[NDArray[Any], ...]:
    found = tokens(example.text)
    first, rest, extra = reader.read(example.text, found)
    marks = np.zeros(len(found), np.int64)
    for start, end, label in example.spans:
        for place, token in enumerate(found):
            if token.start < end and token.end > start:
                marks[place] = LABELS.index(label)
    if chance.random() < _UNLISTED:
        extra[:, 3] = len(reader.pieces) + ENDINGS + SHAPES + GAPS
    unknown = reader.pieces.index("[UNK]")
    for place in range(len(found)):
        if chance.random() < _UNKNOWN:
            first[place], rest[place] = unknown, -1
    return first, rest, extra, marks


def main(arguments: list[str]) -> int:
    """Train and write, or train and compare; the exit code is 1 when the bytes differ."""
    parser = argparse.ArgumentParser(prog="python -m evals.tagger.train", description=__doc__)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args(arguments)
    arrays = train(options.steps, options.width, options.depth, report=200)
    if options.check:
        with np.load(options.output) as held:
            same = set(held.files) == set(arrays) and all(np.array_equal(held[name], arrays[name]) for name in arrays)
        print("the same" if same else "different")
        return 0 if same else 1
    print(write(arrays, options.output), options.output.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
