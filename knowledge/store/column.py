"""A list as PostgreSQL reads an array: a burst is written a column at a time, and most of its cost was spelling these.

psycopg looks at every element by itself; here a column of one kind is joined as a whole. What is spelled is the same.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from psycopg.abc import AdaptContext, Buffer, DumperKey
from psycopg.adapt import Dumper, PyFormat
from psycopg.errors import DataError
from psycopg.types.array import ListBinaryDumper

_ESCAPED: Final = re.compile(r'(["\\])')
_NOTHING: Final = "NULL"


class ColumnDumper(Dumper):
    """Spells lists of whole numbers, floats, truths, texts, dates and times, `None` among them; psycopg all others.

    The type of the array is left open, for the statement says it (`CAST(:skus AS text[])`): a column of small numbers
    and one of large numbers are then one prepared statement.

    Raises:
        DataError: A text has a zero character in it, which PostgreSQL cannot keep.
    """

    def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self._others = ListBinaryDumper(cls, context)
        self._spell: Callable[[Sequence[Any]], str] = _plain

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002  # so psycopg names it
        """Columns of one kind share a dumper."""
        kind = _kind(obj)
        return self._others.get_key(obj, format) if kind is None else (self.cls, kind)

    def upgrade(self, obj: list[Any], format: PyFormat) -> Dumper:  # noqa: A002
        """The dumper of this kind of column."""
        kind = _kind(obj)
        if kind is None:
            return self._others.upgrade(obj, format)
        found = ColumnDumper(self.cls)
        found._spell = _SPELL[kind]
        return found

    def dump(self, obj: list[Any]) -> Buffer:
        """The array's text."""
        return f"{{{self._spell(obj)}}}".encode() if obj else b"{}"


def _kind(column: list[Any]) -> type | None:
    kinds = {*map(type, column)} - {type(None)}
    if not kinds:
        return type(None)
    kind = kinds.pop()
    return kind if not kinds and kind in _SPELL else None


def _plain(column: Sequence[Any]) -> str:
    return ",".join([_NOTHING if each is None else str(each) for each in column])


def _quoted(column: Sequence[Any]) -> str:
    return ",".join([_NOTHING if each is None else f'"{each}"' for each in column])


def _texts(column: Sequence[str | None]) -> str:
    spelled = _quoted(column)
    if "\0" in spelled:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    # two marks an element are ours; where there are more, or a backslash, each text is looked at
    if "\\" in spelled or spelled.count('"') != 2 * (len(column) - column.count(None)):
        return _quoted([None if each is None else _ESCAPED.sub(r"\\\1", each) for each in column])
    return spelled


_SPELL: Final[dict[type, Callable[[Sequence[Any]], str]]] = {
    type(None): _plain,
    bool: _plain,
    int: _plain,
    float: _plain,
    str: _texts,
    date: _quoted,
    datetime: _quoted,
}
