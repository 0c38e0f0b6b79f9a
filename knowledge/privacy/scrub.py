"""Text in, text without personal data out. Fails closed: what cannot be checked is withheld.

Free text reaches a prompt, the ledger or an approval only as `Scrubbed`, and only this folder makes one.
"""

import importlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from knowledge.privacy import encoded, recognizers
from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.known import KnownFinder, KnownPerson
from knowledge.privacy.spans import Span, merged
from knowledge.privacy.tally import MASKS, TALLY
from knowledge.privacy.tokens import plain, tokens
from knowledge.privacy.verbs import is_verb
from knowledge.privacy.views import View, folded, others

LONGEST: Final = 4000  # characters; no reason or note is longer, and a longer text is an attack on the scrubber
_DEEPEST: Final = 2  # encodings inside encodings that are opened
_WITHIN: Final = 2.0  # seconds of computing for one text, which takes some hundredths
_SHORTEST_NAME: Final = 3  # letters of a name that is looked for again in the same text
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text that was checked.

    Attributes:
        text: With `<KIND>` where personal data stood, or `<WITHHELD>`.
        found: How many spans of each kind were replaced.
    """

    text: str
    found: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return self.text


class Profile(StrEnum):
    """How hard to look: `FAST` on the way of a call, `BALANCED` for what a model reads, `STRICT` for what leaves."""

    FAST = "fast"
    BALANCED = "balanced"
    STRICT = "strict"


_SURENESS: Final = {Profile.FAST: 0.5, Profile.BALANCED: 0.2, Profile.STRICT: 0.04}


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Finds and replaces personal data.

    Attributes:
        profile: How hard to look.
        allow: What the retailer's own words are.
    """

    profile: Profile = Profile.FAST
    allow: AllowPhrases = field(default_factory=AllowPhrases)

    def scrub(self, text: str, known: Sequence[KnownPerson] = ()) -> Scrubbed:
        """Replace personal data, and whatever is of a `known` customer.

        Never raises: a text that is too long, takes too long or cannot be checked becomes `<WITHHELD>`.
        """
        return replace(text, lambda given: self.spans(given, known))

    def spans(self, text: str, known: Sequence[KnownPerson] = ()) -> list[Span]:
        """Where personal data stands, in order and apart.

        Raises:
            TimeoutError: Checking took too long.
        """
        until = time.thread_time() + _WITHIN
        return merged(self._spans(text, KnownFinder(tuple(known)) if known else None, until, 0))

    def _spans(self, text: str, known: KnownFinder | None, until: float, depth: int) -> list[Span]:
        first = folded(text)
        found = first.back(self._in_view(first, known, until, named=True))
        for view in others(first):
            found += view.back(self._in_view(view, known, until, named=self.profile is not Profile.FAST))
        if depth < _DEEPEST:
            found += first.back(
                encoded.find(first.text, lambda inner: bool(self._spans(inner, known, until, depth + 1)))
            )
        return found

    def _in_view(self, view: View, known: KnownFinder | None, until: float, *, named: bool) -> list[Span]:
        found = recognizers.find(view.text, until=until)
        names: list[Span] = []
        if known is not None:
            found += known.find(view.text)
            names += known.find_words(view.text)
        if named:
            strict = self.profile is Profile.STRICT
            tagged = _tagger().find(view.text, _SURENESS[self.profile], plain_words=strict)
            names += tagged if self.profile is Profile.FAST else [*tagged, *_again(view.text, tagged)]
        names = [span for span in self.allow.without(view.text, names) if not is_verb(view.text, span)]
        return [*found, *(_with_possessive(view.text, span) for span in names)]


def scrub(text: str) -> Scrubbed:
    """Replace personal data in what a person or a model typed, as this process was told to; see `use`."""
    return _used[0].scrub(text)


def use(scrubber: Scrubber) -> None:
    """Let `scrub` scrub with this one from now on: composition tells it the retailer's own words."""
    _used[0] = scrubber


_used = [Scrubber()]


def replace(
    text: str, find: Callable[[str], Sequence[Span]], name: Callable[[str, str], str] = lambda kind, _: f"<{kind}>"
) -> Scrubbed:
    """Put what `name` makes of its kind and words in place of every span; those that overlap are hidden together."""
    if len(text) > LONGEST:
        TALLY.add(MASKS, "TOO_LONG")
        return Scrubbed("<WITHHELD>", (("TOO_LONG", 1),))
    try:
        spans = merged(find(text))
    except TimeoutError:
        _log.warning("text withheld: checking it took too long")
        TALLY.add(MASKS, "TOO_SLOW")
        return Scrubbed("<WITHHELD>", (("TOO_SLOW", 1),))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the text must not pass unchecked
        _log.warning("text withheld: the scrubber failed with %s", type(error).__name__)
        TALLY.add(MASKS, "FAILED")
        return Scrubbed("<WITHHELD>", (("FAILED", 1),))
    found: dict[str, int] = {}
    for kind, start, end in reversed(spans):
        text = f"{text[:start]}{name(kind, text[start:end])}{text[end:]}"
        found[kind] = found.get(kind, 0) + 1
    for kind, count in found.items():
        TALLY.add(MASKS, kind, count)
    return Scrubbed(text, tuple(sorted(found.items())))


def _tagger() -> Any:
    """Loaded at the first text: it takes numpy and five megabytes, and many processes never scrub."""
    return importlib.import_module("knowledge.privacy.tagger").shipped()


def _again(text: str, names: Sequence[Span]) -> list[Span]:
    """A name that was found once is one wherever it stands in the text, when it is written with a capital."""
    words = {
        plain(token.text)
        for span in names
        if span.kind == "PERSON"
        for token in tokens(text[span.start : span.end])
        if len(token.text) >= _SHORTEST_NAME and token.text[0].isupper()
    }
    return [
        Span("PERSON", token.start, token.end)
        for token in tokens(text)
        if token.text[0].isupper() and plain(token.text) in words
    ]


def _with_possessive(text: str, span: Span) -> Span:
    """`Ada's` goes as a whole: what is left would tell where a name ended."""
    if span.kind == "PERSON" and text[span.end : span.end + 2].lower() in {"'s", "’s"}:
        return span._replace(end=span.end + 2)
    return span
