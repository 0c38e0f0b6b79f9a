"""How words and meaning become one order, and how sure we are that anything fits: few weights, learned once.

`ranking.toml` holds them; `python -m evals.search.choose` writes it from one half of the judged searches.
"""

import math
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.words.matching import Matches

Scores = NDArray[np.float32]
FILE: Final = Path(__file__).with_name("ranking.toml")
_CALLED: Final = 0.999  # share of a question in a product's name from which it fits, whatever else is known of it
_ENOUGH: Final = 1_000  # products before it means something that the best one stands out among them


@dataclass(frozen=True, slots=True)
class Sureness:
    """How the best score, and how far its meaning stands out, become a share of one: a logistic curve.

    Attributes:
        typical: How far the best stands out when a question has an answer; taken where it cannot be computed.
    """

    offset: float
    score: float
    apart: float = 0.0
    typical: float = 0.0

    def of(self, score: float, apart: float | None) -> float:
        """The share of questions that scored so and had an answer."""
        at = self.offset + self.score * score + self.apart * (self.typical if apart is None else apart)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, at))))


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign counts; `words_*` where there is no vector.

    Attributes:
        text: BM25, as a share of the best product's.
        held: The share of the question that is anywhere in the product's text.
        named: The share of it that is in the product's name.
        least: Sureness below which nothing is said to fit.
    """

    text: float
    held: float
    meaning: float
    sure: Sureness
    least: float
    words_text: float
    words_held: float
    words_named: float
    words_sure: Sureness
    words_least: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """Every product's score, and how sure it is that the best one fits.

    Attributes:
        sign: What the sureness was read from: the best score, or by words alone how much of the question the best
            product holds and is named by.
    """

    scores: Scores
    sign: float
    sureness: float
    fits: bool


def rank(matches: Matches, meaning: Scores | None, weights: Weights) -> Ranked:
    """One score per product; `meaning` is one cosine per product, or `None` when the question has no vector."""
    if not len(matches.text):
        return Ranked(matches.text, 0.0, 0.0, fits=False)
    best = float(matches.text.max())
    text = matches.text / np.float32(best or 1.0)
    called = float(matches.named.max()) >= _CALLED
    if meaning is None:
        scores = weights.words_text * text + weights.words_held * matches.held + weights.words_named * matches.named
        sign = float((matches.text + matches.named).max()) / 2
        sure = weights.words_sure.of(sign, None) if best else 0.0
        return Ranked(scores.astype(np.float32), sign, sure, called or sure >= weights.words_least)
    scores = weights.text * text + weights.held * matches.held + weights.meaning * meaning
    sign = float(scores.max())
    sure = weights.sure.of(sign, apart(meaning))
    return Ranked(scores.astype(np.float32), sign, sure, called or sure >= weights.least)


def apart(meaning: Scores) -> float | None:
    """How many standard deviations the nearest product stands out of the catalog; `None` for a small one."""
    if len(meaning) < _ENOUGH:
        return None
    return float((meaning.max() - meaning.mean()) / max(float(meaning.std()), 1e-6))


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The weights of `ranking.toml`."""
    return read(FILE.read_text(encoding="utf-8"))


def read(text: str) -> Weights:
    """Weights from TOML, as `evals.search.choose` writes it."""
    told: dict[str, Any] = tomllib.loads(text)
    both, words = told["words_and_meaning"], told["words_alone"]
    return Weights(
        both["text"],
        both["held"],
        both["meaning"],
        Sureness(**both["sure"]),
        both["least"],
        words["text"],
        words["held"],
        words["named"],
        Sureness(**words["sure"]),
        words["least"],
    )
