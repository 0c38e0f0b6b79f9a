"""One run's stand-ins for personal data: a model reads `<PERSON_3>`, and only the edge can turn it back.

Numbers begin somewhere else in every run, so a stand-in of another run is never taken for one of this.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge.privacy.known import KnownPerson
from knowledge.privacy.scrub import Scrubbed, Scrubber, replace
from knowledge.privacy.spans import Span
from policies.errors import Refused

_PLACEHOLDER: Final = re.compile(r"<([A-Z][A-Z_]{0,30})_(\d{1,9})>")
_FIRST: Final = 1000  # numbers begin below it, at random


@dataclass(slots=True)
class Placeholders:
    """What stands for what in one run; kept in memory, gone with the run.

    Attributes:
        run_id: Of the run, for whoever reads a refusal.
        scrubber: Finds what must be replaced.
    """

    run_id: str
    scrubber: Scrubber = field(default_factory=Scrubber)
    _values: dict[str, str] = field(init=False, default_factory=dict[str, str], repr=False)
    _given: dict[tuple[str, str], str] = field(init=False, default_factory=dict[tuple[str, str], str], repr=False)
    _next: int = field(init=False, default_factory=lambda: 1 + secrets.randbelow(_FIRST))

    def hide(self, text: str, known: Sequence[KnownPerson] = ()) -> Scrubbed:
        """The text with a stand-in for each value, the same for the same value throughout the run.

        What looks like a stand-in in the text itself is not one: it is replaced as well. A text that cannot be checked
        becomes `<WITHHELD>`.
        """
        return replace(text, lambda given: self._spans(given, known), self._stand_in)

    def reveal(self, text: str, *, entitled: bool) -> str:
        """The text with values in place of stand-ins, for who is `entitled` to that customer; else unchanged.

        Raises:
            Refused: A stand-in is not of this run: the model made it up, or it comes from elsewhere.
        """
        for match in _PLACEHOLDER.finditer(text):
            if match.group() not in self._values:
                raise Refused(
                    "The answer names somebody this run does not know, so it is not shown.",
                    code="privacy.foreign_placeholder",
                    hint="Ask again; if it happens often, the model invents stand-ins.",
                )
        if not entitled:
            return text
        return _PLACEHOLDER.sub(lambda match: self._values[match.group()], text)

    def _spans(self, text: str, known: Sequence[KnownPerson]) -> list[Span]:
        typed = [Span("TYPED", match.start(), match.end()) for match in _PLACEHOLDER.finditer(text)]
        return [*typed, *self.scrubber.spans(text, known)]

    def _stand_in(self, kind: str, value: str) -> str:
        if (given := self._given.get((kind, value))) is None:
            given = f"<{kind}_{self._next}>"
            self._next += 1
            self._given[kind, value] = given
            self._values[given] = value
        return given
