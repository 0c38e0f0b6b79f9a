"""Cells of a row as values: exact, or not at all. What may be meant in two ways is refused and not guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from policies.errors import Refused
from policies.vocabulary.money import Money, exponent

_YES: Final = frozenset({"1", "true", "yes", "y", "t"})
_NO: Final = frozenset({"0", "false", "no", "n", "f"})
_PLAIN: Final = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)
_NOON: Final = time(12)
_DEAREST: Final = 10**11  # minor units, a billion dollars: more is a number in the wrong column
_LONGEST: Final = 2_000  # characters of a description; nothing else comes near


class BadRow(Exception):  # as our other errors
    """A row that cannot be taken.

    Attributes:
        code: Why, as `server.importing.rejects` words it.
        column: Ours, or "" when it is the row as a whole. Its value is never told: it may be a customer's.
    """

    def __init__(self, code: str, column: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.column = column


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file writes things.

    Attributes:
        decimal: `.` or `,`; "" when each amount has to say it by itself.
        zone: Of times without an offset; `None`: that of the row's location.
        time_format: As `strptime` takes it; "": ISO 8601.
        values: By column, what the file's own words mean.
    """

    decimal: str = ""
    zone: tzinfo | None = None
    time_format: str = ""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(slots=True)
class Cells:
    """One row's cells by our column names: text from CSV, any of Arrow's values from Parquet."""

    told: Mapping[str, Any]
    reading: Reading

    def text(self, name: str, longest: int = 200) -> str:
        """A text, trimmed, in our words where the file has its own; "" when there is none."""
        value = self.told.get(name)
        if value is None:
            return ""
        found = value.strip() if isinstance(value, str) else str(value)
        if meant := self.reading.values.get(name):
            found = meant.get(found, found)
        if len(found) > longest:
            raise BadRow("cell.long", name)
        return found

    def needed(self, name: str, longest: int = 200) -> str:
        """A text that has to be there."""
        found = self.text(name, longest)
        if not found:
            raise BadRow("cell.missing", name)
        return found

    def long_text(self, name: str) -> str:
        """A text that may be long."""
        return self.text(name, _LONGEST)

    def amount(self, name: str, currency: str) -> int | None:
        """Minor units."""
        value = self.told.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, float | int) and not isinstance(value, bool):
            value = repr(value)  # the shortest decimal form of a double is the price that was meant
        try:
            found = _minor(str(value), self.reading.decimal, currency)
        except BadRow as bad:
            raise BadRow(bad.code, name) from None
        if abs(found) > _DEAREST:
            raise BadRow("cell.large", name)
        return found

    def count(self, name: str) -> int | None:
        """Whole units."""
        value = self.told.get(name)
        if value is None or value == "":
            return None
        try:
            found = Decimal(_number(str(value), self.reading.decimal, 0))
        except (BadRow, InvalidOperation) as bad:
            raise BadRow(bad.code if isinstance(bad, BadRow) else "cell.number", name) from None
        if found != found.to_integral_value():
            raise BadRow("cell.whole", name)
        if abs(found) > 1_000_000:  # noqa: PLR2004  # as events have it
            raise BadRow("cell.large", name)
        return int(found)

    def flag(self, name: str) -> bool | None:
        """Yes or no."""
        value = self.told.get(name)
        if isinstance(value, bool):
            return value
        found = self.text(name).casefold()
        if not found:
            return None
        if found not in _YES | _NO:
            raise BadRow("cell.flag", name)
        return found in _YES

    def day(self, name: str) -> date:
        """A day of the calendar that has to be there."""
        found = self.moment(name)
        if found is None:
            raise BadRow("cell.missing", name)
        return found.astimezone(self.reading.zone or UTC).date()

    def moment(self, name: str, zone: tzinfo = UTC) -> datetime | None:
        """Aware UTC; a day alone is its noon, so that it stays the same day.

        Args:
            name: The column.
            zone: Of a time without an offset, unless the file's own is known.
        """
        value = self.told.get(name)
        if value is None or value == "":
            return None
        try:
            found = value if isinstance(value, date) else _read_moment(str(value).strip(), self.reading.time_format)
        except ValueError:
            raise BadRow("cell.time", name) from None
        if not isinstance(found, datetime):
            found = datetime.combine(found, _NOON)
        try:
            if found.tzinfo is None:
                found = found.replace(tzinfo=self.reading.zone or zone)
            return found.astimezone(UTC)
        except OverflowError:
            raise BadRow("cell.time", name) from None


def _read_moment(text: str, shape: str) -> date:
    if shape:
        found = datetime.strptime(text, shape)  # noqa: DTZ007  # its zone is the file's or the location's
        return found if any(sign in shape for sign in ("%H", "%I", "%X", "%c")) else found.date()
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)  # noqa: PLR2004


@lru_cache(maxsize=50_000)
def _minor(text: str, decimal: str, currency: str) -> int:
    plain = _number(text, decimal, exponent(currency))
    try:
        return Money.parse(plain, currency).minor
    except Refused:
        raise BadRow("cell.fine" if _PLAIN.fullmatch(plain) else "cell.number") from None


def _number(text: str, decimal: str, decimals: int) -> str:
    """A number as Python writes it, from one with either decimal sign and with or without groups."""
    text = text.strip().replace("\u00a0", " ")
    if decimal == ",":
        if "." in text and not _GROUPED.fullmatch(text):
            raise BadRow("cell.number")
        text = re.sub(r"[.' ]", "", text).replace(",", ".")
    elif decimal == ".":
        if "," in text and not _GROUPED.fullmatch(text):
            raise BadRow("cell.number")
        text = re.sub(r"[,' ]", "", text)
    elif not _PLAIN.fullmatch(text):
        text = _undecided(text, decimals)
    if not _PLAIN.fullmatch(text) and not re.fullmatch(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+", text):
        raise BadRow("cell.number")
    return text


def _undecided(text: str, decimals: int) -> str:
    """A number with commas, in a file that does not say what they mean: read only where it can mean one thing."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0:
        if not _GROUPED.fullmatch(text):
            raise BadRow("cell.number")
        return text.replace("'", "").replace(" ", "")
    if point >= 0:  # both: the last one is the decimal sign, and groups have to be groups
        if not _GROUPED.fullmatch(text):
            raise BadRow("cell.number")
        return text.replace(".", "").replace(",", ".") if comma > point else text.replace(",", "")
    after = len(text) - comma - 1
    if text.count(",") == 1 and 0 < after <= decimals and after != 3:  # noqa: PLR2004  # 1,234 may be a thousand
        return text.replace(",", ".")
    raise BadRow("cell.ambiguous")
