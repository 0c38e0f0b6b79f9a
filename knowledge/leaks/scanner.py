"""Looks through bytes for ten thousand needles at once: fifty megabytes take seconds.

Each needle is known by four of its bytes. Where four bytes of the text are some needle's, the needle is compared; all
other places are passed over by a table, many at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.leaks.needles import Needle, Raw, needles
from knowledge.leaks.unpack import readings

_GRAM: Final = 4  # bytes
_PIECE: Final = 4 * 1024 * 1024  # bytes looked through together
_BITS: Final = 22
_FACTOR: Final = np.uint32(2_654_435_761)
_ONE, _TWO, _THREE = np.uint32(8), np.uint32(16), np.uint32(24)  # bits to the second, third and fourth byte
_USUAL: Final = frozenset(b" \0\"'\\%&#;=:,.-_/+@0123456789abcdefinorstu")  # bytes that tell little


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something raw, somewhere; the value itself is not repeated."""

    sink: str
    whose: str
    field: str
    form: str


class Scanner:
    """Finds raw values and their disguises.

    Attributes:
        bytes: Looked through so far, packed stretches as they are.
    """

    def __init__(self, values: Iterable[Raw]) -> None:
        self._by_gram: defaultdict[bytes, list[tuple[int, Needle]]] = defaultdict(list)
        self._table = np.zeros(1 << _BITS, dtype=bool)
        found = needles(values)
        self.needles = len(found)
        self.bytes = 0
        self._longest = max((len(needle.pattern) for needle in found), default=0)
        for needle in found:
            place = _telling(needle.pattern)
            gram = needle.pattern[place : place + _GRAM]
            self._by_gram[gram].append((place, needle))
        if self._by_gram:
            grams = np.array([int.from_bytes(gram, "little") for gram in self._by_gram], dtype=np.uint32)
            self._table[_slots(grams)] = True

    def scan(self, sink: str, data: bytes) -> list[Leak]:
        """What stands in these bytes, or in what they may be read as; each leak once."""
        self.bytes += len(data)
        found: dict[Leak, None] = {}
        for reading in readings(data):
            for needle in self._standing(reading):
                found[Leak(sink, needle.whose, needle.field, needle.form)] = None
        return list(found)

    def scan_texts(self, sink: str, texts: Sequence[str]) -> list[Leak]:
        """The same for several texts."""
        return self.scan(sink, "\n".join(texts).encode("utf-8", "surrogatepass")) if texts else []

    def _standing(self, data: bytes) -> Iterator[Needle]:
        low = data.lower()
        for start in range(0, len(low), _PIECE):
            piece = np.frombuffer(low, np.uint8, min(_PIECE + _GRAM - 1, len(low) - start), start).astype(np.uint32)
            if len(piece) < _GRAM:
                continue
            grams: NDArray[np.uint32] = piece[:-3] | piece[1:-2] << _ONE | piece[2:-1] << _TWO | piece[3:] << _THREE
            for place in np.flatnonzero(self._table[_slots(grams)]).tolist():
                at = start + place
                for offset, needle in self._by_gram.get(low[at : at + _GRAM], ()):
                    if at >= offset and low.startswith(needle.pattern, at - offset):
                        yield needle


def _slots(grams: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return (grams * _FACTOR) >> np.uint32(32 - _BITS)


def _telling(pattern: bytes) -> int:
    """Where the four bytes begin that stand least often in other texts."""
    places = range(len(pattern) - _GRAM + 1)
    return min(
        places,
        key=lambda place: (
            sum(byte in _USUAL for byte in pattern[place : place + _GRAM]),
            -len(set(pattern[place : place + _GRAM])),
        ),
    )
