"""The customer at hand, found in a text however it is written: the surest way to keep one person out of it.

Names are found in any case, joined, without diacritics, by nickname, with one typing error, alone, as initials,
backwards or with digits for letters; every identifier by its letters and digits only.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from knowledge.privacy.nicknames import NICKNAMES
from knowledge.privacy.spans import Span
from knowledge.privacy.tokens import plain

_WORD: Final = re.compile(r"[^\W\d_]+")
_MIXED_WORD: Final = re.compile(r"[\w$@]+")
_FUZZY: Final = 5  # letters a word needs before one error in it is forgiven
_SHORTEST: Final = 4  # letters and digits an identifier needs to be looked for inside other words
_LOCAL_DIGITS: Final = 7  # of a phone number, as neighbors tell it
_STRETCH: Final = 3  # an identifier may be pulled apart to so many times its length
_LOOKALIKE: Final = str.maketrans("0134578@$", "oieastbas")
_ROTATED: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_POSTCODE: Final = re.compile(r"\b(?:[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}|\d{5})\b")
_STREET: Final = re.compile(r"\d+\w?\s+[^\W\d_]{2,}|[^\W\d_]{5,}\s+\d+\w?")
_NEAR: Final = 2  # characters between an initial and its name
_PARTICLES: Final = frozenset(
    {"van", "von", "der", "den", "de", "da", "di", "la", "le", "del", "bin", "al", "el", "dos"}
)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What the vault holds of one customer; never printed.

    Attributes:
        names: As written, such as `Katherine O'Neill`.
        phones: With or without country code; punctuation does not matter.
    """

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    loyalty_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "KnownPerson(...)"


@dataclass(slots=True)
class KnownFinder:
    """Finds one or more known people in texts.

    Attributes:
        people: Whom to look for.
    """

    people: tuple[KnownPerson, ...]
    _words: set[str] = field(init=False, default_factory=set[str])
    _parts: set[str] = field(init=False, default_factory=set[str])
    _initials: set[tuple[str, str]] = field(init=False, default_factory=set[tuple[str, str]])
    _compact: list[tuple[str, str]] = field(init=False, default_factory=list[tuple[str, str]])
    _inside: list[tuple[str, str]] = field(init=False, default_factory=list[tuple[str, str]])
    _digits: list[tuple[str, str]] = field(init=False, default_factory=list[tuple[str, str]])

    def __post_init__(self) -> None:
        for person in self.people:
            for name in person.names:
                self._learn_name(name)
            for email in person.emails:
                self._learn(email, "EMAIL_ADDRESS")
                self._learn(email.partition("@")[0], "EMAIL_ADDRESS")
            for identifier in person.loyalty_ids:
                self._learn(identifier, "LOYALTY_ID")
            for phone in person.phones:
                digits = "".join(c for c in phone if c.isdigit())
                for length in {len(digits), 10, _LOCAL_DIGITS}:
                    if _LOCAL_DIGITS <= length <= len(digits):
                        self._digits.append((digits[-length:], "PHONE_NUMBER"))
            for address in person.addresses:
                self._learn_address(address)
        self._compact = list(dict.fromkeys(self._compact))

    def find(self, text: str) -> list[Span]:
        """Every stretch that is theirs beyond doubt: identifiers, whole names, names in disguise."""
        return [*_in_letters(text, self._compact), *self._in_digits(text), *_initialed(text, self._initials)]

    def find_words(self, text: str) -> list[Span]:
        """Words that are a part of their name, which a product or a brand may hold as well."""
        return [*self._in_words(text), *_in_letters(text, self._inside)]

    def _learn_name(self, name: str) -> None:
        parts = [plain(part) for part in _WORD.findall(name)]
        self._parts |= {*parts}
        for part in parts:
            if len(part) > 1 and part not in _PARTICLES:
                self._words |= {part, *NICKNAMES.get(part, ())}
        for part in re.findall(r"[^\W\d_]{1,3}['’][^\W\d_]+", name):  # O'Neill, written without its apostrophe
            self._words.add(plain("".join(_WORD.findall(part))))
        if len(parts) > 1:
            first, last = parts[0], parts[-1]
            self._initials |= {(first[0], last), (last[0], first)}
            for joined in ("".join(parts), "".join(reversed(parts)), first + last, last + first, first[0] + last):
                self._learn(joined, "PERSON")
                self._learn(joined[::-1], "PERSON")
        for part in parts:
            if len(part) >= _FUZZY:
                self._inside.append((part, "PERSON"))
                self._learn(part[::-1], "PERSON")
                self._learn(part.translate(_ROTATED), "PERSON")

    def _learn_address(self, address: str) -> None:
        lowered = plain(address)
        for street in _STREET.findall(lowered):
            self._learn(street, "ADDRESS")
        for code in _POSTCODE.findall(lowered):
            self._learn(code, "ADDRESS")
        self._learn(lowered, "ADDRESS")

    def _learn(self, value: str, kind: str) -> None:
        letters = "".join(c for c in plain(value) if c.isalnum())
        if len(letters) >= _SHORTEST:
            self._compact.append((letters, kind))

    def _in_words(self, text: str) -> list[Span]:
        found: list[Span] = []
        words = list(_WORD.finditer(text))
        for place, match in enumerate(words):
            word = plain(match.group())
            if word in self._words or self._nearly(word):
                start = match.start()
                while (
                    place and words[place - 1].end() >= start - _NEAR and plain(words[place - 1].group()) in self._parts
                ):
                    place -= 1  # noqa: PLW2901 - the particle before a family name goes with it
                    start = words[place].start()
                found.append(Span("PERSON", start, match.end()))
        for match in _MIXED_WORD.finditer(text):
            written = match.group()
            if any(c.isdigit() or c in "$@" for c in written) and any(c.isalpha() for c in written):
                word = plain(written.translate(_LOOKALIKE)).strip("_")
                if word in self._words or self._nearly(word):
                    found.append(Span("PERSON", match.start(), match.end()))
        return found

    def _nearly(self, word: str) -> bool:
        return len(word) >= _FUZZY and any(
            word[0] == known[0] and len(known) >= _FUZZY and _one_error(word, known) for known in self._words
        )

    def _in_digits(self, text: str) -> list[Span]:
        places = [place for place, c in enumerate(text) if c.isdecimal()]
        digits = "".join(text[place] for place in places)
        found: list[Span] = []
        for value, kind in self._digits:
            at = digits.find(value)
            while at >= 0:
                start, end = places[at], places[at + len(value) - 1] + 1
                if end - start <= len(value) * (_STRETCH + 1):
                    found.append(Span(kind, start, end))
                at = digits.find(value, at + 1)
            tail = value[-4:]
            found += [Span(kind, match.start(), match.end()) for match in re.finditer(rf"(?<!\d){tail}(?!\d)", text)]
        return found


