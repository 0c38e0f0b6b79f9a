"""One text seen in several ways, each letter knowing where it came from: nothing hides behind how it is written.

The first view folds a text to plain characters; further ones exist only where there is something to undo: spelled-out
digits, `at` and `dot`, letters with spaces between them, escapes of the web.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from knowledge.privacy.spans import Span
from knowledge.privacy.spelled import spelled_numbers

_LOOKALIKES: Final = dict(
    zip(
        "АВЕЅІЈКМНОРСТХУаеорсухіјѕԁԛԝһ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρτυκ",
        "ABESIJKMHOPCTXYaeopcyxijsdqwh" + "ABEZHIKMNOPTYXaoivptuk",
        strict=True,
    )
)
_SIGNS: Final = {
    **dict.fromkeys("‐‑‒–—−", "-"),
    **dict.fromkeys("’‘ʼ´`", "'"),
    **dict.fromkeys("․。·", "."),
    "ı": "i",
    "ɡ": "g",
    "ⅼ": "l",
    "ℓ": "l",
    "﹫": "@",
}
_WORD: Final = re.compile(r"\S+")
_AT: Final = r"(?:\s?[\[({<]\s?(?:at|ät|arroba)\s?[\])}>]\s?|\s(?:at|arroba|chez)\s|_at_)"
_DOT: Final = r"(?:\s?[\[({<]\s?(?:dot|punto|point|punkt)\s?[\])}>]\s?|\s(?:dot|punto|point|punkt)\s|_dot_|\.(?=\w))"
_SPACED_AT: Final = r"\s?@\s?"
_SPACED_DOT: Final = r"\s?\.\s?"
_SPOKEN_EMAILS: Final = tuple(
    (
        re.compile(
            rf"(?<![\w.])[\w+-]{{1,40}}(?:{dot}[\w+-]{{1,40}}){{0,3}}{at}[\w-]{{1,40}}(?:{dot}[\w-]{{1,30}}){{1,4}}",
            re.IGNORECASE,
        ),
        re.compile(at, re.IGNORECASE),
        re.compile(dot, re.IGNORECASE),
    )
    for at, dot in ((_AT, _DOT), (_SPACED_AT, _SPACED_DOT))
)
_SPOKEN: Final = re.compile(r"@|\bat\b|arroba|chez|ät", re.IGNORECASE)
_APART: Final = re.compile(r"(?<!\S)(?:[^\s] ){4,80}[^\s](?!\S)|(?<!\S)(?:[^\W\d_][-.]){4,60}[^\W\d_](?!\S)")
_ESCAPES: Final = (
    re.compile(r"(?:%[0-9A-Fa-f]{2})+"),
    re.compile(r"&#?\w{2,8};"),
    re.compile(r"\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}"),
    re.compile(r"(?:=[0-9A-F]{2})+"),
)
_TWICE: Final = 3  # escapes inside escapes are undone so often


@dataclass(frozen=True, slots=True)
class View:
    """A text as it may be read.

    Attributes:
        text: As it reads.
        starts: For each character, where in the original text what it stands for begins.
        ends: The same, where it ends (excluded).
    """

    text: str
    starts: tuple[int, ...] | range
    ends: tuple[int, ...] | range

    def back(self, spans: Iterable[Span]) -> list[Span]:
        """Spans of this view as spans of the original text."""
        return [Span(kind, self.starts[start], self.ends[end - 1]) for kind, start, end in spans if start < end]


def folded(text: str) -> View:
    """Compatibility forms, invisible characters, foreign digits and look-alike letters brought to plain ones."""
    if text.isascii():
        return View(text, range(len(text)), range(1, len(text) + 1))
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    place = 0
    while place < len(text):
        end = place + 1
        while end < len(text) and end - place < 8 and unicodedata.combining(text[end]):  # noqa: PLR2004
            end += 1
        for letter in _plainly(text[place:end]):
            letters.append(letter)
            starts.append(place)
            ends.append(end)
        place = end
    return View(_without_lookalikes("".join(letters)), tuple(starts), tuple(ends))


def others(view: View) -> list[View]:
    """Further readings of a folded text; none for most texts."""
    found: list[View] = []
    unescaped = view
    for _ in range(_TWICE):
        changes = _escapes(unescaped.text)
        if not changes:
            break
        unescaped = _rewritten(unescaped, changes)
        found.append(unescaped)
    for reading in (view, *found[-1:]):
        for change in (_letters_apart, _spoken, spelled_numbers):
            if changes := change(reading.text):
                changed = _rewritten(reading, changes)
                found.append(changed)
                if change is _letters_apart and (more := _spoken(changed.text)):
                    found.append(_rewritten(changed, more))
    return found


def _plainly(cluster: str) -> str:
    if unicodedata.category(cluster[0]) == "Cf" or cluster[0] in "\u034f\ufe0f":
        return ""
    found = ""
    for letter in unicodedata.normalize("NFKC", cluster):
        if letter.isdecimal() and not letter.isascii():
            found += str(unicodedata.decimal(letter))
        elif letter.isspace() and letter != "\n":
            found += " "
        else:
            found += _SIGNS.get(letter, letter)
    return found


def _without_lookalikes(text: str) -> str:
    """Greek and Cyrillic look-alikes become Latin in words that mix scripts, or hold nothing else and an `@`."""

    def plain_word(match: re.Match[str]) -> str:
        word = match.group()
        if word.isascii() or not any(letter in _LOOKALIKES for letter in word):
            return word
        latin = any(letter.isascii() and letter.isalpha() for letter in word)
        foreign = any(letter.isalpha() and letter > "Ͱ" and letter not in _LOOKALIKES for letter in word)
        if latin or "@" in word or (not foreign and len(word) > 3 and word.isupper()):  # noqa: PLR2004
            return "".join(_LOOKALIKES.get(letter, letter) for letter in word)
        return word

    return _WORD.sub(plain_word, text)


def _rewritten(view: View, changes: list[tuple[int, int, str]]) -> View:
    """The view with stretches replaced; each new character stands for the whole stretch."""
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    place = 0
    for start, end, new in sorted(changes):
        if start < place:
            continue
        letters.append(view.text[place:start])
        starts += view.starts[place:start]
        ends += view.ends[place:start]
        letters.append(new)
        starts += [view.starts[start]] * len(new)
        ends += [view.ends[end - 1]] * len(new)
        place = end
    letters.append(view.text[place:])
    starts += view.starts[place:]
    ends += view.ends[place:]
    return View("".join(letters), tuple(starts), tuple(ends))


def _letters_apart(text: str) -> list[tuple[int, int, str]]:
    """`J o h n` and `J-o-h-n`, letter by letter."""
    changes: list[tuple[int, int, str]] = []
    for match in _APART.finditer(text):
        for place in range(match.start() + 1, match.end(), 2):
            changes.append((place, place + 1, ""))  # noqa: PERF401 - one change per separator
    return changes


def _spoken(text: str) -> list[tuple[int, int, str]]:
    """`ada dot l at example dot com`; a dot at least must follow the at."""
    if not _SPOKEN.search(text):
        return []
    changes: list[tuple[int, int, str]] = []
    for email, at_sign, dot_sign in _SPOKEN_EMAILS:
        for match in email.finditer(text):
            start, at = match.start(), at_sign.search(match.group())
            if at is not None:
                changes.append((start + at.start(), start + at.end(), "@"))
                changes += [
                    (start + dot.start(), start + dot.end(), ".")
                    for dot in dot_sign.finditer(match.group())
                    if dot.end() <= at.start() or dot.start() >= at.end()
                ]
    return [change for change in changes if text[change[0] : change[1]] != change[2]]


def _escapes(text: str) -> list[tuple[int, int, str]]:
    changes: list[tuple[int, int, str]] = []
    for pattern, decode in zip(_ESCAPES, _DECODERS, strict=True):
        for match in pattern.finditer(text):
            plain = decode(match.group())
            if plain and plain != match.group():
                changes.append((match.start(), match.end(), plain))
    return changes


def _bytes(sign: str) -> Callable[[str], str]:
    def decode(written: str) -> str:
        try:
            return bytes.fromhex(written.replace(sign, "")).decode()
        except UnicodeDecodeError:
            return ""

    return decode


def _code_point(written: str) -> str:
    number = int(written[2:].strip("{}"), 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""  # noqa: PLR2004


_DECODERS: Final[tuple[Callable[[str], str], ...]] = (_bytes("%"), html.unescape, _code_point, _bytes("="))
