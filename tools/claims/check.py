"""Which sentences of an answer are not backed by its evidence, and what in them is not.

Every sentence must rest on one passage: its quantities, codes, names and facts of closed kinds (days, roles, materials,
means of payment) all stand there, it affirms what the passage affirms, and most of its words are the passage's. It
objects to what it cannot place: an answer that is withheld costs a look at the source.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from knowledge.words.synonyms import shipped
from knowledge.words.terms import fold, terms
from tools.claims.evidence import Evidence, sentences
from tools.claims.quantities import Quantity, quantities
from tools.claims.telling import DENIALS, EMPTY, FACTS, FLIPS, PROMISES
from tools.figures_said import codes, plain

Kind = Literal["quantity", "code", "name", "other_product", "fact", "negation", "promise", "sentence", "link"]
_BACKED: Final = 0.5  # share of a sentence's telling words that its passage must hold
_LEAST: Final = 3  # letters of a stem
_ENDINGS: Final = (
    *("ations", "ation", "ments", "ment", "able", "ible", "ness"),
    *("ing", "ers", "er", "ed", "es", "ly", "al"),
)
_LINK: Final = re.compile(r"://|www\.|\b\S+@\S+\.\w|\b[\w-]+\.(?:com|net|org|io|shop|store|co)\b", re.IGNORECASE)
_NAME: Final = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w'&-]+(?:\s+(?:of|&|and)?\s*[A-Z][\w'&-]+)*")
_FIRST: Final = re.compile(r"^[A-Z][\w'&-]*(?:\s+[A-Z][\w'&-]+)+")


@dataclass(frozen=True, slots=True)
class Unbacked:
    """One claim without evidence.

    Attributes:
        sentence: In which it stands.
        what: The words that are not backed.
    """

    sentence: str
    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class _Rest:
    """One sentence of the evidence, or one figure."""

    words: frozenset[str]
    quantities: tuple[Quantity, ...]
    denies: bool
    flips: bool
    strong: frozenset[str]


def unbacked(answer: str, evidence: Evidence, *, wording: bool = False) -> tuple[Unbacked, ...]:
    """What an answer claims without evidence; empty when all of it is backed.

    Args:
        answer: What would go out.
        evidence: What it may rest on.
        wording: True for words that invite rather than inform, such as an offer's line: only quantities, codes, names,
            facts and promises must be backed then, not every word.
    """
    rests = [_rest(each) for passage in evidence.passages for each in sentences(passage)]
    wholes = [frozenset(terms(passage)) for passage in evidence.passages]
    counted = [quantity for figure in evidence.figures for quantity in quantities(figure)]
    known = fold(" ".join((*evidence.passages, *evidence.figures)))
    found: list[Unbacked] = []
    for sentence in sentences(answer):
        found += _named(sentence, evidence, known)
        found += _told(sentence, rests, wholes, counted, wording=wording)
    return tuple(found)


def _named(sentence: str, evidence: Evidence, known: str) -> Iterator[Unbacked]:
    """Links, codes and names that nothing retrieved holds."""
    if link := _LINK.search(sentence):
        yield Unbacked(sentence, "link", link[0])
    for code in codes(sentence):
        if fold(code) not in known and not _measure(code):
            yield Unbacked(sentence, "code", code)
    for name in evidence.others:
        if re.search(rf"(?<!\w){re.escape(fold(plain(name)))}(?!\w)", fold(sentence)) and fold(name) not in known:
            yield Unbacked(sentence, "other_product", name)
    for match in (*_FIRST.finditer(sentence), *_NAME.finditer(sentence)):
        for word in re.findall(r"[\w'&-]+", match[0]):
            bare = fold(word.removesuffix("'s"))
            if word[0].isupper() and not _holds(known, bare) and not {bare, *terms(bare)} & (EMPTY | FACTS):
                yield Unbacked(sentence, "name", word)
                break


def _told(
    sentence: str,
    rests: Sequence[_Rest],
    wholes: Sequence[frozenset[str]],
    counted: Sequence[Quantity],
    *,
    wording: bool,
) -> Iterator[Unbacked]:
    """Quantities, facts, promises and denials; an inviting sentence may take them from anywhere in the evidence."""
    mine = _rest(sentence)
    telling = mine.words - EMPTY
    near = list(rests) if wording else _nearest(telling, rests)
    stated = [*counted, *(each for rest in near for each in rest.quantities)]
    for quantity in mine.quantities:
        if not any(quantity.backed_by(each) for each in stated):
            yield Unbacked(sentence, "quantity", f"{quantity.value} {quantity.unit}".strip())
    here = frozenset[str]().union(*(rest.words for rest in near))
    for fact in sorted(telling & FACTS):
        if not _meant(fact, here):
            yield Unbacked(sentence, "fact", fact)
    for word in sorted(mine.strong.difference(*(rest.strong for rest in near))):
        yield Unbacked(sentence, "promise", word)
    if wording or not telling:
        return
    if max((_shared(telling, whole) for whole in wholes), default=0) < _BACKED * len(telling):
        yield Unbacked(sentence, "sentence", " ".join(sorted(telling)))
    elif all(rest.denies != mine.denies and (rest.flips == mine.flips) for rest in near):
        yield Unbacked(sentence, "negation", "not" if mine.denies else "without its not")


def _nearest(telling: frozenset[str], rests: Sequence[_Rest]) -> list[_Rest]:
    """The sentences of the evidence that say most of this one; of those that say as much, any may back it."""
    shares = [_shared(telling, rest.words) for rest in rests]
    most = max(shares, default=0)
    return [rest for rest, share in zip(rests, shares, strict=True) if share == most and most]


def _rest(sentence: str) -> _Rest:
    words = frozenset(terms(sentence))
    raw = frozenset(re.findall(r"[a-z']+", fold(sentence)))
    return _Rest(words, tuple(quantities(sentence)), bool(raw & DENIALS), bool(raw & FLIPS), raw & PROMISES)


def _shared(telling: frozenset[str], words: frozenset[str]) -> int:
    return sum(_meant(word, words) for word in telling)


def _meant(word: str, words: frozenset[str]) -> bool:
    """Whether some words say this one: itself, another form of it, or a synonym."""
    if word in words:
        return True
    others = shipped().get((word,), frozenset())
    if any(set(other) <= words for other in others):
        return True
    stem = _stem(word)
    return len(stem) >= _LEAST and any(_stem(each) == stem for each in words)


def _stem(word: str) -> str:
    """Enough of a word to know another form of it by."""
    ending = next((each for each in _ENDINGS if word.endswith(each) and len(word) - len(each) >= _LEAST), "")
    word = word.removesuffix(ending)
    return word[:-1] if len(word) > _LEAST and (word[-1] == "e" or word[-1] == word[-2]) else word


def _holds(known: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}", known) is not None


def _measure(code: str) -> bool:
    """Digits and a unit, such as 250ML: a quantity, not a code."""
    return re.fullmatch(r"\d+(?:ML|CL|L|KG|G|CM|MM|M|W|V|GB|TB|MB|IN|H|MIN|AM|PM|ST|ND|RD|TH)", code) is not None