def _initialed(text: str, initials: set[tuple[str, str]]) -> list[Span]:
    """An initial beside its family name: `K. Smith` and `Smith, K`."""
    words = [(match.start(), match.end(), plain(match.group())) for match in _WORD.finditer(text)]
    return [
        Span("PERSON", start, later_end)
        for (start, end, word), (later, later_end, other) in pairwise(words)
        if later - end <= _NEAR
        and ((len(word) == 1 and (word, other) in initials) or (len(other) == 1 and (other, word) in initials))
    ]


def _in_letters(text: str, values: list[tuple[str, str]]) -> list[Span]:
    """Values among the letters and digits of a text, whatever stands between them."""
    places = [(place, letter) for place, c in enumerate(text) if c.isalnum() for letter in plain(c)]
    letters = "".join(letter for _, letter in places)
    found: list[Span] = []
    for value, kind in values:
        at = letters.find(value)
        while at >= 0:
            start, end = places[at][0], places[at + len(value) - 1][0] + 1
            if end - start <= len(value) * _STRETCH and _stands_alone(text, start, end, value):
                found.append(Span(kind, start, end))
            at = letters.find(value, at + 1)
    return found


def _stands_alone(text: str, start: int, end: int, value: str) -> bool:
    """A short value inside a longer word is chance; a long one, or one that begins and ends a word, is not."""
    if len(value) > 7:  # noqa: PLR2004
        return True
    before = start > 0 and text[start - 1].isalnum() and text[start].islower() and not text[start - 1].isdigit()
    after = end < len(text) and text[end].isalnum() and text[end].islower()
    return not before and not after


def _one_error(word: str, known: str) -> bool:
    """One letter more, less or other, or two neighbors swapped."""
    if word == known:
        return True
    if abs(len(word) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    if len(word) == len(known):
        rest, other = word[start:], known[start:]
        return rest[1:] == other[1:] or (rest[1:2] + rest[:1] + rest[2:]) == other
    longer, shorter = (word, known) if len(word) > len(known) else (known, word)
    return longer[start + 1 :] == shorter[start:]
