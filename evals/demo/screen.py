"""What whoever watches sees: bars below a feed on a terminal, plain lines everywhere else."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from evals.demo.feed import Mark
from evals.retailer.places import EASTERN

_MARKS: Final[dict[Mark, tuple[str, str]]] = {
    "done": ("green", "yes"),
    "waits": ("yellow", "ask"),
    "refused": ("red", "no "),
    "answered": ("cyan", "ans"),
}
_PLAIN_EVERY: Final = 10  # percent


class Screen:
    """Shows how far the day and the first fill are, and what is decided meanwhile."""

    def __init__(self, console: Console, bars: Progress | None, steps: int) -> None:
        self._console = console
        self._bars = bars
        self._steps = steps
        self._clock = "     "
        self._shown = -_PLAIN_EVERY
        self._day: TaskID | None = None
        self._fill: TaskID | None = None

    def say(self, sentence: str) -> None:
        """Something begins."""
        self._console.print(f"[dim]{escape(sentence)}[/]", highlight=False)

    def decided(self, mark: Mark, sentence: str) -> None:
        """One line of the feed."""
        color, word = _MARKS[mark]
        line = f"[dim]{self._clock}[/] [{color}]{word}[/] {escape(sentence)}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def step(self, done: int, at: datetime) -> None:
        """The day goes on; `at` is what the clock in New York shows."""
        self._clock = f"{at.astimezone(ZoneInfo(EASTERN)):%H:%M}"
        if self._bars is not None:
            if self._day is None:
                self._day = self._bars.add_task("the day", total=self._steps, clock="")
            self._bars.update(self._day, completed=done, clock=self._clock)
        elif done * 100 // self._steps >= self._shown + _PLAIN_EVERY:
            self._shown = done * 100 // self._steps
            self._console.print(f"{self._clock} the day: {done} of {self._steps} steps", highlight=False)

    def filled(self, read: int, total: int) -> None:
        """The first fill goes on."""
        if self._bars is not None:
            if self._fill is None:
                self._fill = self._bars.add_task("first fill", total=total, clock="")
            self._bars.update(self._fill, completed=read, total=total)


@contextmanager
def screen(console: Console, steps: int) -> Generator[Screen]:
    """The screen while the block runs."""
    if not console.is_terminal:
        yield Screen(console, None, steps)
        return
    columns = (
        TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[clock]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bars:
        yield Screen(bars.console, bars, steps)
