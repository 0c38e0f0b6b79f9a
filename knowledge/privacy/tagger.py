"""Names, addresses and places that no pattern finds: a small network over words, shipped with the code.

Runs on numpy alone. `evals/tagger` trains it; what it was trained on was written for this project, names and addresses
drawn from lists. Its weights are read at the first use; without them nothing is found, and `find` raises.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.privacy.features import Reader
from knowledge.privacy.spans import Span
from knowledge.privacy.tokens import Token, tokens

WEIGHTS: Final = Path(__file__).parent / "weights" / "tagger.npz"
DILATIONS: Final = (1, 2, 4, 8, 1, 2, 4, 1)  # words apart that each layer looks, as in training
KINDS: Final = ("PERSON", "ADDRESS", "LOCATION")  # labels 1 to 3; 0 is nothing and 4 a company
_EPSILON: Final = 1e-5
_JOINS: Final = frozenset(".,-'’&\n/")  # what may stand between two parts of one name or address
_POSTCODE_AFTER: Final = re.compile(r"[ ,\n]{1,2}(?!(?:19|20)\d\d\b)\d{4,6}\b(?![.,]\d)")
_FIVE_DIGITS_AFTER: Final = re.compile(r"[ ,\n]{1,2}\d{5}\b(?![.,]\d)")
_NUMBER_BEFORE: Final = re.compile(r"(?<![\w$£€.,#-])\d{1,5}[a-z]?,? $", re.IGNORECASE)
_OF_A_PLACE: Final = 0.5  # the least sureness of a place: a place alone is nobody's, unlike a name
_FAINT: Final = 0.04  # sure enough for a word between two words of one address


@dataclass(frozen=True, slots=True)
class Tagger:
    """The network, ready to read."""

    reader: Reader
    arrays: dict[str, NDArray[Any]]
    depth: int

    def find(self, text: str, sureness: float, *, plain_words: bool = False) -> list[Span]:
        """Stretches that are a name, an address or a place with at least this sureness, between 0 and 1.

        Args:
            text: As it reads.
            sureness: Between 0 and 1.
            plain_words: Whether one small-letter word that no list holds may be a name although capitals are used.
        """
        found = tokens(text)
        if not found:
            return []
        shares = self.shares(text, found)
        named = shares[:, 1:4]
        kinds = named.argmax(1)
        places_are_plain = (kinds == KINDS.index("LOCATION")) & (not plain_words)
        chosen = named.sum(1) >= np.where(places_are_plain, max(sureness, _OF_A_PLACE), sureness)
        _close_gaps(found, chosen, kinds, named.sum(1))
        if not plain_words and not text.islower():
            self._drop_plain_words(found, chosen, kinds)
        return _with_numbers(text, _grouped(text, found, chosen, kinds))

    def _drop_plain_words(self, found: list[Token], chosen: NDArray[np.bool_], kinds: NDArray[np.int64]) -> None:
        """Where capitals are used, one small-letter word that no list of names holds is nobody's name."""
        for place, token in enumerate(found):
            if not chosen[place] or KINDS[int(kinds[place])] == "ADDRESS" or not token.text.islower():
                continue
            alone = not chosen[max(0, place - 1) : place].any() and not chosen[place + 1 : place + 2].any()
            if alone and not self.reader.is_listed(token.text):
                chosen[place] = False

    def _rows(self, places: NDArray[np.int32]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = self.arrays["rows"][places] * self.arrays["scale"][places]
        return rows

    def shares(self, text: str, found: list[Token]) -> NDArray[np.float32]:
        """For each token, how likely each label is, `(n, 5)`."""
        features = self.reader.read(text, found)
        there = (features.rest >= 0).astype(np.float32)
        state = self._rows(features.first) + self._rows(features.extra).sum(1)
        inner = (self._rows(features.rest) * there[..., None]).sum(1)
        state = (state + inner / np.maximum(there.sum(1, keepdims=True), 1)).astype(np.float32)
        state = _normal(state, self.arrays["entry"])
        for layer in range(self.depth):
            apart = DILATIONS[layer]
            padded = np.zeros((len(found) + 2 * apart, state.shape[1]), np.float32)
            padded[apart:-apart] = state
            seen = np.concatenate([padded[: -2 * apart], state, padded[2 * apart :]], 1)
            both = seen @ self.arrays[f"kernel{layer}"] + self.arrays[f"bias{layer}"]
            value, gate = both[:, : state.shape[1]], both[:, state.shape[1] :]
            opened: NDArray[np.float32] = np.exp(-np.clip(gate, -30, 30)).astype(np.float32)
            state = _normal(np.asarray(state + value / (1 + opened), np.float32), self.arrays[f"norm{layer}"])
        scores = state @ self.arrays["labels"] + self.arrays["labels_bias"]
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)


