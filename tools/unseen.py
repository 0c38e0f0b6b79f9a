"""Characters a reader cannot see: they hide what a text says, turn it around, or carry a second text inside it.

Unicode's control, format, private and unassigned-by-purpose characters, and those a renderer is told to leave out
(Default_Ignorable_Code_Point, https://www.unicode.org/reports/tr44/): fillers, joiners, selectors, tags.
"""

import re
import unicodedata
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_SPACES: Final = str.maketrans({"\n": " ", "\r": " ", "\t": " "})
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def has_unseen(text: str) -> bool:
    """Whether a text holds one."""
    return not (text.isascii() and text.isprintable()) and any(map(_unseen, text))


def without_unseen(text: str) -> str:
    """The text in one line, a replacement character in place of each."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_REPLACEMENT if _unseen(letter) else letter for letter in text.translate(_SPACES))


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _CATEGORIES or _IGNORABLE.match(letter) is not None
