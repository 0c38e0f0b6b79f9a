"""The retailer's own words, which are nobody's name: titles of the catalog, brands, and its places."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from knowledge.privacy.spans import Span
from knowledge.privacy.tokens import Token, plain, tokens

_LONGEST: Final = 8  # words of a phrase that are compared
_FEWEST: Final = 2  # words of a part of a title that stand for it


@dataclass(frozen=True, slots=True)
class AllowPhrases:
    """Phrases that may pass although a part of them looks like a name; compiled once, kept as checksums.

    Attributes:
        phrases: As the retailer writes them; their parts of two words and more are allowed as well.
    """

    phrases: Iterable[str] = ()
    _marks: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        marks: set[int] = set()
        for phrase in self.phrases:
            words = [plain(token.text) for token in tokens(phrase) if token.text.isalnum()]
            if 0 < len(words) <= _LONGEST:
                marks.add(hash(tuple(words)))
            for start in range(len(words)):
                for end in range(start + _FEWEST, min(start + _LONGEST, len(words)) + 1):
                    marks.add(hash(tuple(words[start:end])))
        object.__setattr__(self, "_marks", frozenset(marks))
        object.__setattr__(self, "phrases", ())

    def without(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """The spans that are not wholly inside an allowed phrase."""
        kept = list(spans)
        if not self._marks or not kept:
            return kept
        words = [token for token in tokens(text) if token.text.isalnum()]
        return [span for span in kept if not self._covers(words, span)]

    def _covers(self, words: list[Token], span: Span) -> bool:
        inside = [place for place, word in enumerate(words) if word.start < span.end and word.end > span.start]
        if not inside:
            return False
        first, last = inside[0], inside[-1]
        return any(
            hash(tuple(plain(word.text) for word in words[start:end])) in self._marks
            for start in range(max(0, last + 1 - _LONGEST), first + 1)
            for end in range(last + 1, min(start + _LONGEST, len(words)) + 1)
        )
