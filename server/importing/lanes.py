"""Files of the retailer's own figures for moving goods: `lanes` between locations, and `packs` of articles.

They are what planning looks at, not history: a row takes the place of what was said of the same lane or article before,
and what a file does not name stays as it is. A broken row is told by line and reason, and the rest is taken.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from knowledge.planning.lanes import ANY, Lane
from policies.errors import Misconfigured
from server.importing.rejects import reason

What = Literal["lanes", "packs"]
COLUMNS: Final[Mapping[What, Mapping[str, str]]] = {
    "lanes": {
        "from": "a location's code; * for any",
        "to": "the same; a location to itself says in packs how many it handles a day",
        "cost_minor": "of one pack, in the currency's smallest unit",
        "packs": "the lane takes a night",
        "lead_days": "from one to the other",
        "forbidden": "yes or no",
    },
    "packs": {"sku": "as the catalog has it", "units": "in one pack"},
}
_NEEDED: Final[Mapping[What, tuple[str, ...]]] = {"lanes": ("from", "to"), "packs": ("sku", "units")}
_FLAGS: Final[Mapping[str, bool | None]] = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False,
                                            "0": False}  # fmt: skip
_DEAREST: Final = 10**9  # minor units
_LARGEST: Final = 100_000  # packs, or units in one
_LONGEST: Final = 60  # days: no transfer takes longer


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken; never with what it says."""

    line: int
    column: str
    code: str

    @property
    def reason(self) -> str:
        """In a sentence."""
        return reason(self.code)


@dataclass(slots=True)
class Told:
    """What a file says, and what of it was not taken."""

    rows: int = 0
    lanes: dict[tuple[str, str], Lane] = field(default_factory=dict[tuple[str, str], Lane])
    packs: dict[str, int] = field(default_factory=dict[str, int])
    rejected: list[Rejected] = field(default_factory=list[Rejected])


class _BadCellError(Exception):
    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.column, self.code = column, code


def read_told(file: Path, what: What, locations: AbstractSet[str], skus: AbstractSet[str]) -> Told:
    """A file of `lanes` or `packs`.

    Args:
        file: CSV with a header; UTF-8.
        what: Which of the two.
        locations: Codes there are.
        skus: Those of the catalog.

    Raises:
        Misconfigured: It cannot be read, or its header does not fit (`import.file`, `import.columns`).
    """
    told = Told()
    for line, cells in _rows(file, what):
        told.rows += 1
        if cells is None:
            told.rejected.append(Rejected(line, "", "row.columns"))
            continue
        try:
            if what == "lanes":
                _lane(told, cells, locations)
            else:
                _pack(told, cells, skus)
        except _BadCellError as error:
            told.rejected.append(Rejected(line, error.column, error.code))
    return told


def _lane(told: Told, cells: Mapping[str, str], locations: AbstractSet[str]) -> None:
    ends = [_cell(cells, column) for column in ("from", "to")]
    for column, end in zip(("from", "to"), ends, strict=True):
        if end != ANY and end not in locations:
            raise _BadCellError(column, "location.unknown" if end else "cell.missing")
    way = (ends[0], ends[1])
    cost = _number(cells, "cost_minor", _DEAREST)
    packs = _number(cells, "packs", _LARGEST)
    lead = _number(cells, "lead_days", _LONGEST)
    flag = _cell(cells, "forbidden").lower()
    if flag not in _FLAGS:
        raise _BadCellError("forbidden", "cell.flag")
    if way[0] == way[1] != ANY and (cost, lead, _FLAGS[flag]) != (None, None, None):
        raise _BadCellError("to", "lane.itself")
    if way in told.lanes:
        raise _BadCellError("to", "lane.double")
    told.lanes[way] = Lane(*way, cost, packs, lead, _FLAGS[flag])


def _pack(told: Told, cells: Mapping[str, str], skus: AbstractSet[str]) -> None:
    sku, units = _cell(cells, "sku"), _number(cells, "units", _LARGEST)
    if sku not in skus:
        raise _BadCellError("sku", "sku.unknown" if sku else "cell.missing")
    if not units:
        raise _BadCellError("units", "cell.missing" if units is None else "pack.empty")
    if sku in told.packs:
        raise _BadCellError("sku", "pack.double")
    told.packs[sku] = units


def _cell(cells: Mapping[str, str], column: str) -> str:
    return cells.get(column, "").strip()


def _number(cells: Mapping[str, str], column: str, most: int) -> int | None:
    typed = _cell(cells, column)
    if not typed:
        return None
    if not typed.isascii() or not typed.removeprefix("-").isdigit():
        raise _BadCellError(column, "cell.whole")
    if typed.startswith("-"):
        raise _BadCellError(column, "cell.negative")
    if len(typed) > len(str(most)) or int(typed) > most:
        raise _BadCellError(column, "cell.large")
    return int(typed)


def _rows(file: Path, what: What) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each row with its line; `None` for one that has more or fewer cells than the header."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [cell.strip() for cell in next(reader, list[str]())]
            _check(file, what, header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    whole = len(cells) == len(header)
                    yield reader.line_num, dict(zip(header, cells, strict=True)) if whole else None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(
            f"{file} cannot be read.", code="import.file", hint="It is a CSV file in UTF-8 with a header."
        ) from error


def _check(file: Path, what: What, header: Sequence[str]) -> None:
    known: Callable[[str], bool] = COLUMNS[what].__contains__
    strange = [name for name in header if not known(name)]
    missing = [name for name in _NEEDED[what] if name not in header]
    if strange or missing or len(set(header)) < len(header):
        raise Misconfigured(
            f"The header of {file} does not fit: "
            + (
                f"{strange[0]!r} is no column."
                if strange
                else f"{', '.join(missing) or 'a column'} is missing or twice."
            ),
            code="import.columns",
            hint=f"The columns are {', '.join(COLUMNS[what])}; needed are {', '.join(_NEEDED[what])}.",
        )
