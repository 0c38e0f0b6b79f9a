"""What an import tells of itself while it runs and when it is done."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from server.importing.bookmark import Bookmark
from server.importing.rejects import reason

_FIRST = 10  # rejected rows told at once; all are in the file


@dataclass(frozen=True, slots=True)
class Standing:
    """How far it is.

    Attributes:
        total: Rows there are, at most; 0 while nobody knows.
        per_second: Rows read by this run, per second.
        left_s: Seconds it will still take at that rate; `None` while nobody knows.
    """

    kind: str
    rows: int
    total: int
    per_second: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not taken."""

    line: str
    column: str
    code: str

    @property
    def reason(self) -> str:
        """In a sentence."""
        return reason(self.code)


@dataclass(slots=True)
class Report:
    """What an import came to.

    Attributes:
        kind: What was imported.
        dry: Nothing was changed: it says what would have been.
        taken: Rows that told something new.
        known: Rows that told what was known.
        rejects: How many rows were rejected for each reason.
        first: The first rejected ones.
        gone_on_from: Rows an earlier run had read.
        before: It had been imported whole before; nothing was read.
    """

    kind: str
    dry: bool = False
    rows: int = 0
    taken: int = 0
    known: int = 0
    rejected: int = 0
    rejects: Counter[str] = field(default_factory=Counter[str])
    first: list[Rejected] = field(default_factory=list[Rejected])
    gone_on_from: int = 0
    before: bool = False
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list[str])

    def reject(self, line: int | str, column: str, code: str) -> None:
        """Count one row that was not taken."""
        self.rejects[code] += 1
        if len(self.first) < _FIRST:
            self.first.append(Rejected(str(line), column, code))

    def counted(self, bookmark: Bookmark) -> None:
        """Take over the counts of an import and all its runs."""
        self.rows, self.taken = bookmark.rows, bookmark.taken
        self.known, self.rejected = bookmark.known, bookmark.rejected

    @property
    def exit_code(self) -> int:
        """0: all rows; 3: some were rejected; 1: nothing could be taken."""
        if not (self.taken or self.known):
            return 1
        return 3 if self.rejected else 0


Watch = Callable[[Standing], None]


@dataclass(slots=True)
class Pace:
    """Rows per second of this run."""

    kind: str
    total: int
    start: int
    began: float = field(default_factory=monotonic)

    def at(self, rows: int) -> Standing:
        """The standing after so many rows of the whole import."""
        took = max(monotonic() - self.began, 1e-9)
        rate = (rows - self.start) / took
        left = (self.total - rows) / rate if self.total and rate else None
        return Standing(self.kind, rows, self.total, rate, left)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return monotonic() - self.began
