"""Names that are also verbs: `Will it ship` and `mark down` are about nobody called Will or Mark."""

import re
from typing import Final

from knowledge.privacy.spans import Span

_WORD: Final = re.compile(r"[^\W\d_]+")
_VERBS: Final = frozenset(
    (
        "will",
        "may",
        "mark",
        "bill",
        "chase",
        "grant",
        "rob",
        "pat",
        "nick",
        "hope",
        "grace",
        "sue",
        "skip",
        "max",
        "drew",
    )
)
_AFTER: Final = frozenset(
    (
        *("it", "you", "i", "we", "they", "he", "she", "the", "this", "that", "these", "those", "an", "my", "your"),
        *("our", "there", "be", "have", "not", "down", "up", "as", "me", "us", "of", "any", "all"),
    )
)


def is_verb(text: str, span: Span) -> bool:
    """Whether a one-word name is followed as only a verb is."""
    if text[span.start : span.end].lower() not in _VERBS:
        return False
    following = _WORD.match(text, span.end + 1)
    return following is not None and following.group().lower() in _AFTER
