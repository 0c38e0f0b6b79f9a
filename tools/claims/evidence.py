"""What an answer may rest on: passages that were retrieved, figures that were computed, and names that exist."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from tools.figures_said import plain

_END: Final = re.compile(r"(?<=[.!?;])\s+(?=[\"'(A-Z0-9])|\n+\s*(?:[-*]\s+|\d+\.\s+)?")
_HEADING: Final = re.compile(r"^#+\s*")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that an answer may state.

    Attributes:
        passages: Texts that were retrieved, and results of tools rendered as text.
        figures: Computed figures as an answer would write them, such as `12 units` or `$15.00`.
        others: Names of goods that exist but are not what the answer is about: to speak of one is a claim of its own.
    """

    passages: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    others: Collection[str] = ()


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text as a reader sees them; a line of a list is one."""
    for part in _END.split("\n".join(map(plain, text.splitlines()))):
        said = _HEADING.sub("", part).strip()
        if said:
            yield said
