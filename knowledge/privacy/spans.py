"""Stretches of a text that may be personal data, and what kind each is of."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text, end excluded, and what it is."""

    kind: str
    start: int
    end: int


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, with stretches that overlap joined under the kind of the first, the longest one winning a tie."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if found and span.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, span.end))
        elif span.start < span.end:
            found.append(span)
    return found