@lru_cache(maxsize=1)
def shipped() -> Tagger:
    """The tagger that comes with the code; read once."""
    return read(WEIGHTS)


def read(path: Path) -> Tagger:
    """The tagger of a file that `evals.tagger.train` wrote."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    pieces = arrays.pop("pieces").tobytes().decode().split("\n")
    lists = [frozenset(int(mark) for mark in arrays.pop(f"list{number}")) for number in range(3)]
    for name, values in arrays.items():
        if values.dtype == np.float16:
            arrays[name] = values.astype(np.float32)
    depth = sum(name.startswith("kernel") for name in arrays)
    return Tagger(Reader(pieces, lists), arrays, depth)


def _normal(state: NDArray[np.float32], norm: NDArray[np.float32]) -> NDArray[np.float32]:
    centered = state - state.mean(1, keepdims=True)
    return centered / np.sqrt((centered * centered).mean(1, keepdims=True) + _EPSILON) * norm[0] + norm[1]


def _close_gaps(
    found: list[Token], chosen: NDArray[np.bool_], kinds: NDArray[np.int64], sureness: NDArray[np.float32]
) -> None:
    """A sign between two parts of one name, or a faint word between two of one address, belongs to it."""
    for place in range(1, len(found) - 1):
        if chosen[place] or not chosen[place - 1] or not chosen[place + 1]:
            continue
        same = kinds[place - 1] == kinds[place + 1]
        of_address = kinds[place - 1] > 0 and kinds[place + 1] > 0
        if (same and found[place].text in _JOINS) or (of_address and sureness[place] > _FAINT):
            chosen[place], kinds[place] = True, kinds[place - 1]


def _grouped(text: str, found: list[Token], chosen: NDArray[np.bool_], kinds: NDArray[np.int64]) -> list[Span]:
    spans: list[Span] = []
    for place, token in enumerate(found):
        if not chosen[place] or token.text == "\n":
            continue
        kind = KINDS[int(kinds[place])]
        if spans and place and chosen[place - 1] and spans[-1].kind == kind:
            spans[-1] = spans[-1]._replace(end=token.end)
        else:
            spans.append(Span(kind, token.start, token.end))
    return [span for span in spans if any(c.isalnum() for c in text[span.start : span.end])]


def _with_numbers(text: str, spans: list[Span]) -> list[Span]:
    """The house number before an address and the postcode after a place belong to them."""
    addressed = any(span.kind == "ADDRESS" for span in spans)
    found: list[Span] = []
    for span in spans:
        start, end = span.start, span.end
        if span.kind in {"ADDRESS", "LOCATION"}:
            if after := (_POSTCODE_AFTER if addressed else _FIVE_DIGITS_AFTER).match(text, end):
                end = after.end()
            if span.kind == "ADDRESS" and (before := _NUMBER_BEFORE.search(text[max(0, start - 10) : start])):
                start -= len(before.group())
        found.append(Span(span.kind, start, end))
    return found
