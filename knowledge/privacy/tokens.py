"""The words of a text: where each stands, and what it is without case and accents."""

import re
import unicodedata
from typing import Final, NamedTuple

_SCRIPT_CHARACTERS: Final = "぀-ヿ㐀-鿿"  # written without spaces: each is a word
_TOKEN: Final = re.compile(rf"[{_SCRIPT_CHARACTERS}]|[^\W\d_{_SCRIPT_CHARACTERS}]+|\d+|\n|\S")


class Token(NamedTuple):
    """A word, a number, a sign or a new line; `end` is excluded."""

    start: int
    end: int
    text: str


def tokens(text: str) -> list[Token]:
    """The tokens of a text, in order; what is between them is blank."""
    return [Token(match.start(), match.end(), match.group()) for match in _TOKEN.finditer(text)]


def plain(word: str) -> str:
    """Lower case, without diacritics."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).lower()
