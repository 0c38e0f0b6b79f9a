"""Text in, text without personal data out. Fails closed: what cannot be checked is withheld.

Free text reaches a prompt, the ledger or an approval only as `Scrubbed`, and only this folder makes one.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge.privacy import recognizers
from knowledge.privacy.recognizers import Span

_LONGEST = 4000  # characters; no reason or note is longer, and a longer text is an attack on the scrubber
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


def scrub(text: str) -> Scrubbed:
    """Replace personal data in what a person or a model typed.

    Names of people are not recognized: fields that hold names never travel as text in the first place.
    """
    return replace(text, recognizers.find)


def replace(text: str, find: Callable[[str], Sequence[Span]]) -> Scrubbed:
    """Put its kind in place of every span; stretches that overlap are hidden together."""
    if len(text) > _LONGEST:
        return Scrubbed("<WITHHELD>", (("TOO_LONG", 1),))
    try:
        spans = find(text)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the text must not pass unchecked
        _log.warning("text withheld: the scrubber failed with %s", type(error).__name__)
        return Scrubbed("<WITHHELD>", (("FAILED", 1),))
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    found: dict[str, int] = {}
    for kind, start, end in reversed(merged):
        text = f"{text[:start]}<{kind}>{text[end:]}"
        found[kind] = found.get(kind, 0) + 1
    return Scrubbed(text, tuple(sorted(found.items())))
