"""How well every text matches a question by its words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.words.question import Concept, Question
from knowledge.words.text_index import TextIndex

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Matches:
    """One number per text, each 0 to 1.

    Attributes:
        text: BM25 as a share of the best a text could reach: every word, as often as it likes.
        named: The share of the question, by rarity, that is in the text's name.
        held: The same, anywhere in the text.
    """

    text: Scores
    named: Scores
    held: Scores


def match(question: Question, index: TextIndex) -> Matches:
    """Every text against a question; a word said several ways counts once, in the way that fits best."""
    text, named, held = (np.zeros(index.size, dtype=np.float32) for _ in range(3))
    ideal = 0.0
    for concept in question.concepts:
        much, in_name = _one(concept, index)
        there = much > 0
        worth = index.rarity(int(np.count_nonzero(there)))
        text += worth * much
        named += worth * in_name
        held += worth * there
        ideal += worth
    scale = np.float32(1 / ideal) if ideal else np.float32(0)
    return Matches(text * scale, named * scale, held * scale)


def _one(concept: Concept, index: TextIndex) -> tuple[Scores, NDArray[np.bool_]]:
    much = np.zeros(index.size, dtype=np.float32)
    in_name = np.zeros(index.size, dtype=np.bool_)
    for way in concept.ways:
        texts, amount, named = index.holding(way.terms[0])
        for term in way.terms[1:]:
            more, its, also = index.holding(term)
            texts, mine, theirs = np.intersect1d(texts, more, assume_unique=True, return_indices=True)
            amount, named = np.minimum(amount[mine], its[theirs]), named[mine] & also[theirs]
        much[texts] = np.maximum(much[texts], amount * np.float32(way.weight))
        in_name[texts] |= named
    return much, in_name
