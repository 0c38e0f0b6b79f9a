"""How a retailer's file differs from ours: its column names, its words, its numbers; told by a TOML file or options."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from policies.errors import Misconfigured
from server.importing.cells import Reading
from server.importing.columns import AS_OF, COLUMNS, PLACED, Column, Kind

_EXAMPLE: Final = "server/README.md shows one."


class FileWays(BaseModel):
    """One file's ways.

    Attributes:
        columns: Our name to the file's.
        values: By column of ours, the file's word to ours, such as `{"location": {"Shop 5": "STORE_5"}}`.
        renamed: Old sku to the present one; several old ones may have been merged.
        units: By the file's sku, how many of our units one of it is: 12 where the file counts dozens.
        delimiter: Between cells; "": found out.
        encoding: Of the text.
        decimal: `.` or `,`; "": each number has to say it by itself.
        timezone: Of times without an offset; "": their location's.
        time_format: As `strptime` takes it; "": ISO 8601.
        currency: Of rows that name none; "": the chain's.
        location: Of rows that name none.
        as_of: Of rows that do not say as of when they are true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    renamed: dict[str, str] = Field(default_factory=dict)
    units: dict[str, int] = Field(default_factory=dict)
    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    decimal: Literal["", ".", ","] = ""
    timezone: str = ""
    time_format: str = ""
    currency: str = Field(default="", pattern=r"^$|^[A-Z]{3}$")
    location: str = ""
    as_of: AwareDatetime | None = None

    def reading(self) -> Reading:
        """For its cells.

        Raises:
            Misconfigured: There is no such time zone.
        """
        try:
            zone = ZoneInfo(self.timezone) if self.timezone else None
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise _wrong(
                "timezone", "is no time zone; write one like Europe/Berlin, or UTC for files written in UTC"
            ) from error
        return Reading(self.decimal, zone, self.time_format, self.values)

    def name_in_file(self, ours: str) -> str:
        """What the file calls a column of ours."""
        return self.columns.get(ours, ours)

    def columns_of(self, kind: Kind, header: Sequence[str]) -> dict[str, int]:
        """Where in the file's header our columns are.

        Raises:
            Misconfigured: A column that is needed is missing, stands there twice, or is mapped and is no column.
        """
        ours = {column.name: column for column in COLUMNS[kind]}
        for name in [*self.columns, *self.values]:
            if name not in ours:
                raise _wrong("columns", f"names {name}, which is no column of {kind}; there are {', '.join(ours)}")
        found: dict[str, int] = {}
        for name, column in ours.items():
            theirs = self.name_in_file(name)
            places = [place for place, told in enumerate(header) if told == theirs]
            if len(places) > 1:
                raise Misconfigured(
                    f"The column {theirs} stands in the header {len(places)} times.",
                    code="import.header",
                    hint="Which one counts? Rename the others in the file, or map another column.",
                )
            if places:
                found[name] = places[0]
            elif name in self.columns or (column.needed and not self._said(column)):
                raise Misconfigured(
                    f"The file has no column {theirs}; it has {_listed(header)}.",
                    code="import.column",
                    hint=f"Say --column {name}=NAME, as the file calls it; `tillhand import columns {kind}` lists all.",
                )
        if kind is Kind.CUSTOMERS and not found.keys() & {"loyalty_id", "phone", "email"}:
            raise Misconfigured(
                f"The file has no identifier of customers; it has {_listed(header)}.",
                code="import.column",
                hint="It needs loyalty_id, phone or email; --column phone=NAME tells what the file calls it.",
            )
        return found

    def canonical(self) -> str:
        """The same text for the same mapping."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    def _said(self, column: Column) -> bool:
        return bool((column.name in AS_OF and self.as_of) or (column.name in PLACED and self.location))


def read_ways(file: Path | None, options: Mapping[str, Any], columns: Sequence[str], now: datetime) -> FileWays:
    """What the operator told of a file: the TOML file, and options over it.

    Args:
        file: TOML with the fields of `FileWays`; none: options alone.
        options: By field; "" and `None` say nothing.
        columns: Such as `order=Bestellnummer`.
        now: `as_of` must not lie after it.

    Raises:
        Misconfigured: It does not parse, or says something unknown.
    """
    told: dict[str, Any] = {}
    if file is not None:
        try:
            told = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Misconfigured(
                f"{file} is not a mapping that can be read.", code="import.mapping", hint=_EXAMPLE
            ) from error
    told |= {name: value for name, value in options.items() if value not in {"", None}}
    named = dict(told.get("columns", {}))
    for pair in columns:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise _wrong("--column", "is written OURS=THEIRS")
        named[ours] = theirs
    try:
        mapping = FileWays.model_validate({**told, "columns": named})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise _wrong(".".join(map(str, first["loc"])), f"is not understood: {first['msg']}") from None
    if any(each <= 0 for each in mapping.units.values()):
        raise _wrong("units", "counts units, one or more")
    if mapping.as_of and mapping.as_of.astimezone(UTC) > now:
        raise _wrong("as_of", "lies in the future")
    return mapping


def _wrong(name: str, what: str) -> Misconfigured:
    return Misconfigured(f"{name} {what}.", code="import.mapping", hint=_EXAMPLE)


def _listed(header: Sequence[str]) -> str:
    """A header as told: names of columns, unless the first row is none and holds somebody's data."""
    if len(header) <= 1:
        return "one column only, so the delimiter is another one or the header is missing"
    return ", ".join(name[:40] for name in header[:40])
